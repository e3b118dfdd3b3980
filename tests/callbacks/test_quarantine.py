"""Molecules without a reward end in a file, and are counted."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch

from molgfn.callbacks.checkpoints import Checkpoints
from molgfn.callbacks.quarantine import Quarantine
from molgfn.module import GFlowNet
from molgfn.rewards.base import Reward, Scores
from molgfn.rewards.properties import QED
from tests.tiny import Picky, fit


class Breaks(Reward):
    """QED for so many batches, then nothing but two reasons; one good object in each `rescue`."""

    def __init__(self, after: int = 0, rescue: int | None = None) -> None:
        super().__init__()
        self.qed, self.after, self.rescue = QED(), after, rescue
        self.num_batches = self.num_objects = 0

    def forward(self, objects: Sequence[Any]) -> Scores:
        scores: Scores = self.qed(objects)
        self.num_batches += 1
        if self.num_batches <= self.after:
            return scores
        failures = {}
        for i in range(len(objects)):
            self.num_objects += 1
            if self.rescue is None or self.num_objects % self.rescue:
                failures[i] = "no licence" if i % 4 else "no pose"
        log_reward = scores.log_reward.clone()
        log_reward[list(failures)] = torch.nan
        return Scores(log_reward, scores.components, failures)


def test_every_failure_is_a_row_with_its_reason(tmp_path: Path) -> None:
    callback = Quarantine()
    fit(tmp_path, [callback], reward=Picky())
    table = pd.read_csv(tmp_path / "quarantine.csv")
    assert list(table.columns) == ["step", "object", "reason"]
    assert len(table) == callback.count > 0
    assert table.object.str.contains("F").all()
    assert set(table.reason) == {"holds fluorine"}


def test_the_log_counts_failures(tmp_path: Path) -> None:
    callback = Quarantine()
    fit(tmp_path, [callback], reward=Picky())
    counted = pd.read_csv(tmp_path / "metrics.csv")["quarantined"].dropna()
    assert counted.is_monotonic_increasing
    assert counted.iloc[-1] == callback.count


def test_a_run_without_failures_leaves_no_file(tmp_path: Path) -> None:
    fit(tmp_path, [Quarantine()])
    assert not (tmp_path / "quarantine.csv").exists()


def test_a_resumed_run_counts_on_and_appends(tmp_path: Path) -> None:
    first, second = Quarantine(), Quarantine()
    fit(tmp_path, [first], reward=Picky())
    torch.save(first.state_dict(), tmp_path / "state.pt")
    second.load_state_dict(torch.load(tmp_path / "state.pt", weights_only=True))
    fit(tmp_path, [second], reward=Picky())
    assert len(pd.read_csv(tmp_path / "quarantine.csv")) == second.count > first.count


def test_too_many_failures_in_a_row_end_the_run_with_reasons_counts_and_examples(
    tmp_path: Path,
) -> None:
    with pytest.raises(ValueError, match="objects in a row have no reward") as ended:
        fit(tmp_path, [Quarantine(stop_after=40)], 100, Breaks(), val_check_interval=99)
    said = str(ended.value)
    assert "48 objects in a row" in said
    assert "36 times 'no licence', 12 times 'no pose'" in said
    table = pd.read_csv(tmp_path / "quarantine.csv")
    latest = list(dict.fromkeys(reversed(table.object.tolist())))[:3]
    assert f"the latest are {', '.join(latest)}." in said
    assert str(tmp_path / "quarantine.csv") in said
    assert "stop_after=40" in said


def test_the_file_and_the_checkpoint_of_an_ended_run_are_whole(tmp_path: Path) -> None:
    folder = tmp_path / "checkpoints"
    checkpoints = Checkpoints(dirpath=folder, save_last=True, save_on_exception=True)
    callbacks = [Quarantine(stop_after=40), checkpoints]
    with pytest.raises(ValueError, match="in a row"):
        fit(
            tmp_path,
            callbacks,
            steps=100,
            reward=Breaks(after=5),
            val_check_interval=99,
            enable_checkpointing=True,
            num_sanity_val_steps=0,
        )
    assert len(pd.read_csv(tmp_path / "quarantine.csv")) == 48
    saved = folder / "last.ckpt"
    assert torch.load(saved, weights_only=True)["global_step"] == 8
    assert torch.load(saved, weights_only=True)["callbacks"]["Quarantine"]["count"] == 48
    assert GFlowNet.load_from_checkpoint(saved).num_batches == 8


def test_one_reward_in_between_lets_a_run_go_on(tmp_path: Path) -> None:
    callback = Quarantine(stop_after=40)
    fit(tmp_path, [callback], steps=20, reward=Breaks(rescue=39), val_check_interval=99)
    assert callback.count > 300


def test_a_run_may_be_told_never_to_stop(tmp_path: Path) -> None:
    callback = Quarantine(stop_after=None)
    fit(tmp_path, [callback], steps=4, reward=Breaks(), val_check_interval=99)
    assert callback.count == 64


def test_a_limit_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="stop_after = 0"):
        Quarantine(stop_after=0)
