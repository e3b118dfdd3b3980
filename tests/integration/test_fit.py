"""`molgfn fit` as a user types it: runs, resumes, and refuses with a reason."""

import os
import pickle
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
import torch

from molgfn.cli.main import main
from molgfn.module import GFlowNet

CONFIG = """\
seed_everything: 3
trainer:
  max_steps: 150
  log_every_n_steps: 1
  accelerator: cpu
  enable_progress_bar: false
  val_check_interval: 7
  logger:
    class_path: pytorch_lightning.loggers.CSVLogger
    init_args: {save_dir: ROOT, name: logs, flush_logs_every_n_steps: 1}
  default_root_dir: ROOT
  callbacks:
  - class_path: pytorch_lightning.callbacks.ModelCheckpoint
    init_args:
      dirpath: ROOT/checkpoints
      filename: '{step}'
      save_last: true
      every_n_train_steps: 5
      save_on_exception: true
model:
  environment:
    class_path: molgfn.envs.fragments.FragmentEnvironment
    init_args: {vocabulary: VOCABULARY, max_fragments: 4}
  policy:
    class_path: molgfn.policies.fragments.FragmentTransformer
    init_args: {width: 16, num_layers: 1, max_beta: 16}
  objective:
    class_path: molgfn.objectives.trajectory_balance.TrajectoryBalance
    init_args: {max_beta: 16}
  exploration: molgfn.exploration.EMASampler
  reward: molgfn.rewards.properties.QED
  beta: [4, 16]
  half_life: 10
data: {batch_size: 8, num_validation_batches: 1}
"""
"""Everything that has a state: optimizer, schedule, moving average, beta drawn per trajectory."""

