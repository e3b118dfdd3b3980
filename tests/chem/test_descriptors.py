"""Identity and descriptors of known molecules."""

import pytest
from rdkit import Chem

from molgfn.chem.descriptors import descriptors, identity, scaffold

ASPIRIN = "CC(=O)Oc1ccccc1C(=O)O"


def test_aspirin_is_recognised() -> None:
    names = identity(Chem.MolFromSmiles(ASPIRIN))
    assert names["smiles"] == ASPIRIN
    assert names["inchikey"] == "BSYNRYMUTXBXSQ-UHFFFAOYSA-N"


def test_the_id_follows_the_molecule_and_not_its_spelling() -> None:
    first, second = (identity(Chem.MolFromSmiles(s))["id"] for s in ("OCC", "C(O)C"))
    assert first == second == "MG-AB1DE819EDE9"


def test_different_molecules_have_different_ids() -> None:
    assert identity(Chem.MolFromSmiles("CCO"))["id"] != identity(Chem.MolFromSmiles("CCN"))["id"]


def test_descriptors_of_aspirin() -> None:
    found = descriptors(Chem.MolFromSmiles(ASPIRIN))
    assert found["mw"] == pytest.approx(180.159, abs=1e-3)
    assert found["tpsa"] == pytest.approx(63.6)
    assert (found["hbd"], found["hba"], found["rotatable_bonds"], found["rings"]) == (1, 3, 2, 1)
    assert found["qed"] == pytest.approx(0.5501, abs=1e-3)
    assert found["sa"] == pytest.approx(1.58, abs=0.01)
    assert found["scaffold"] == "c1ccccc1"


def test_structural_alerts_are_named() -> None:
    found = descriptors(Chem.MolFromSmiles("Nc1ccccc1N=Nc1ccccc1"))["alerts"]
    assert found == "PAINS azo_A(324); BRENK aniline; BRENK diazo_group; NIH azo_aryl"
    assert descriptors(Chem.MolFromSmiles("CC(C)NC(=O)c1ccccc1"))["alerts"] == ""


def test_an_acyclic_molecule_has_an_empty_scaffold() -> None:
    assert scaffold(Chem.MolFromSmiles("CCO")) == ""
