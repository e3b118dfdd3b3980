"""From draws to candidates: order, repeats, failures, and when to give up."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from rdkit import Chem

from molgfn.chem.tree import Tree
from molgfn.cli.candidates import (
    MAX_DRAWS,
    Candidates,
    choose_beta,
    draw_candidates,
    load,
)
from molgfn.cli.draws import MoleculeDraw, draws
from molgfn.rewards.base import Scores
from tests.tiny import module


def endless(*smiles: str) -> Iterator[MoleculeDraw]:
    """The same molecules in every batch; rewards ascend with position, '' could not be decoded."""
    mols = [Chem.MolFromSmiles(text) if text else None for text in smiles]
    log_reward = torch.arange(1.0, len(smiles) + 1).log()
    failures = {i: "no molecule" for i, mol in enumerate(mols) if mol is None}
    log_reward[list(failures)] = float("nan")
    scores = Scores(log_reward, {"proxy": log_reward.exp() * 8}, failures)
    trees = [Tree((0,))] * len(mols)
    return itertools.repeat(MoleculeDraw(mols, trees, scores, 2.0, lambda tree: "route"))


def candidates(batches: Iterator[MoleculeDraw], num: int, unique: bool = False) -> Candidates:
    return draw_candidates(batches, num, unique, lambda done: None)


def test_repeats_are_kept_unless_asked_otherwise() -> None:
    found = candidates(endless("C", "N"), 5)
    assert [row["smiles"] for row in found.rows] == ["N", "N", "C", "C", "C"]
    assert found.num_drawn == 5


def test_unique_keeps_the_first_of_equal_molecules() -> None:
    found = candidates(endless("OCC", "CCO", "N"), 2, unique=True)
    assert [row["smiles"] for row in found.rows] == ["N", "CCO"]
    assert found.rows[1]["reward"] == pytest.approx(1.0)


def test_drawing_stops_when_there_is_nothing_new() -> None:
    found = candidates(endless("C", "N"), 3, unique=True)
    assert len(found.rows) == 2
    assert found.num_drawn == MAX_DRAWS * 3


def test_failures_are_set_aside_with_their_reason() -> None:
    found = candidates(endless("C", ""), 2)
    assert [row["smiles"] for row in found.rows] == ["C", "C"]
    assert found.failures == [{"smiles": "", "reason": "no molecule"}]


def test_a_row_has_the_columns_of_the_contract() -> None:
    (row,) = candidates(endless("c1ccccc1"), 1).rows
    assert list(row) == [
        *("id", "smiles", "inchikey", "log_reward", "reward", "beta", "proxy"),
        *("num_fragments", "fragments", "mw", "logp", "tpsa", "hbd", "hba"),
        *("rotatable_bonds", "rings", "qed", "sa", "alerts", "scaffold"),
    ]
    assert (row["reward"], row["beta"], row["proxy"]) == (1.0, 2.0, 8.0)


def test_the_same_seed_draws_the_same_molecules() -> None:
    model = module()
    drawn = [next(draws(model, 8, 1.0, seed)) for seed in (1, 1, 2)]
    first, again, other = ([draw.names(i) for i in range(8)] for draw in drawn)
    assert first == again != other


def test_the_highest_trained_beta_is_the_default() -> None:
    assert choose_beta(module(beta=[1.0, 16.0]), None) == 16.0


def test_a_beta_that_was_not_trained_is_refused() -> None:
    with pytest.raises(ValueError, match="beta = 4, but the checkpoint was trained at beta = 2"):
        choose_beta(module(beta=2.0), 4.0)
    with pytest.raises(ValueError, match="trained at 1 <= beta <= 16"):
        choose_beta(module(beta=[1.0, 16.0]), 32.0)


def test_a_missing_checkpoint_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"a\.ckpt does not exist"):
        load(tmp_path / "a.ckpt", "cpu")


def test_an_impossible_device_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.ckpt").touch()
    with pytest.raises(ValueError, match="device 'quantum' cannot be used"):
        load(tmp_path / "a.ckpt", "quantum")


def test_an_unfinished_draw_leaves_gradients_as_they_were() -> None:
    open_draws = draws(module(), 4, 1.0, seed=0)
    next(open_draws)
    assert torch.is_grad_enabled()


def test_every_component_of_a_reward_is_a_column() -> None:
    names = ("active", "active_score", "active_std", "active_domain")
    scores = Scores(torch.zeros(1), {name: torch.tensor([0.5]) for name in names})
    draw = MoleculeDraw([Chem.MolFromSmiles("C")], [Tree((0,))], scores, 1.0, lambda tree: "")
    (row,) = candidates(itertools.repeat(draw), 1).rows
    assert {name: row[name] for name in names} == dict.fromkeys(names, 0.5)