VOCABULARY = """\
name: small
version: '1'
source: made by hand
licence: MIT
fragments:
- {name: benzene, smiles: c1ccccc1, sites: [0, 1, 2, 3, 4, 5]}
- {name: amide, smiles: NC=O, sites: [0, 1]}
- {name: methyl, smiles: C, sites: [0]}
- {name: piperazine, smiles: C1CNCCN1, sites: [2, 5]}
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "small.yaml").write_text(VOCABULARY)
    return write_config(tmp_path, tmp_path / "run")


def write_config(folder: Path, root: Path, vocabulary: str = "small.yaml") -> Path:
    path = folder / f"{root.name}.yaml"
    text = CONFIG.replace("ROOT", str(root)).replace("VOCABULARY", str(folder / vocabulary))
    path.write_text(text)
    return path


def command(*args: str | Path) -> list[str]:
    return [sys.executable, "-m", "molgfn", *map(str, args)]


def losses(root: Path) -> pd.Series:
    """Loss of each step, the last run that logged it speaking."""
    files = sorted(root.glob("logs/version_*/metrics.csv"))
    table = pd.concat([pd.read_csv(file) for file in files]).dropna(subset="loss")
    return table.drop_duplicates("step", keep="last").set_index("step")["loss"].sort_index()


def start_and_signal(config: Path, root: Path, sent: signal.Signals) -> int:
    """Start a run, wait for its first checkpoint, send a signal, return the exit code."""
    process = subprocess.Popen(command("fit", "-c", config))
    deadline = time.monotonic() + 120
    while not (root / "checkpoints" / "last.ckpt").exists():
        assert process.poll() is None, "the run ended before its first checkpoint"
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(sent)
    return process.wait(timeout=60)


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> pd.Series:
    folder = tmp_path_factory.mktemp("uninterrupted")
    (folder / "small.yaml").write_text(VOCABULARY)
    assert main(["fit", "-c", str(write_config(folder, folder / "run"))]) == 0
    found = losses(folder / "run")
    assert found.index.tolist() == list(range(150))
    return found


def test_equal_seeds_give_equal_runs(
    config: Path, tmp_path: Path, uninterrupted: pd.Series
) -> None:
    assert main(["fit", "-c", str(config)]) == 0
    pd.testing.assert_series_equal(losses(tmp_path / "run"), uninterrupted, rtol=1e-6)


def test_another_seed_gives_another_run(
    config: Path, tmp_path: Path, uninterrupted: pd.Series
) -> None:
    assert main(["fit", "-c", str(config), "--seed_everything", "4"]) == 0
    assert (losses(tmp_path / "run") - uninterrupted).abs().min() > 1e-6


@pytest.mark.slow
def test_a_killed_run_resumes_with_the_losses_of_the_uninterrupted_one(
    config: Path, tmp_path: Path, uninterrupted: pd.Series
) -> None:
    root = tmp_path / "run"
    assert start_and_signal(config, root, signal.SIGKILL) == -signal.SIGKILL
    last = root / "checkpoints" / "last.ckpt"
    step = torch.load(last, weights_only=True)["global_step"]
    assert step < 150
    resume = command("fit", "-c", config, "--ckpt_path", last)
    assert subprocess.run(resume, check=False).returncode == 0
    found = losses(root)
    # a row of the log may be lost with the process, but no step of training is
    assert found.loc[step:].index.tolist() == list(range(step, 150))
    pd.testing.assert_series_equal(found, uninterrupted[found.index], rtol=1e-6)


@pytest.mark.slow
def test_sigterm_saves_before_the_run_ends(config: Path, tmp_path: Path) -> None:
    root = tmp_path / "run"
    code = start_and_signal(config, root, signal.SIGTERM)
    assert code == 128 + signal.SIGTERM
    checkpoint = torch.load(root / "checkpoints" / "last.ckpt", weights_only=True)
    logged = losses(root).index.max() + 1
    assert checkpoint["global_step"] == logged


@pytest.mark.slow
def test_a_full_disk_leaves_the_last_good_checkpoint(config: Path, tmp_path: Path) -> None:
    root = tmp_path / "run"
    assert main(["fit", "-c", str(config), "--trainer.max_steps", "10"]) == 0
    last = root / "checkpoints" / "last.ckpt"
    before = last.read_bytes()

    def small_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) // 2, len(before) // 2))

    resume = command("fit", "-c", config, "--ckpt_path", last)
    result = subprocess.run(
        resume, preexec_fn=small_files, capture_output=True, text=True, check=False
    )
    assert result.returncode == 1
    assert "molgfn: error:" in result.stderr
    assert "File too large" in result.stderr
    assert last.read_bytes() == before
    assert GFlowNet.load_from_checkpoint(last).num_batches == 10


def test_a_module_comes_back_from_its_checkpoint_alone(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["fit", "-c", str(config), "--trainer.max_steps", "5"]) == 0
    monkeypatch.chdir("/")
    last = tmp_path / "run" / "checkpoints" / "last.ckpt"
    module = GFlowNet.load_from_checkpoint(last)
    assert module.beta_range == (4.0, 16.0)
    saved = torch.load(last, weights_only=True)["state_dict"]
    assert saved.keys() == module.state_dict().keys()
    assert all(torch.equal(value, saved[key]) for key, value in module.state_dict().items())
    assert any(key.startswith("exploration.average.") for key in saved)


def test_what_was_typed_wins_over_the_checkpoint_and_is_said_aloud(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["fit", "-c", str(config), "--trainer.max_steps", "5"]) == 0
    last = tmp_path / "run" / "checkpoints" / "last.ckpt"
    again = ["fit", "-c", str(config), "--ckpt_path", str(last), "--trainer.max_steps", "6"]
    assert main([*again, "--model.half_life", "77", "--model.learning_rate", "0.05"]) == 0
    told = capsys.readouterr().err
    assert "model.half_life is 77 in this run and 10 in the checkpoint" in told
    assert "model.learning_rate is 0.05 in this run and 0.002 in the checkpoint" in told
    assert GFlowNet.load_from_checkpoint(last).hparams["half_life"] == 77
    optimizer = torch.load(last, weights_only=True)["optimizer_states"][0]
    assert optimizer["param_groups"][0]["lr"] == pytest.approx(0.05 * 0.5 ** (6 / 77))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--model.betta", "3"], "betta"),
        (["--data.batch_size", "many"], "data.batch_size"),
        (["--data.batch_size", "0"], "data.batch_size = 0"),
        (["--model.reward", "molgfn.rewards.Nothing"], "model.reward"),
        (["--model.beta", "[4, 2]"], "model.beta = [4.0, 2.0]"),
        (["--model.environment.min_fragments", "9"], "min_fragments = 9"),
        (["--model.environment.vocabulary", "nowhere.yaml"], "nowhere.yaml"),
        (["--model.learning_rate", "-1"], "model.learning_rate = -1.0"),
        (["--ckpt_path", "nowhere.ckpt"], "nowhere.ckpt"),
    ],
)
def test_a_wrong_option_is_named_in_one_line(
    config: Path, capsys: pytest.CaptureFixture[str], options: list[str], said: str
) -> None:
    assert main(["fit", "-c", str(config), *options]) != 0
    error = capsys.readouterr().err
    assert "molgfn: error:" in error
    assert said in error
    assert "Traceback" not in error


def test_a_run_folder_that_holds_a_run_is_not_overwritten_unasked(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    five = ["fit", "-c", str(config), "--trainer.max_steps", "5"]
    assert main(five) == 0
    assert main(five) == 1
    assert "already holds a run" in capsys.readouterr().err
    assert main([*five, "--overwrite", "true"]) == 0


def test_a_run_that_replaces_another_leaves_its_own_checkpoints_alone(
    config: Path, tmp_path: Path
) -> None:
    run = ["fit", "-c", str(config), "--trainer.max_steps"]
    assert main([*run, "5"]) == 0
    (last,) = tmp_path.rglob("last.ckpt")
    old = {path.name for path in last.parent.iterdir()}
    (last.parents[1] / "quarantine.csv").write_text("of the old run\n")
    assert main([*run, "3", "--overwrite", "true"]) == 0
    assert {path.name for path in last.parent.iterdir()} <= old
    assert torch.load(last, weights_only=True)["global_step"] == 3
    assert not (last.parents[1] / "quarantine.csv").exists()


def test_a_mistake_in_a_run_that_replaces_another_costs_no_checkpoint(config: Path) -> None:
    run = ["fit", "-c", str(config), "--trainer.max_steps", "3"]
    assert main(run) == 0
    assert main([*run, "--overwrite", "true", "--model.learning_rate", "-1"]) != 0
    assert main(run) == 1  # there is a run still


def test_a_run_folder_that_cannot_be_made_is_an_error(
    tmp_path: Path, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("not a folder")
    inside = tmp_path / "file" / "run"
    assert main(["fit", "-c", str(config), "--trainer.default_root_dir", str(inside)]) == 1
    assert str(inside) in capsys.readouterr().err


class Evil:
    """Writes a file when unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("damage", ["truncated", "hostile", "no checkpoint"])
