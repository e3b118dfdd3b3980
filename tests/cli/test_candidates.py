"""From draws to candidates: order, repeats, failures, and when to give up."""

import itertools
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from rdkit import Chem

from molgfn.chem.descriptors import identity
from molgfn.chem.tree import Tree
from molgfn.cli.candidates import (
    MAX_DRAWS,
    Limits,
    Tally,
    choose_beta,
    draw_candidates,
    load,
)
from molgfn.cli.draws import MoleculeDraw, draws, key_of
from molgfn.molecules import log_likelihood_of_molecules
from molgfn.policies.tempered import Tempered
from molgfn.rewards.base import Scores
from tests.tiny import module


def endless(*smiles: str) -> Iterator[MoleculeDraw]:
    """The same molecules in every batch; rewards ascend with position, '' could not be decoded."""
    mols = [Chem.MolFromSmiles(text) if text else None for text in smiles]
    log_reward = torch.arange(1.0, len(smiles) + 1).log()
    failures = {i: "no molecule" for i, mol in enumerate(mols) if mol is None}
    log_reward[list(failures)] = float("nan")
    scores = Scores(log_reward, {"proxy": log_reward.exp() * 8}, failures)
    return itertools.repeat(drawn(mols, scores, beta=2.0))


def drawn(mols: Sequence[Any], scores: Scores, beta: float = 1.0) -> MoleculeDraw:
    """Molecules of one fragment; log p is minus the number of atoms."""
    return MoleculeDraw(
        mols,
        [Tree((0,))] * len(mols),
        scores,
        beta,
        lambda tree: "route",
        {},
        lambda chosen: [-float(mol.GetNumAtoms()) for mol in chosen],
    )


def candidates(
    batches: Iterator[MoleculeDraw],
    num: int | None,
    unique: bool = False,
    tally: Tally | None = None,
    deadline: float | None = None,
    **options: Any,
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], Tally]:
    """Rows, failures, and how far drawing came."""
    tally = Tally() if tally is None else tally
    found = list(draw_candidates(batches, Limits(num, deadline), tally, unique, **options))
    rows = [row for batch in found for row in batch.rows]
    return rows, [failure for batch in found for failure in batch.failures], tally


def test_repeats_are_kept_unless_asked_otherwise() -> None:
    rows, _, tally = candidates(endless("C", "N"), 5)
    assert [row["smiles"] for row in rows] == ["C", "N", "C", "N", "C"]
    assert tally.num_drawn == 5


def test_every_row_has_the_number_of_its_draw() -> None:
    rows, failures, _ = candidates(endless("C", "", "N"), 4)
    assert [row["draw"] for row in rows] == [0, 2, 3, 5]
    assert [failure["draw"] for failure in failures] == [1, 4]


def test_unique_keeps_the_first_of_equal_molecules() -> None:
    rows, _, _ = candidates(endless("OCC", "CCO", "N"), 2, unique=True)
    assert [row["smiles"] for row in rows] == ["CCO", "N"]
    assert rows[0]["reward"] == pytest.approx(1.0)


def test_molecules_of_one_inchikey_are_equal() -> None:
    tautomers = ("O=c1cccc[nH]1", "Oc1ccccn1")
    rows, _, _ = candidates(endless(*tautomers, "N"), 2, unique=True)
    assert [row["smiles"] for row in rows] == [tautomers[0], "N"]


def test_molecules_without_an_inchikey_are_told_apart_by_their_smiles() -> None:
    assert key_of({"inchikey": "", "smiles": "C"}) != key_of({"inchikey": "", "smiles": "N"})


def test_what_is_known_already_is_not_drawn_again() -> None:
    known = {key_of(identity(Chem.MolFromSmiles("C")))}
    rows, _, _ = candidates(endless("C", "N"), 1, unique=True, tally=Tally(known=known))
    assert [row["smiles"] for row in rows] == ["N"]


