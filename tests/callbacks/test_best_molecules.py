"""The best molecules of a run: which are kept, and where they are written."""

import math
from pathlib import Path

import pandas as pd
import pytest
import torch
from rdkit import Chem

from molgfn.callbacks.best_molecules import Best, BestMolecules
from molgfn.rewards.base import Scores
from molgfn.types import RolloutBatch, Trajectories
from tests.tiny import fit


def rollout(rewards: dict[str, float]) -> RolloutBatch:
    """A batch of molecules with given rewards; NaN is a failure."""
    log_reward = torch.tensor(list(rewards.values())).log()
    size = len(rewards)
    zeros = torch.zeros(size)
    return RolloutBatch(
        objects=[Chem.MolFromSmiles(smiles) for smiles in rewards],
        scores=Scores(log_reward, {"proxy": log_reward.exp() * 8}),
        trajectories=Trajectories(torch.zeros(size, 2), torch.full((size,), 2), zeros),
        log_reward=log_reward,
        valid=log_reward.isfinite(),
        loss=zeros,
    )


def kept(callback: BestMolecules) -> list[str]:
    return [best.smiles for best in callback.best]


def test_the_best_are_kept_in_descending_order() -> None:
    callback = BestMolecules(size=2)
    callback.add(rollout({"C": 0.1, "CC": 0.3, "CCC": 0.2}), step=1)
    assert kept(callback) == ["CC", "CCC"]


def test_a_later_better_molecule_displaces_the_worst() -> None:
    callback = BestMolecules(size=2)
    callback.add(rollout({"C": 0.1, "CC": 0.3}), step=1)
    callback.add(rollout({"N": 0.05, "O": 0.2}), step=2)
    assert kept(callback) == ["CC", "O"]
    assert [best.step for best in callback.best] == [1, 2]


def test_a_molecule_is_kept_once_however_it_is_written() -> None:
    callback = BestMolecules()
    callback.add(rollout({"OCC": 0.5, "C(O)C": 0.5}), step=1)
    callback.add(rollout({"CCO": 0.5}), step=2)
    assert kept(callback) == ["CCO"]


def test_the_best_of_all_ranks_are_kept_and_a_molecule_of_both_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    other = [Best("CC", math.log(0.3), {}, 1), Best("N", math.log(0.2), {}, 1)]
    monkeypatch.setattr("molgfn.callbacks.best_molecules.gathered", lambda mine: [mine, other])
    callback = BestMolecules()
    callback.add(rollout({"C": 0.1, "CC": 0.3}), step=1)
    assert kept(callback) == ["CC", "C"]
    callback.share()
    assert kept(callback) == ["CC", "N", "C"]


def test_a_rank_tells_the_others_only_what_is_new(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[list[str]] = []

    def gathered(mine: list[Best]) -> list[list[Best]]:
        told.append([best.smiles for best in mine])
        return [mine]

    monkeypatch.setattr("molgfn.callbacks.best_molecules.gathered", gathered)
    callback = BestMolecules()
    for step, smiles in enumerate(("C", "CC")):
        callback.add(rollout({smiles: 0.1}), step=step)
        callback.share()
    assert told == [["C"], ["CC"]]


def test_a_molecule_without_reward_is_never_among_the_best() -> None:
    callback = BestMolecules()
    callback.add(rollout({"C": math.nan, "N": 0.5}), step=1)
    assert kept(callback) == ["N"]


def test_the_best_survive_a_checkpoint_of_plain_values(tmp_path: Path) -> None:
    callback, restored = BestMolecules(), BestMolecules()
    callback.add(rollout({"C": 0.1, "CC": 0.3}), step=1)
    torch.save(callback.state_dict(), tmp_path / "state.pt")
    restored.load_state_dict(torch.load(tmp_path / "state.pt", weights_only=True))
    assert restored.best == callback.best


def test_a_run_leaves_a_csv_of_its_best(tmp_path: Path) -> None:
    callback = BestMolecules(size=7)
    fit(tmp_path, [callback])
    table = pd.read_csv(tmp_path / "best_molecules.csv")
    names = ["id", "smiles", "log_reward", "reward", "qed", "qed_score", "step"]
    assert list(table.columns) == names
    assert list(table.smiles) == kept(callback)
    assert table.reward.is_monotonic_decreasing
    assert table.reward.to_numpy() == pytest.approx(table.qed.to_numpy(), rel=1e-5)


@pytest.mark.parametrize(("steps", "written"), [(4, [2, 4]), (5, [2, 4, 5])])
def test_the_csv_is_written_every_n_steps_and_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, steps: int, written: list[int]
) -> None:
    callback = BestMolecules(every_n_steps=2)
    seen: list[int] = []
    monkeypatch.setattr(
        "molgfn.callbacks.best_molecules.write_csv",
        lambda path, rows: seen.append(callback._written),
    )
    fit(tmp_path, [callback], steps=steps)
    assert seen == written