def test_a_bad_checkpoint_is_refused_and_executes_nothing(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], damage: str
) -> None:
    assert main(["fit", "-c", str(config), "--trainer.max_steps", "5"]) == 0
    last = tmp_path / "run" / "checkpoints" / "last.ckpt"
    bad = tmp_path / "bad.ckpt"
    if damage == "truncated":
        bad.write_bytes(last.read_bytes()[:-1000])
    elif damage == "hostile":
        bad.write_bytes(pickle.dumps({"state_dict": Evil(tmp_path / "executed")}))
    else:
        torch.save({"weights": torch.zeros(3)}, bad)
    assert main(["fit", "-c", str(config), "--ckpt_path", str(bad)]) == 1
    assert "bad.ckpt" in capsys.readouterr().err
    with pytest.raises(ValueError, match=r"bad\.ckpt"):
        GFlowNet.load_from_checkpoint(bad)
    assert not (tmp_path / "executed").exists()


def test_a_checkpoint_from_another_vocabulary_is_refused(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["fit", "-c", str(config), "--trainer.max_steps", "5"]) == 0
    last = tmp_path / "run" / "checkpoints" / "last.ckpt"
    (tmp_path / "other.yaml").write_text(VOCABULARY.replace("NC=O", "NC=S"))
    other = write_config(tmp_path, tmp_path / "elsewhere", "other.yaml")
    assert main(["fit", "-c", str(other), "--ckpt_path", str(last)]) == 1
    assert "from another environment" in capsys.readouterr().err


def test_a_checkpoint_of_another_policy_is_refused_in_one_line(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["fit", "-c", str(config), "--trainer.max_steps", "5"]) == 0
    last = tmp_path / "run" / "checkpoints" / "last.ckpt"
    again = ["fit", "-c", str(config), "--ckpt_path", str(last), "--model.policy.width", "32"]
    assert main(again) == 1
    told = capsys.readouterr().err
    assert "model.policy.width is 32 in this run and 16 in the checkpoint" in told
    assert "the checkpoint does not fit the model of this run" in told
