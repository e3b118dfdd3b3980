"""Which molecules are tested on."""

from typing import Any

import numpy as np
import pytest
from rdkit import Chem

from molgfn.proxy.measurements import Measurements
from molgfn.proxy.splits import held_out, latest, scaffolds, whole_groups

RINGS = ["c1ccccc1", "C1CCCCC1", "c1ccncc1", "C1CCNCC1", "c1ccoc1", "c1ccsc1", "C1CCOC1", "C1CC1"]


def measured(smiles: list[str], time: Any = None) -> Measurements:
    shape = (len(smiles), 1)
    return Measurements(
        smiles=[Chem.CanonSmiles(one) for one in smiles],
        values=np.arange(len(smiles), dtype=np.float64).reshape(shape),
        targets=["y"],
        spread=np.zeros(shape),
        relation=np.full(shape, "="),
        time=None if time is None else np.array(time, np.float64),
    )


MOLECULES = measured([tail + ring for ring in RINGS for tail in ("C", "CC", "O", "N", "F")])


@pytest.mark.parametrize("seed", range(5))
def test_a_scaffold_is_on_one_side_as_a_whole(seed: int) -> None:
    test = held_out(MOLECULES, "scaffold", 0.25, seed)
    found = np.array(scaffolds(MOLECULES.smiles))
    assert not set(found[test]) & set(found[~test])
    assert test.sum() == 10


@pytest.mark.parametrize("split", ["scaffold", "random"])
def test_the_seed_decides(split: str) -> None:
    masks = [tuple(held_out(MOLECULES, split, 0.25, seed)) for seed in (0, 0, 1, 2, 3)]
    assert masks[0] == masks[1]
    assert len(set(masks)) > 2


def test_random_molecules_are_as_many_as_asked_for() -> None:
    assert held_out(MOLECULES, "random", 0.2, 0).sum() == 8


def test_a_group_that_overshoots_is_passed_over() -> None:
    groups = ["large"] * 80 + [f"single {i}" for i in range(20)]
    for seed in range(5):
        chosen = whole_groups(groups, 0.1, seed)
        assert chosen.sum() == 10
        assert not chosen[:80].any()


def test_the_latest_molecules_are_tested_on() -> None:
    time = [2001, 2010, 2005, 2010, 2003, 2002, 2004, 2001, 2000, 2001]
    test = held_out(measured(["C" * n for n in range(1, 11)], time), "time", 0.2, 0)
    assert np.flatnonzero(test).tolist() == [1, 3]


def test_one_moment_is_on_one_side() -> None:
    assert latest(np.array([1.0, 2, 2, 2, 2]), 0.2).tolist() == [False, True, True, True, True]


def test_acyclic_molecules_share_a_scaffold() -> None:
    assert scaffolds(["CCO", "CCCN", "Cc1ccccc1"]) == ["", "", "c1ccccc1"]


BAD = {
    "one scaffold": (measured(["CCO", "CCN", "CCF", "CCC", "C"]), "scaffold", "leaves nothing on"),
    "one moment": (measured(["CCO", "CCN", "CCF"], [5, 5, 5]), "time", "leaves nothing on one"),
    "no times": (MOLECULES, "time", "the table has no column of times"),
    "times missing": (measured(["CCO", "CCN"], [5, np.nan]), "time", "1 of 2 molecules have no"),
    "no molecules": (measured([]), "random", "split of 0 molecules"),
    "unknown": (MOLECULES, "spatial", "split = 'spatial': accepted are scaffold, random, time"),
}


@pytest.mark.parametrize(("molecules", "split", "message"), BAD.values(), ids=BAD.keys())
def test_a_split_that_cannot_be_made_is_refused(
    molecules: Measurements, split: str, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        held_out(molecules, split, 0.2, 0)
