import random

import pytest
from rdkit import Chem

from molgfn.chem.assemble import assemble
from molgfn.chem.fragmentation import RULES, cuttable_bonds, pieces, site_type
from molgfn.chem.io import load_vocabulary
from molgfn.chem.random_trees import RandomTrees
from molgfn.chem.unwanted import reason_unwanted


def cut(smiles: str) -> list[str]:
    return sorted(piece.smiles for piece in pieces(Chem.MolFromSmiles(smiles)))


@pytest.mark.parametrize(
    ("smiles", "expected"),
    [
        ("Clc1ccccc1", ["Cl", "c1ccccc1"]),
        ("COc1ccccc1", ["CO", "c1ccccc1"]),
        ("O=C(Nc1ccccc1)c1ccncc1", ["NC=O", "c1ccccc1", "c1ccncc1"]),
        ("c1ccccc1-n1cccc1", ["c1cc[nH]c1", "c1ccccc1"]),
        ("Clc1ccc(CN2CCOCC2)cc1", ["CN1CCOCC1", "Cl", "c1ccccc1"]),
        ("O=C(c1ccccc1)N1CCOCC1", ["O=CN1CCOCC1", "c1ccccc1"]),
        ("O=C(CCc1ccccc1)Nc1ccccc1", ["CC", "NC=O", "c1ccccc1", "c1ccccc1"]),
    ],
)
def test_a_molecule_is_cut_where_a_chemist_would_join_it(smiles: str, expected: list[str]) -> None:
    assert cut(smiles) == expected


@pytest.mark.parametrize(
    ("smiles", "why"),
    [
        ("c1ccccc1Oc1ccccc1", "a bridge between two ring carbons"),
        ("c1ccccc1Cc1ccccc1", "a carbon bridge between two ring carbons"),
        ("NS(=O)(=O)c1ccccc1", "a sulfonyl group would be left with an open end"),
        ("O=Cc1ccccc1", "an aldehyde"),
        ("CN1CCOCC1", "a methyl group on a ring nitrogen"),
        ("CC(=O)N", "an acetyl group"),
        ("C1CCCCC1=C", "a double bond"),
    ],
)
def test_some_bonds_are_left_whole(smiles: str, why: str) -> None:
    assert cuttable_bonds(Chem.MolFromSmiles(smiles)) == [], why


def test_the_type_of_an_end_does_not_depend_on_what_is_beyond_the_bond() -> None:
    whole = Chem.MolFromSmiles("O=C(Nc1ccccc1)c1ccncc1")
    carbonyl, nitrogen = whole.GetAtomWithIdx(1), whole.GetAtomWithIdx(2)
    piece = Chem.MolFromSmiles("O=CN")
    assert site_type(carbonyl, 9) == site_type(piece.GetAtomWithIdx(1)) == "carbamoyl"
    assert site_type(nitrogen, 3) == site_type(piece.GetAtomWithIdx(2)) == "acylamino"


def test_no_rule_joins_two_heteroatoms() -> None:
    hetero = {"amino", "acylamino", "oxy", "acyloxy", "thio", "azolyl", "cyclic_amine", "halogen"}
    assert not [pair for pair in RULES if hetero.issuperset(pair)]


def test_sites_of_a_piece_are_atoms_of_its_smiles() -> None:
    found = {p.smiles: p.sites for p in pieces(Chem.MolFromSmiles("O=C(CBr)Nc1ccc(Cl)cc1"))}
    phenyl = Chem.MolFromSmiles("c1ccccc1")
    first, second = found["c1ccccc1"]
    assert len(Chem.GetShortestPath(phenyl, first, second)) == 4


@pytest.mark.parametrize(
    ("smiles", "reason"),
    [
        ("COOC", "peroxide"),
        ("NNN", "chain of three nitrogens"),
        ("CC(=O)Cl", "acyl or sulfonyl halide"),
        ("C=Nn1cccc1", "hydrazone"),
        ("C[NH3+]", "a net charge"),
        ("C1CCCCCCC1", "a ring of more than 7 atoms"),
        ("C" * 19, "more than 18 heavy atoms"),
    ],
)
def test_unwanted_pieces_are_named(smiles: str, reason: str) -> None:
    assert reason_unwanted(Chem.MolFromSmiles(smiles)) == reason


@pytest.mark.parametrize("smiles", ["c1ccccc1", "CNC(N)=O", "O=[N+]([O-])c1ccccc1", "CS(N)(=O)=O"])
def test_ordinary_pieces_are_wanted(smiles: str) -> None:
    assert reason_unwanted(Chem.MolFromSmiles(smiles)) is None


@pytest.mark.slow
def test_a_molecule_of_the_shipped_fragments_is_cut_at_the_bonds_it_was_joined_at() -> None:
    vocabulary = load_vocabulary("druglike")
    sampler = RandomTrees(vocabulary, random.Random(0))
    for size in range(2000):
        tree = sampler.sample(1 + size % 9)
        molecule = Chem.MolFromSmiles(Chem.MolToSmiles(assemble(vocabulary, tree)))
        found = sorted(piece.smiles for piece in pieces(molecule))
        assert found == sorted(vocabulary.fragments[number].smiles for number in tree.fragments)
