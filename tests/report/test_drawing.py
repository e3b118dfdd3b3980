"""Drawings: molecules of one scaffold lie alike, the largest are left out."""

import numpy as np
import pytest
from rdkit import Chem

from molgfn.chem.descriptors import scaffold
from molgfn.report.drawing import MOST_ATOMS, SCALE, draw_all
from molgfn.report.graphs import pack
from molgfn.report.space import MOST_BY_TSNE, chemical_space

CORE = "c1ccc2[nH]ccc2c1"


def test_molecules_of_one_scaffold_lie_alike() -> None:
    mols = [
        Chem.MolFromSmiles(s) for s in (CORE, "O" + CORE, "CCN" + CORE, "CC(C)c1cc2ccccc2[nH]1")
    ]
    draw_all(mols)
    pattern = Chem.MolFromSmiles(CORE)
    places = []
    for mol in mols:
        core = list(mol.GetSubstructMatch(pattern))
        points = mol.GetConformer().GetPositions()[core, :2]
        places.append(points - points.mean(0))
    for other in places[1:]:
        np.testing.assert_allclose(other, places[0], atol=1e-3)


def test_points_of_a_drawing_lie_on_its_atoms() -> None:
    mol = Chem.MolFromSmiles("CCO")
    ((width, height, _, points),) = draw_all([mol])  # type: ignore[misc]
    places = np.array(points).reshape(-1, 2)
    bonds = np.linalg.norm(np.diff(places, axis=0), axis=1)
    np.testing.assert_allclose(bonds, 1.5 * SCALE, rtol=0.1)
    assert (places >= 0).all()
    assert (places <= (width, height)).all()


def test_a_molecule_that_would_take_seconds_is_not_drawn() -> None:
    small, large = Chem.MolFromSmiles("C" * MOST_ATOMS), Chem.MolFromSmiles("C" * (MOST_ATOMS + 1))
    drawn, left_out = draw_all([small, large])
    assert drawn is not None
    assert left_out is None


def test_a_graph_says_what_smarts_asks() -> None:
    graphs = pack([Chem.MolFromSmiles("C[N+](C)(C)Cc1ccc[nH]1")])
    types = [graphs["types"][number] for number in graphs["atoms"][0]]
    assert types[0] == [6, 0, 0, 3, 1, 4, 0, 0, 0]
    assert types[1] == [7, 0, 1, 0, 4, 4, 0, 0, 0]
    assert types[-1] == [7, 1, 0, 1, 2, 3, 1, 5, 2]
    assert graphs["bonds"][0][:3] == [0, 1, 2]
    assert 9 in graphs["bonds"][0][2::3]


def test_like_molecules_are_near_on_the_map() -> None:
    alkanes = [Chem.MolFromSmiles("C" * n) for n in range(3, 18)]
    rings = [Chem.MolFromSmiles("O" * (n % 2) + "C" * n + CORE) for n in range(15)]
    points = chemical_space([*alkanes, *rings]).points
    distances = np.linalg.norm(points[:, None] - points[None], axis=-1)
    np.fill_diagonal(distances, np.inf)
    nearest = distances.argmin(1)
    assert np.mean((nearest < 15) == (np.arange(30) < 15)) > 0.9


@pytest.mark.parametrize(
    ("number", "method"), [(1, "too few"), (2, "too few"), (3, "PCA"), (20, "t-SNE")]
)
def test_few_molecules_have_a_map_without_t_sne(number: int, method: str) -> None:
    space = chemical_space([Chem.MolFromSmiles("C" * n + "O") for n in range(1, number + 1)])
    assert space.points.shape == (number, 2)
    assert method in space.method
    assert ((space.points >= 0) & (space.points <= 1)).all()


def test_more_molecules_than_t_sne_is_quick_for_are_shown_by_pca() -> None:
    mols = [Chem.MolFromSmiles("CCO"), Chem.MolFromSmiles("CCN"), Chem.MolFromSmiles("c1ccccc1")]
    assert chemical_space(mols * (MOST_BY_TSNE // 3 + 1)).method.startswith("PCA")


def test_molecules_of_one_core_lie_alike_whatever_their_scaffolds() -> None:
    texts = ["O=C(NC)C1CCNCC1", "O=C(Nc1ccccc1)C1CCN(C2CCC2)CC1", "O=C(NC1CC1)C1CCN(C)CC1"]
    mols = [Chem.MolFromSmiles(text) for text in texts]
    draw_all(mols, ["O=C(N[*:1])C1CCN([*:2])CC1"] * 3)
    core = Chem.MolFromSmiles("O=CC1CCNCC1")
    assert len({scaffold(mol) for mol in mols}) == 3

    def places(mol: Chem.Mol) -> list[list[float]]:
        points = mol.GetConformer().GetPositions()[list(mol.GetSubstructMatch(core))]
        return (points - points[0]).tolist()

    for mol in mols[1:]:
        assert np.allclose(places(mol), places(mols[0]), atol=1e-3)


def test_what_is_no_core_is_left_out_of_account() -> None:
    mols = [Chem.MolFromSmiles("CCO"), Chem.MolFromSmiles("c1ccccc1")]
    assert None not in draw_all(mols, ["", "no core"])
