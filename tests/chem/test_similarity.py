"""Diversity of sets whose similarities are known."""

import math

import pytest
from rdkit import Chem

from molgfn.chem.similarity import internal_diversity


def diversity(*smiles: str) -> float:
    return internal_diversity([Chem.MolFromSmiles(text) for text in smiles])


def test_equal_molecules_have_no_diversity() -> None:
    assert diversity("CCO", "OCC", "C(O)C") == pytest.approx(0.0)


def test_diversity_is_a_mean_over_pairs() -> None:
    pairs = [("CCO", "CCN"), ("CCO", "CCC"), ("CCN", "CCC")]
    mean = sum(diversity(*pair) for pair in pairs) / 3
    assert diversity("CCO", "CCN", "CCC") == pytest.approx(mean)
    assert 0 < mean < 1


@pytest.mark.parametrize("smiles", [(), ("CCO",)])
def test_fewer_than_two_molecules_have_no_diversity_to_speak_of(smiles: tuple[str, ...]) -> None:
    assert math.isnan(diversity(*smiles))
