"""The audit of a run while it trains."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import pytorch_lightning as pl

from molgfn.audit import exact_audit
from molgfn.callbacks.audit import LOGGED, Audit, subject_of
from tests.tiny import fit


def audits(folder: Path) -> pd.DataFrame:
    """Rows of the run's metrics that hold an audit."""
    table = pd.read_csv(folder / "metrics.csv")
    return table.dropna(subset=["audit/tv_trees"])


def test_every_validation_logs_an_audit(tmp_path: Path) -> None:
    fit(tmp_path, [Audit()])
    rows = audits(tmp_path)
    assert len(rows) == 2
    assert {f"audit/{name}" for name in LOGGED} <= set(rows.columns)
    assert rows["audit/tv_trees"].between(0.01, 1).all()


def test_validations_in_between_are_left_out(tmp_path: Path) -> None:
    fit(tmp_path, [Audit(every_n_validations=2)], steps=6)
    assert len(audits(tmp_path)) == 1


def test_the_last_audit_is_that_of_the_trained_policy(tmp_path: Path) -> None:
    callback = Audit()
    trainer = fit(tmp_path, [callback])
    subject = subject_of(trainer.lightning_module)
    found = exact_audit(
        subject.env, subject.policy, callback._space, callback._log_reward, 1.0, subject.log_z
    )
    logged = audits(tmp_path).iloc[-1]
    for name in ("tv_trees", "tv_molecules", "log_z_error", "kl_policy_target"):
        assert logged[f"audit/{name}"] == pytest.approx(found.metrics[name], rel=1e-4)


def test_a_space_too_large_is_refused_before_training(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="max_states = 10"):
        fit(tmp_path, [Audit(max_states=10)])
    assert not (tmp_path / "metrics.csv").exists()


def test_a_nonsensical_interval_is_refused() -> None:
    with pytest.raises(ValueError, match="every_n_validations = 0"):
        Audit(every_n_validations=0)


def test_the_count_of_validations_survives_a_checkpoint() -> None:
    first, resumed = Audit(every_n_validations=2), Audit(every_n_validations=2)
    first._num_validations = 3
    resumed.load_state_dict(first.state_dict())
    assert resumed._num_validations == 3


def test_weights_and_biases_gets_the_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[str, Any] = {}

    class Recorder:
        def log_metrics(self, metrics: dict[str, Any], step: int) -> None:
            seen.update({name: (value, step) for name, value in metrics.items()})

    def recorders(trainer: pl.Trainer) -> list[Recorder]:
        return [Recorder()]

    monkeypatch.setattr("molgfn.callbacks.audit.wandb_loggers", recorders)
    fit(tmp_path, [Audit()])
    picture, step = seen["audit/picture"]
    assert step == 4
    assert picture.image.size[0] > 1000
