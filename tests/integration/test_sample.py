"""`molgfn sample` and `molgfn evaluate` on a small checkpoint, as a user types them."""

import json
import pickle
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from rdkit import Chem

import molgfn
from molgfn.cli.main import main
from molgfn.cli.stream import Stream
from tests.tiny import Picky, fit


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("run")
    fit(folder, []).save_checkpoint(folder / "last.ckpt")
    return str(folder / "last.ckpt")


@pytest.fixture(scope="module")
def picky(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("picky")
    fit(folder, [], reward=Picky()).save_checkpoint(folder / "last.ckpt")
    return str(folder / "last.ckpt")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def sample(checkpoint: str, *options: str) -> int:
    return main(["sample", "--checkpoint", checkpoint, "--device", "cpu", *options])


def evaluate(checkpoint: str, *options: str) -> int:
    return main(["evaluate", "--checkpoint", checkpoint, "--device", "cpu", *options])


def test_the_installed_command_writes_candidates(checkpoint: str) -> None:
    command = [sys.executable, "-m", "molgfn", "sample", "--checkpoint", checkpoint]
    result = subprocess.run(
        [*command, "--num", "20", "--output", "a.csv"], capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("20 molecules in a.csv, from 20 drawn; reward: mean 0.")
    assert "20/20" in result.stderr


def test_candidates_are_valid_and_the_best_come_first(checkpoint: str) -> None:
    assert sample(checkpoint, "--num", "30", "--output", "a.csv") == 0
    table = pd.read_csv("a.csv")
    assert len(table) == 30
    assert table.reward.is_monotonic_decreasing
    assert all(Chem.MolFromSmiles(smiles) is not None for smiles in table.smiles)
    assert table.reward.to_numpy() == pytest.approx(table.qed.to_numpy(), rel=1e-5)


def test_the_build_route_names_as_many_fragments_as_there_are(checkpoint: str) -> None:
    sample(checkpoint, "--num", "30", "--output", "a.csv")
    table = pd.read_csv("a.csv")
    assert list(table.fragments.str.count(r" \| ") + 1) == list(table.num_fragments)


def test_unique_candidates_are_different(checkpoint: str) -> None:
    assert sample(checkpoint, "--num", "30", "--unique", "--output", "a.csv") == 0
    table = pd.read_csv("a.csv")
    assert table.smiles.nunique() == table.id.nunique() == 30


def test_more_unique_candidates_than_exist_is_an_error_that_keeps_those_found(
    checkpoint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sample(checkpoint, "--num", "110", "--unique", "--output", "a.csv") == 1
    assert f"only {len(pd.read_csv('a.csv'))} of 110 molecules" in capsys.readouterr().err


def test_the_seed_decides_the_candidates(checkpoint: str, folder: Path) -> None:
    for name, seed in (("a", "1"), ("b", "1"), ("c", "2")):
        sample(checkpoint, "--num", "10", "--seed", seed, "--output", f"{name}.csv")
    first, again, other = ((folder / f"{name}.csv").read_text() for name in "abc")
    assert first == again != other


@pytest.mark.parametrize("suffix", [".csv", ".smi", ".sdf", ".parquet"])
def test_every_format_holds_every_candidate(checkpoint: str, suffix: str) -> None:
    path = f"a{suffix}"
    assert sample(checkpoint, "--num", "7", "--output", path) == 0
    readers = {
        ".csv": pd.read_csv,
        ".parquet": pd.read_parquet,
        ".smi": lambda name: Path(name).read_text().splitlines(),
        ".sdf": lambda name: [mol for mol in Chem.SDMolSupplier(name) if mol is not None],
    }
    assert len(readers[suffix](path)) == 7


def test_a_picture_is_drawn(checkpoint: str) -> None:
    assert sample(checkpoint, "--num", "7", "--output", "a.csv", "--picture", "a.png") == 0
    assert Image.open("a.png", formats=["PNG"]).width > 1000


def test_molecules_without_reward_are_quarantined_and_replaced(
    picky: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sample(picky, "--num", "30", "--output", "a.csv") == 0
    set_aside = pd.read_csv("a.quarantine.csv")
    assert len(pd.read_csv("a.csv")) == 30
    assert set(set_aside.reason) == {"holds fluorine"}
    assert set_aside.smiles.str.contains("F").all()
    assert f"{len(set_aside)} molecules have no reward" in capsys.readouterr().err


def test_a_time_limit_ends_the_drawing_and_resuming_goes_on(
    checkpoint: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    common = ("--batch-size", "16", "--output", "a.csv")
    assert sample(checkpoint, *common, "--num", "100000", "--max-seconds", "1.5") == 0
    assert "the time is over; --resume goes on from a.part.csv" in capsys.readouterr().err
    first = pd.read_csv("a.csv")
    assert 0 < len(first) < 100_000
    num = len(first) + 20
    assert sample(checkpoint, *common, "--num", str(num), "--resume") == 0
    sample(checkpoint, "--batch-size", "16", "--num", str(num), "--output", "whole.csv")
    assert (folder / "a.csv").read_bytes() == (folder / "whole.csv").read_bytes()
    assert not list(folder.glob("*.part.*"))


def test_no_time_at_all_is_an_error(checkpoint: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert sample(checkpoint, "--max-seconds", "0.001", "--output", "a.csv") == 1
    assert "nothing is written" in capsys.readouterr().err


def stop_after(monkeypatch: pytest.MonkeyPatch, batches: int) -> None:
    """Make every run end as if it were killed, after some batches."""
    append, left = Stream.append, [batches]

    def killed(self: Stream, *args: Any) -> None:
        append(self, *args)
        left[0] -= 1
        if not left[0]:
            raise KeyboardInterrupt

    monkeypatch.setattr(Stream, "append", killed)


@pytest.mark.parametrize("suffix", [".csv", ".smi", ".sdf", ".parquet"])
def test_an_interrupted_run_goes_on_to_the_same_file(
    picky: str, folder: Path, suffix: str, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--num", "40", "--batch-size", "16", "--unique")
    assert sample(picky, *options, "--output", f"whole{suffix}") == 0
    with pytest.MonkeyPatch.context() as patch:
        stop_after(patch, 2)
        assert sample(picky, *options, "--output", f"a{suffix}") == 130
    assert "those found so far are in a.part.csv; --resume goes on" in capsys.readouterr().err
    part = pd.read_csv("a.part.csv")
    assert part.draw.is_monotonic_increasing
    assert 0 < len(part) < 40
    assert sample(picky, *options, "--resume", "--output", f"a{suffix}") == 0
    for kind in (suffix, ".quarantine.csv"):
        assert (folder / f"a{kind}").read_bytes() == (folder / f"whole{kind}").read_bytes()
    assert not list(folder.glob("*.part.*"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "is of an interrupted run: go on with --resume, or drop it with --overwrite"),
        (["--resume", "--seed", "1"], "a.part.csv was begun with seed = 0, not 1"),
        (["--resume", "--temperature", "2"], "begun with temperature = 1.0, not 2.0"),
    ],
)
def test_an_interrupted_run_is_not_lost_or_mixed(
    checkpoint: str,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    message: str,
) -> None:
    stop_after(monkeypatch, 1)
    assert sample(checkpoint, "--num", "32", "--batch-size", "16", "--output", "a.csv") == 130
    part = (folder / "a.part.csv").read_bytes()
    capsys.readouterr()
    assert sample(checkpoint, "--num", "32", "--output", "a.csv", *options) == 1
    assert message in capsys.readouterr().err
    assert (folder / "a.part.csv").read_bytes() == part


def test_resuming_what_was_never_begun_begins_it(checkpoint: str) -> None:
    assert sample(checkpoint, "--num", "5", "--resume", "--output", "a.csv") == 0
    assert len(pd.read_csv("a.csv")) == 5


def test_resuming_a_run_that_had_found_only_failures_begins_it(
    checkpoint: str, folder: Path
) -> None:
    (folder / "a.quarantine.csv").write_text("draw,smiles,reason\n0,CF,holds fluorine\n")
    assert sample(checkpoint, "--num", "5", "--resume", "--output", "a.csv") == 0
    assert sorted(path.name for path in folder.iterdir()) == ["a.csv", "a.provenance.json"]


def test_resuming_for_fewer_candidates_gives_the_first_of_them(
    picky: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = ("--batch-size", "16")
    assert sample(picky, *options, "--num", "20", "--output", "whole.csv") == 0
    stop_after(monkeypatch, 3)
    assert sample(picky, *options, "--num", "100", "--output", "a.csv") == 130
    assert len(pd.read_csv("a.part.csv")) > 20
    assert sample(picky, *options, "--num", "20", "--resume", "--output", "a.csv") == 0
    for kind in (".csv", ".quarantine.csv"):
        assert (folder / f"a{kind}").read_bytes() == (folder / f"whole{kind}").read_bytes()


def test_an_output_folder_that_vanishes_is_one_line(
    checkpoint: str,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    append = Stream.append

    def vanish(self: Stream, *args: Any) -> None:
        append(self, *args)
        shutil.rmtree(folder / "out", ignore_errors=True)

    (folder / "out").mkdir()
    monkeypatch.setattr(Stream, "append", vanish)
    assert sample(checkpoint, "--num", "40", "--batch-size", "16", "--output", "out/a.csv") == 1
    assert "out/a.part.csv: No such file or directory" in capsys.readouterr().err


def test_a_low_temperature_draws_what_the_policy_finds_likely(checkpoint: str) -> None:
    for name, temperature in (("low", "0.2"), ("one", "1")):
        options = ("--num", "200", "--temperature", temperature, "--output", f"{name}.csv")
        assert sample(checkpoint, *options) == 0
    low, one = pd.read_csv("low.csv"), pd.read_csv("one.csv")
    assert low.smiles.nunique() < one.smiles.nunique()
    assert set(low.temperature) == {0.2}
    assert low.log_p.mean() > one.log_p.mean()


def test_log_p_sums_to_one_over_all_molecules(checkpoint: str) -> None:
    sample(checkpoint, "--num", "110", "--unique", "--output", "a.csv")
    total = np.exp(pd.read_csv("a.csv").log_p).sum()
    assert 0.9 < total < 1 + 1e-5


def test_log_p_may_be_left_out(checkpoint: str) -> None:
    assert sample(checkpoint, "--num", "5", "--no-log-p", "--output", "a.csv") == 0
    assert "log_p" not in pd.read_csv("a.csv")


def test_conformers_are_three_dimensional_and_those_without_are_counted(
    checkpoint: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sample(checkpoint, "--num", "7", "--conformers", "--output", "a.sdf") == 0
    assert all(mol.GetConformer().Is3D() for mol in Chem.SDMolSupplier("a.sdf"))
    monkeypatch.setattr("molgfn.chem.sdf.conformer", lambda mol: None)
    assert sample(checkpoint, "--num", "7", "--conformers", "--output", "b.sdf") == 0
    assert "7 of 7 molecules have no conformer, but 2D coordinates" in capsys.readouterr().err
    assert not any(mol.GetConformer().Is3D() for mol in Chem.SDMolSupplier("b.sdf"))


@pytest.mark.slow
def test_a_kill_leaves_a_valid_file_and_resuming_gives_the_uninterrupted_one(
    checkpoint: str, folder: Path
) -> None:
    command = [sys.executable, "-m", "molgfn", "sample", "--checkpoint", checkpoint]
    command += ["--device", "cpu", "--num", "1500", "--batch-size", "8"]
    part = folder / "a.part.csv"
    for rows in (20, 500):
        started = subprocess.Popen(
            [*command, "--resume", "--output", "a.csv"], stderr=subprocess.DEVNULL
        )
        while not part.exists() or part.read_bytes().count(b"\n") < rows:
            assert started.poll() is None
            time.sleep(0.01)
        started.kill()
        started.wait()
        table = pd.read_csv(part)
        assert len(table) >= rows - 1
        assert list(table.draw) == list(range(len(table)))
        assert table.scaffold.notna().any()
        assert not (folder / "a.csv").exists()
    subprocess.run([*command, "--resume", "--output", "a.csv"], check=True)
    subprocess.run([*command, "--output", "whole.csv"], check=True)
    assert (folder / "a.csv").read_bytes() == (folder / "whole.csv").read_bytes()
    assert not part.exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--output", "a.csv", "--conformers"], "--conformers is for .sdf files"),
        (["--output", "a.xlsx"], "unknown suffix"),
        (["--output", "missing/a.csv"], "does not exist"),
        (["--output", "full.csv"], "exists already"),
        (["--output", "a.csv", "--picture", "a.jpg"], "unknown suffix"),
        (["--output", "a.csv", "--beta", "3"], "was trained at beta = 1"),
    ],
)
def test_a_bad_option_is_one_line_and_writes_nothing(
    checkpoint: str,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    message: str,
) -> None:
    (folder / "full.csv").write_text("precious")
    assert sample(checkpoint, *options) == 1
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert [path.name for path in folder.iterdir()] == ["full.csv"]
    assert (folder / "full.csv").read_text() == "precious"


def test_overwriting_is_possible_on_demand(checkpoint: str, folder: Path) -> None:
    (folder / "a.csv").write_text("old")
    assert sample(checkpoint, "--num", "3", "--output", "a.csv", "--overwrite") == 0
    assert len(pd.read_csv("a.csv")) == 3


class Hostile:
    """What its reader would execute."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (open, ("executed", "w"))


@pytest.mark.parametrize("kind", ["missing", "empty", "truncated", "text", "hostile"])
def test_a_bad_checkpoint_is_one_line(
    checkpoint: str, folder: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    whole = Path(checkpoint).read_bytes()
    content = {
        "empty": b"",
        "truncated": whole[: len(whole) // 2],
        "text": b"not a checkpoint",
        "hostile": pickle.dumps(Hostile()),
    }
    if kind in content:
        (folder / "bad.ckpt").write_bytes(content[kind])
    assert sample("bad.ckpt", "--output", "a.csv") == 1
    error = capsys.readouterr().err
    assert "bad.ckpt" in error
    assert error.count("\n") == 1
    assert not (folder / "a.csv").exists()
    assert not (folder / "executed").exists()


@pytest.mark.parametrize("number", ["0", "-1", "many"])
def test_a_number_that_is_none_is_refused(
    checkpoint: str, capsys: pytest.CaptureFixture[str], number: str
) -> None:
    with pytest.raises(SystemExit, match="2"):
        sample(checkpoint, "--num", number, "--output", "a.csv")
    assert f"'{number}' is not a whole number from 1" in capsys.readouterr().err


def test_evaluation_writes_what_it_shows(
    checkpoint: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate(checkpoint, "--num", "300", "--output", "metrics.json") == 0
    metrics = json.loads((folder / "metrics.json").read_text())
    assert json.loads(capsys.readouterr().out) == metrics
    assert metrics["num_molecules"] == 300
    assert metrics["validity"] == 1.0
    assert 0 < metrics["uniqueness"] < 1
    assert metrics["component_means"]["qed"] == pytest.approx(metrics["reward_mean"], rel=1e-5)
    assert metrics["top_10_reward"] > metrics["reward_mean"]
    assert metrics["trajectories_per_second"] > 0
    assert (metrics["seed"], metrics["version"]) == (0, molgfn.__version__)
    assert metrics["target"] == "trees"
    assert isinstance(metrics["log_z"], float)


def test_evaluation_counts_molecules_without_reward_as_invalid(picky: str, folder: Path) -> None:
    assert evaluate(picky, "--num", "100", "--output", "metrics.json") == 0
    metrics = json.loads((folder / "metrics.json").read_text())
    assert 0 < metrics["validity"] < 1


def test_evaluation_refuses_another_suffix(
    checkpoint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate(checkpoint, "--output", "metrics.csv") == 1
    assert "accepted are .json" in capsys.readouterr().err
