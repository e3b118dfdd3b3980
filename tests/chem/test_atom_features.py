"""Molecules as graphs of atoms: features, bonds and positions."""

import torch
from rdkit import Chem

from molgfn.chem.atom_features import atom_graphs, element_features


def features_of(smiles: str) -> torch.Tensor:
    graphs, failures = atom_graphs([Chem.MolFromSmiles(smiles)])
    assert not failures
    return graphs.features(element_features())


def test_an_aromatic_nitrogen_has_the_features_that_were_published() -> None:
    row = features_of("c1cc[nH]c1")[3]
    # nitrogen; aromatic; sp2; one hydrogen; atomic number 7
    assert row.nonzero()[:, 0].tolist() == [2, 9, 11, 13, 20]
    assert row[13] == 1


def test_an_element_without_its_own_slot_is_other() -> None:
    row = features_of("ClC")[0]
    assert row.nonzero()[:, 0].tolist() == [5, 12, 30]


def test_hydrogens_in_the_graph_count_as_hydrogens_of_their_neighbour() -> None:
    mol = Chem.AddHs(Chem.MolFromSmiles("C"))
    graphs, _ = atom_graphs([mol])
    assert graphs.features(element_features())[0, 13] == 4


def test_the_hybridizations_of_a_nitrile_are_told_apart() -> None:
    assert features_of("CC#N")[:, 10:13].tolist() == [[0, 0, 1], [1, 0, 0], [1, 0, 0]]


def test_every_bond_appears_in_both_directions_with_its_type() -> None:
    graphs, _ = atom_graphs([Chem.MolFromSmiles("C#CC=C"), Chem.MolFromSmiles("c1ccccc1")])
    bonds = set(zip(graphs.source.tolist(), graphs.target.tolist(), strict=True))
    assert bonds == {(j, i) for i, j in bonds}
    kind = dict(
        zip(
            zip(graphs.source.tolist(), graphs.target.tolist(), strict=True),
            graphs.bond_type.tolist(),
            strict=True,
        )
    )
    assert (kind[0, 1], kind[1, 2], kind[2, 3]) == (2, 0, 1)
    assert {kind[edge] for edge in kind if edge[0] >= 4} == {3}
    assert len(kind) == 6 + 12


def test_targets_ascend_across_molecules() -> None:
    graphs, _ = atom_graphs([Chem.MolFromSmiles("CCO"), None, Chem.MolFromSmiles("c1ccccc1")])
    assert graphs.target.tolist() == sorted(graphs.target.tolist())
    assert graphs.molecule.tolist() == [0] * 3 + [2] * 6
    assert graphs.num_molecules == 3
