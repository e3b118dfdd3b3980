"""The callbacks that log numbers, read back from the CSV that a run writes."""

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import pytorch_lightning as pl

from molgfn.callbacks.artefacts import Artefacts
from molgfn.callbacks.best_molecules import BestMolecules
from molgfn.callbacks.curves import Curves
from molgfn.callbacks.evaluation_metrics import EvaluationMetrics
from molgfn.callbacks.gradient_norms import GradientNorms
from molgfn.callbacks.sample_metrics import SampleMetrics
from molgfn.callbacks.throughput import Throughput
from molgfn.data import TrajectoryBatches
from molgfn.objectives.forward_looking import ForwardLookingDetailedBalance
from molgfn.rewards.base import Reward, Scores
from molgfn.rewards.properties import QED
from molgfn.rewards.remembered import Remembered
from tests.tiny import Picky, fit, module


@pytest.fixture(scope="module")
def metrics(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    folder = tmp_path_factory.mktemp("run")
    fit(
        folder,
        [Curves(), EvaluationMetrics(), GradientNorms(), SampleMetrics(), Throughput()],
        reward=Picky(),
    )
    return pd.read_csv(folder / "metrics.csv")


def known(metrics: pd.DataFrame, name: str) -> np.ndarray:
    return metrics[name].dropna().to_numpy()


@pytest.mark.parametrize("name", ["loss", "log_z", "reward", "log_reward"])
def test_a_curve_has_a_point_for_every_step(metrics: pd.DataFrame, name: str) -> None:
    values = known(metrics, name)
    assert len(values) == 4
    assert np.isfinite(values).all()


def test_rewards_are_means_over_the_trajectories_that_have_one(metrics: pd.DataFrame) -> None:
    assert (known(metrics, "reward") > 0).all()
    assert (np.exp(known(metrics, "log_reward")) <= known(metrics, "reward") + 1e-6).all()


def test_validation_has_its_own_curves(metrics: pd.DataFrame) -> None:
    assert len(known(metrics, "val/loss")) == 2
    assert len(known(metrics, "val/reward_mean")) == 2


def test_validation_measures_the_molecules_of_all_its_batches(metrics: pd.DataFrame) -> None:
    assert (known(metrics, "val/num_molecules") == 32).all()
    validity = known(metrics, "val/validity")
    assert ((validity > 0) & (validity < 1)).all()
    assert (known(metrics, "val/diversity") > 0).all()


def test_a_test_loop_measures_too(tmp_path: Path) -> None:
    trainer = pl.Trainer(
        accelerator="cpu",
        callbacks=[Curves(), EvaluationMetrics()],
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        default_root_dir=tmp_path,
    )
    (found,) = trainer.test(module(), TrajectoryBatches(8, num_test_batches=3), verbose=False)
    assert found["test/num_molecules"] == 24
    assert 0 < found["test/reward_mean"] < 1
    assert found["test/loss"] > 0


def test_each_group_has_a_gradient_norm(metrics: pd.DataFrame) -> None:
    assert (known(metrics, "grad_norm/policy") > 0).all()
    assert (known(metrics, "grad_norm/log_z") >= 0).all()


def test_samples_are_looked_at_when_lightning_logs(tmp_path: Path) -> None:
    callback = SampleMetrics()
    fit(tmp_path, [callback], log_every_n_steps=2)
    assert len(callback.recent) == 2 * 16
    assert len(known(pd.read_csv(tmp_path / "metrics.csv"), "sample/qed_mean")) == 2


def test_samples_have_components_lengths_and_repeats(metrics: pd.DataFrame) -> None:
    assert (known(metrics, "sample/qed_mean") > 0).all()
    assert (known(metrics, "sample/length_mean") >= 2).all()
    unique = known(metrics, "sample/unique_share")
    assert ((unique > 0) & (unique <= 1)).all()


def test_speed_is_positive(metrics: pd.DataFrame) -> None:
    assert (known(metrics, "trajectories_per_second") > 0).all()


@pytest.mark.parametrize("smoothing", [-0.1, 1.0])
def test_a_smoothing_outside_its_range_is_refused(smoothing: float) -> None:
    with pytest.raises(ValueError, match=f"smoothing is {smoothing}"):
        Throughput(smoothing)


def test_every_callback_works_without_wandb(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "wandb", None)
    callbacks = [Artefacts(), BestMolecules(), Curves(), GradientNorms(), SampleMetrics()]
    fit(tmp_path, callbacks)
    assert (tmp_path / "best_molecules.csv").is_file()
    assert len(pd.read_csv(tmp_path / "metrics.csv")["sample/qed_mean"].dropna()) == 4


def test_states_on_the_way_without_a_reward_are_counted(tmp_path: Path) -> None:
    objective = ForwardLookingDetailedBalance()
    fit(tmp_path, [SampleMetrics()], reward=Picky(), objective=objective)
    counts = known(pd.read_csv(tmp_path / "metrics.csv"), "sample/unscored_states")
    assert len(counts) == 4
    assert (counts > 0).any()


class Unsure(Reward):
    """QED that takes a hundredth of a second, as an ensemble with a domain would report it."""

    def __init__(self) -> None:
        super().__init__()
        self.qed = QED()

    def forward(self, objects: Sequence[Any]) -> Scores:
        time.sleep(0.01)
        scores: Scores = self.qed(objects)
        raw = scores.components["qed"]
        further = {"qed_std": 0.1 * raw, "qed_domain": 1 - raw}
        return Scores(scores.log_reward, {**scores.components, **further}, scores.failures)


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    folder = tmp_path_factory.mktemp("watched")
    fit(folder, [SampleMetrics(), Throughput()], steps=6, reward=Remembered(Unsure()))
    return pd.read_csv(folder / "metrics.csv")


def test_a_search_that_leaves_what_the_proxy_knows_shows_in_the_log(watched: pd.DataFrame) -> None:
    raw = known(watched, "sample/qed_mean")
    assert known(watched, "sample/qed_std_mean") == pytest.approx(0.1 * raw)
    assert known(watched, "sample/qed_domain_mean") == pytest.approx(1 - raw)


def test_rewards_per_second_count_the_time_of_the_reward_alone(watched: pd.DataFrame) -> None:
    speed = known(watched, "rewards_per_second")
    assert len(speed) == 6
    assert (speed > known(watched, "trajectories_per_second")).all()
    assert (speed < 16 / 0.01).all()


def test_the_share_of_remembered_rewards_grows(watched: pd.DataFrame) -> None:
    share = known(watched, "remembered_share")
    assert 0 <= share[0] < share[-1] < 1


def test_a_reward_that_remembers_nothing_has_no_such_share(metrics: pd.DataFrame) -> None:
    assert "remembered_share" not in metrics.columns


def test_nothing_is_left_on_the_reward_after_a_run(tmp_path: Path) -> None:
    trainer = fit(tmp_path, [Throughput()])
    reward = trainer.lightning_module.reward
    assert not reward._forward_hooks
    assert not reward._forward_pre_hooks
