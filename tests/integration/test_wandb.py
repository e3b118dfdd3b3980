"""An offline run of Weights & Biases, read back by its own reader, `wandb leet inspect`."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pytorch_lightning.callbacks import ModelCheckpoint

from molgfn.callbacks.artefacts import Artefacts
from molgfn.callbacks.best_molecules import BestMolecules
from molgfn.callbacks.curves import Curves
from molgfn.callbacks.gradient_norms import GradientNorms
from molgfn.callbacks.sample_metrics import SampleMetrics
from molgfn.callbacks.throughput import Throughput
from molgfn.callbacks.wandb_logger import OfflineWandbLogger
from tests.tiny import fit

SCRIPT = """
import sys
from pathlib import Path
from tests.integration.test_wandb import train
train(Path(sys.argv[1]))
"""


def train(folder: Path) -> None:
    """A tiny run with every callback that logs."""
    fit(
        folder,
        [
            Artefacts(),
            BestMolecules(every_n_steps=2, drawn=3),
            Curves(),
            GradientNorms(),
            SampleMetrics(),
            Throughput(),
            ModelCheckpoint(folder / "checkpoints", save_last=True),
        ],
        logger=OfflineWandbLogger(save_dir=str(folder)),
        enable_checkpointing=True,
    )


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What the run's log holds, record by record; the run is another process, which has ended."""
    folder = tmp_path_factory.mktemp("run") / "not" / "yet" / "there"
    checkout = Path(__file__).resolve().parents[2]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("WANDB_")}
    subprocess.run(
        [sys.executable, "-c", SCRIPT, folder], cwd=checkout, env=environment, check=True
    )
    (log,) = folder.glob("wandb/offline-run-*/*.wandb")
    inspect = [sys.executable, "-m", "wandb", "leet", "inspect", "--json", log]
    shown = subprocess.run(inspect, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in shown.stdout.splitlines()]


def history(records: list[dict[str, Any]], key: str) -> list[Any]:
    """The values that a key took during the run."""
    items = [record["history"]["item"] for record in records if record["type"] == "history"]
    return [item[key] for item in items if key in item]


def artefacts(records: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    """The artefacts of a type."""
    found = [record["artifact"] for record in records if record["type"] == "artifact"]
    return [artefact for artefact in found if artefact["type"] == kind]


@pytest.mark.parametrize(
    "metric",
    [
        "loss",
        "log_z",
        "reward",
        "log_reward",
        "trajectories_per_second",
        "grad_norm/policy",
        "sample/qed_mean",
        "sample/length_mean",
        "sample/unique_share",
        "sample/diversity",
    ],
)
def test_a_metric_has_a_value_for_every_step(records: list[dict[str, Any]], metric: str) -> None:
    assert len(history(records, metric)) == 4


def test_steps_are_those_of_training(records: list[dict[str, Any]]) -> None:
    assert set(history(records, "trainer/global_step")) >= {0, 1, 2, 3}


@pytest.mark.parametrize("name", ["log_reward", "qed", "length"])
def test_a_distribution_is_a_histogram(records: list[dict[str, Any]], name: str) -> None:
    assert history(records, f"histogram/{name}._type") == ["histogram"] * 4


def test_the_best_molecules_are_a_table_with_drawings(records: list[dict[str, Any]]) -> None:
    assert history(records, "best_molecules.nrows") == [3, 3]
    for table in artefacts(records, "run_table"):
        paths = [entry["path"] for entry in table["manifest"]["contents"]]
        assert "best_molecules.table.json" in paths
        assert sum(path.endswith(".png") for path in paths) == 3


def test_the_checkpoint_is_an_artefact(records: list[dict[str, Any]]) -> None:
    (model,) = artefacts(records, "model")
    (entry,) = model["manifest"]["contents"]
    assert entry["path"] == "last.ckpt"
    assert Path(entry["local_path"]).is_file()


def test_the_candidates_are_an_artefact(records: list[dict[str, Any]]) -> None:
    (candidates,) = artefacts(records, "candidates")
    (entry,) = candidates["manifest"]["contents"]
    assert entry["path"] == "best_molecules.csv"
    header = Path(entry["local_path"]).read_text().splitlines()[0]
    assert header == "id,smiles,log_reward,reward,qed,qed_score,step"


def test_copies_of_artefacts_stay_in_the_folder_of_the_run(records: list[dict[str, Any]]) -> None:
    (entry,) = artefacts(records, "model")[0]["manifest"]["contents"]
    assert "/not/yet/there/wandb/data/" in entry["local_path"]


def test_the_run_was_offline(records: list[dict[str, Any]]) -> None:
    (run,) = [record["run"] for record in records if record["type"] == "run"]
    assert run["telemetry"]["feature"]["offline"] is True
    assert run["project"] == "molgfn"
