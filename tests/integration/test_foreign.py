"""`molgfn fit` with scorers of the user's, as a user types it: they fail, the run does not."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
import torch

CONFIG = """\
seed_everything: 3
trainer:
  max_steps: 30
  log_every_n_steps: 1
  accelerator: cpu
  val_check_interval: 1000
  default_root_dir: run
  logger:
    class_path: pytorch_lightning.loggers.CSVLogger
    init_args: {save_dir: run, name: logs, flush_logs_every_n_steps: 1}
data: {batch_size: 16, num_validation_batches: 1}
model:
  environment:
    class_path: molgfn.envs.fragments.FragmentEnvironment
    init_args: {vocabulary: small.yaml, max_fragments: 4}
  policy:
    class_path: molgfn.policies.fragments.FragmentTransformer
    init_args: {width: 16, num_layers: 1}
  reward:
"""

VOCABULARY = """\
name: small
version: '1'
source: made by hand
licence: MIT
fragments:
- {name: benzene, smiles: c1ccccc1, sites: [0, 1, 2, 3, 4, 5]}
- {name: amide, smiles: NC=O, sites: [0, 1]}
- {name: piperazine, smiles: C1CNCCN1, sites: [2, 5]}
- {name: fluorine, smiles: F, sites: [0]}
"""

SCORERS = """\
import os, sys, time

def picky(smiles):
    print("noise on the screen")
    if any("F" in one for one in smiles):
        raise RuntimeError("holds fluorine")
    return [min(1, len(one) / 50) for one in smiles]

def deadly(smiles):
    os.write(1, b"noise on the screen")
    if any("F" in one for one in smiles):
        os.abort()
    return picky(smiles)

def never(smiles):
    raise OSError("the licence server is gone")

def slow(smiles):
    time.sleep(0.02)
    return [0.5] * len(smiles)
"""

PROGRAM = """\
import json, sys
for line in sys.stdin:
    smiles = line.strip()
    if "F" in smiles:
        sys.exit("holds fluorine")
    print(json.dumps({smiles: min(1, len(smiles) / 50)}), flush=True)
"""

FUNCTION = """\
    class_path: molgfn.rewards.function.Function
    init_args: {function: "own:NAME", name: mine}
"""
IN_WORKERS = """\
    class_path: molgfn.rewards.remembered.Remembered
    init_args:
      file: known.sqlite
      reward:
        class_path: molgfn.rewards.workers.Workers
        init_args:
          num_workers: 2
          reward:
            class_path: molgfn.rewards.function.Function
            init_args: {function: "own:NAME", name: mine}
"""
BY_PROGRAM = """\
    class_path: molgfn.rewards.program.Program
    init_args: {command: "PYTHON -S program.py", name: mine, timeout: 20}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in (("small.yaml", VOCABULARY), ("own.py", SCORERS), ("program.py", PROGRAM)):
        (tmp_path / name).write_text(text)
    return tmp_path


def start(folder: Path, reward: str, *options: str) -> "subprocess.Popen[str]":
    text = CONFIG + reward.replace("PYTHON", sys.executable)
    (folder / "config.yaml").write_text(text)
    return subprocess.Popen(
        [sys.executable, "-m", "molgfn", "fit", "-c", "config.yaml", *options],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def wait_for_checkpoint(process: "subprocess.Popen[str]", folder: Path) -> None:
    deadline = time.monotonic() + 120
    while not (folder / "run" / "checkpoints" / "last.ckpt").exists():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)


def left_in(session: int) -> list[str]:
    """Processes of a session, zombies that init has not fetched yet apart."""
    command = ["ps", "-s", str(session), "-o", "stat=,args="]
    told = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    return [line for line in told.splitlines() if line and line[0] != "Z"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("reward", "reason"),
    [
        (FUNCTION.replace("NAME", "picky"), "RuntimeError: holds fluorine"),
        (IN_WORKERS.replace("NAME", "deadly"), "killed its worker process: SIGABRT"),
        (BY_PROGRAM, "ended with exit code 1; it said: holds fluorine"),
    ],
    ids=["function", "workers", "program"],
)
def test_guilty_molecules_are_quarantined_and_the_run_goes_on(
    folder: Path, reward: str, reason: str
) -> None:
    process = start(folder, reward)
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    assert "noise" not in out + err
    assert "mine" in pd.read_csv(folder / "run" / "best_molecules.csv").columns
    quarantined = pd.read_csv(folder / "run" / "quarantine.csv")
    assert quarantined.object.str.contains("F").all()
    assert set(quarantined.reason) == {reason}
    metrics = pd.concat(map(pd.read_csv, folder.glob("run/logs/*/metrics.csv")))
    assert metrics["sample/mine_score_mean"].notna().any()
    assert left_in(process.pid) == []


@pytest.mark.slow
def test_a_reward_that_never_works_ends_the_run_in_one_line(folder: Path) -> None:
    process = start(folder, FUNCTION.replace("NAME", "never"), "--trainer.max_steps", "1000")
    _, err = process.communicate(timeout=300)
    assert process.returncode == 1
    assert "Traceback" not in err
    (line,) = [line for line in err.splitlines() if line.startswith("molgfn: error:")]
    assert "objects in a row have no reward" in line
    assert "OSError: the licence server is gone" in line
    assert len(pd.read_csv(folder / "run" / "quarantine.csv")) == 1008
    torch.load(folder / "run" / "checkpoints" / "last.ckpt", weights_only=True)


@pytest.mark.slow
@pytest.mark.usefixtures("interrupts")
@pytest.mark.parametrize(
    ("sent", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 1)], ids=["SIGTERM", "Ctrl-C"]
)
def test_a_signal_to_everybody_ends_a_run_with_workers_after_a_checkpoint(
    folder: Path, sent: signal.Signals, code: int
) -> None:
    process = start(
        folder,
        IN_WORKERS.replace("NAME", "slow"),
        "--trainer.max_steps",
        "100000",
        "--trainer.callbacks",
        "molgfn.callbacks.checkpoints.Checkpoints",
        "--trainer.callbacks.dirpath",
        "run/checkpoints",
        "--trainer.callbacks.save_last",
        "true",
        "--trainer.callbacks.every_n_train_steps",
        "5",
        "--trainer.callbacks.save_on_exception",
        "true",
    )
    wait_for_checkpoint(process, folder)
    os.killpg(process.pid, sent)
    _, err = process.communicate(timeout=60)
    assert process.returncode == code, err
    assert "worker" not in err
    assert not (folder / "run" / "quarantine.csv").exists()
    torch.load(folder / "run" / "checkpoints" / "last.ckpt", weights_only=True)
    assert left_in(process.pid) == []


@pytest.mark.slow
def test_a_killed_run_leaves_no_process_and_its_file_is_read_by_the_next(folder: Path) -> None:
    process = start(folder, IN_WORKERS.replace("NAME", "slow"), "--trainer.max_steps", "100000")
    deadline = time.monotonic() + 120
    while not any(folder.glob("run/logs/*/metrics.csv")):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.kill()
    process.wait()
    deadline = time.monotonic() + 20
    while left_in(process.pid) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert left_in(process.pid) == []
    again = start(folder, IN_WORKERS.replace("NAME", "slow"), "--overwrite", "true")
    assert again.wait(120) == 0
    last = sorted(folder.glob("run/logs/*/metrics.csv"), key=os.path.getmtime)[-1]
    assert pd.read_csv(last)["remembered_share"].dropna().iloc[0] > 0.5
