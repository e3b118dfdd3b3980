"""A reward that is computed once for each molecule."""

from collections.abc import Sequence
from typing import Any

import pytest
import torch
from rdkit import Chem

from molgfn.rewards.base import Reward, Scores
from molgfn.rewards.remembered import Remembered


class Counting(Reward):
    """The number of atoms; fails for methane, and remembers what it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def forward(self, objects: Sequence[Any]) -> Scores:
        names = ["none" if mol is None else Chem.MolToSmiles(mol) for mol in objects]
        self.asked += names
        sizes = torch.tensor([float(mol.GetNumAtoms()) if mol else torch.nan for mol in objects])
        failures = {i: f"is {name}" for i, name in enumerate(names) if name in ("C", "none")}
        log_reward = sizes.log()
        log_reward[list(failures)] = torch.nan
        return Scores(log_reward, {"size": sizes}, failures)


def mols(*smiles: str | None) -> list[Any]:
    return [None if one is None else Chem.MolFromSmiles(one) for one in smiles]


def same(first: Scores, second: Scores) -> bool:
    torch.testing.assert_close(first.log_reward, second.log_reward, equal_nan=True)
    torch.testing.assert_close(
        dict(first.components), dict(second.components), equal_nan=True, rtol=0, atol=0
    )
    return first.failures == second.failures


def test_scores_are_those_of_the_reward_itself_however_often_they_are_asked() -> None:
    some = mols("CCO", "C", "OCC", None, "c1ccccc1", None)
    remembered = Remembered(Counting())
    assert same(remembered(some), Counting()(some))
    assert same(remembered(some[::-1]), Counting()(some[::-1]))


def test_a_molecule_is_asked_for_once_however_it_is_written() -> None:
    counting = Counting()
    remembered = Remembered(counting)
    remembered(mols("CCO", "OCC", "C"))
    remembered(mols("C(O)C", "C", "CC"))
    assert counting.asked == ["CCO", "C", "CC"]


def test_what_was_asked_for_longest_ago_is_forgotten_first() -> None:
    counting = Counting()
    remembered = Remembered(counting, memory=2)
    for smiles in ("CCO", "CC", "CCO", "CCC", "CCO", "CC"):
        remembered(mols(smiles))
    assert counting.asked == ["CCO", "CC", "CCC", "CC"]


def test_no_molecules_are_no_trouble() -> None:
    assert Remembered(Counting())([]).log_reward.shape == (0,)


def test_a_memory_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="memory = 0"):
        Remembered(Counting(), memory=0)
