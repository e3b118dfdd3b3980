"""An objective of several goals, trained and sampled from as a user does; see docs/rewards.md."""

import math
from pathlib import Path

import pandas as pd
import pytest

from molgfn.cli.main import main

pytestmark = pytest.mark.slow  # tests/test_configs.py plays a step of it fast

TERMS = ["qed", "sa", "num_alerts"]
COMPONENTS = ["seh_proxy", "seh_proxy_score", *TERMS, *(f"{name}_score" for name in TERMS)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder where some steps were trained and candidates drawn."""
    made = tmp_path_factory.mktemp("objective")
    root = made / "runs"
    options = ["--trainer.default_root_dir", str(root), "--trainer.enable_progress_bar", "false"]
    assert main(["fit", "-c", "objective", "-c", "debug", *options]) == 0
    checkpoint = root / "checkpoints" / "last.ckpt"
    arguments = ["--checkpoint", str(checkpoint), "--num", "6", "--output", str(made / "best.csv")]
    assert main(["sample", *arguments]) == 0
    return made


def test_every_component_is_a_column_of_the_candidates(folder: Path) -> None:
    table = pd.read_csv(folder / "best.csv")
    assert {*COMPONENTS, "log_reward", "reward"} <= set(table.columns)
    assert len(table) == 6
    assert table[COMPONENTS].notna().all(axis=None)


def test_the_reward_of_a_candidate_follows_from_its_columns(folder: Path) -> None:
    table = pd.read_csv(folder / "best.csv")
    for row in table.to_dict("records"):
        log_joint = (
            2 * math.log(row["seh_proxy_score"])
            + math.log(max(0.01, row["qed_score"]))
            + math.log(max(0.01, row["sa_score"]))
        ) / 4
        expected = log_joint if row["num_alerts"] == 0 else min(log_joint, math.log(0.01))
        assert row["log_reward"] == pytest.approx(expected, abs=1e-4)


def test_every_component_is_a_column_of_the_best_molecules(folder: Path) -> None:
    assert set(COMPONENTS) <= set(pd.read_csv(folder / "runs" / "best_molecules.csv").columns)


def test_the_mean_of_every_component_is_logged(folder: Path) -> None:
    (metrics,) = (folder / "runs").glob("logs/*/metrics.csv")
    table = pd.read_csv(metrics)
    assert all(table[f"sample/{name}_mean"].notna().any() for name in COMPONENTS)