def test_drawing_stops_when_there_is_nothing_new() -> None:
    rows, _, tally = candidates(endless("C", "N"), 3, unique=True)
    assert len(rows) == 2
    assert tally.num_drawn == MAX_DRAWS * 3


def test_drawing_stops_when_the_time_is_over() -> None:
    batches = itertools.islice(endless("C", "N"), 3)

    def slowly() -> Iterator[MoleculeDraw]:
        for batch in batches:
            time.sleep(0.1)
            yield batch

    rows, _, tally = candidates(slowly(), None, deadline=time.monotonic() + 0.15)
    assert len(rows) == 4  # the second batch had begun
    assert tally.out_of_time


def test_failures_are_set_aside_with_their_reason() -> None:
    rows, failures, tally = candidates(endless("C", ""), 2)
    assert [row["smiles"] for row in rows] == ["C", "C"]
    assert failures == [{"draw": 1, "smiles": "", "reason": "no molecule"}]
    assert tally.num_failures == 1


def test_a_row_has_the_columns_of_the_contract() -> None:
    ((row,), _, _) = candidates(endless("c1ccccc1"), 1)
    assert list(row) == [
        *("id", "smiles", "inchikey", "draw", "log_reward", "reward", "beta", "temperature"),
        *("proxy", "log_p", "num_fragments", "fragments", "mw", "logp", "tpsa", "hbd", "hba"),
        *("rotatable_bonds", "rings", "qed", "sa", "alerts", "scaffold"),
    ]
    assert (row["reward"], row["beta"], row["proxy"], row["log_p"]) == (1.0, 2.0, 8.0, -6.0)


def test_log_p_is_computed_only_where_it_is_wanted_and_kept() -> None:
    mols = [Chem.MolFromSmiles(text) for text in ("C", "CC", "C", "CCC")]
    asked: list[int] = []

    def likelihood(chosen: Sequence[Any]) -> list[float]:
        asked.extend(mol.GetNumAtoms() for mol in chosen)
        return [0.0] * len(chosen)

    scores = Scores(torch.zeros(4), {}, {1: "bad"})
    draw = replace(drawn(mols, scores), likelihood=likelihood)
    ((row, _), _, _) = candidates(itertools.repeat(draw), 2, unique=True, with_log_p=False)
    assert "log_p" not in row
    assert asked == []
    candidates(itertools.repeat(draw), 2, unique=True)
    assert asked == [1, 3]


def test_an_unknown_log_p_is_counted() -> None:
    draw = replace(next(endless("C", "N")), likelihood=lambda chosen: [0.0, float("nan")])
    assert candidates(itertools.repeat(draw), 2)[2].num_without_log_p == 1


def test_log_p_is_that_of_the_policy_at_the_temperature_of_the_draw() -> None:
    model = module()
    for temperature in (1.0, 0.5):
        draw = next(draws(model, 8, 1.0, seed=0, temperature=temperature))
        expected = log_likelihood_of_molecules(
            model.environment, Tempered(model.policy, temperature), draw.mols, torch.ones(8)
        )
        assert draw.log_p([3, 5]) == pytest.approx(expected.log_p[[3, 5]].tolist(), abs=1e-5)


def test_a_batch_is_a_function_of_its_number() -> None:
    model = module()
    second = list(itertools.islice(draws(model, 8, 1.0, seed=1), 2))[1]
    (again,) = itertools.islice(draws(model, 8, 1.0, seed=1, first=1), 1)
    assert [second.names(i) for i in range(8)] == [again.names(i) for i in range(8)]


def test_the_same_seed_draws_the_same_molecules() -> None:
    model = module()
    batches = [next(draws(model, 8, 1.0, seed)) for seed in (1, 1, 2)]
    first, again, other = ([draw.names(i) for i in range(8)] for draw in batches)
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
    draw = drawn([Chem.MolFromSmiles("C")], scores)
    ((row,), _, _) = candidates(itertools.repeat(draw), 1)
    assert {name: row[name] for name in names} == dict.fromkeys(names, 0.5)
