"""Butina's clusters."""

import pytest
from rdkit import Chem
from rdkit.DataStructs import BulkTanimotoSimilarity, ExplicitBitVect
from rdkit.ML.Cluster import Butina

from molgfn.chem.similarity import fingerprints
from molgfn.triage.butina import butina, neighbours
from tests.measured import free_wilson


@pytest.fixture(scope="module")
def prints() -> list[ExplicitBitVect]:
    return fingerprints([Chem.MolFromSmiles(smiles) for smiles in free_wilson(150).smiles])


def test_neighbours_are_all_that_are_as_similar(prints: list[ExplicitBitVect]) -> None:
    found = [set(some.tolist()) for some in neighbours(prints, 0.6)]
    expected = [
        {j for j, value in enumerate(BulkTanimotoSimilarity(one, prints)) if value >= 0.6} - {i}
        for i, one in enumerate(prints)
    ]
    assert found == expected
    assert any(expected)


@pytest.mark.parametrize("similarity", [0.4, 0.6, 0.8])
def test_clusters_are_those_of_rdkit(prints: list[ExplicitBitVect], similarity: float) -> None:
    last = len(prints) - 1  # RDKit prefers the last of equals
    turned = prints[::-1]
    distances = [
        1 - value
        for i in range(len(turned))
        for value in BulkTanimotoSimilarity(turned[i], turned[:i])
    ]
    theirs = Butina.ClusterData(distances, len(turned), 1 - similarity + 1e-9, isDistData=True)
    assert {frozenset(some) for some in butina(prints, similarity)} == {
        frozenset(last - i for i in some) for some in theirs
    }


def test_the_centre_comes_first_and_has_the_most_neighbours() -> None:
    mols = map(Chem.MolFromSmiles, ("CCCCCCCCO", "c1ccccc1", "CCCCCCCO", "CCCCCCO"))
    first, *others = butina(fingerprints(list(mols)), 0.6)
    assert sorted(first) == [0, 2, 3]
    assert others == [[1]]


def test_no_molecules_have_no_clusters() -> None:
    assert butina([], 0.5) == []
