"""Structural alerts by name."""

import pytest
from rdkit import Chem

from molgfn.chem.alerts import CATALOGUES, alerts, catalogue


def of(smiles: str, *catalogues: str) -> list[str]:
    return alerts(Chem.MolFromSmiles(smiles), catalogues)


def test_alerts_carry_the_names_of_their_catalogues() -> None:
    azobenzene = "Nc1ccccc1N=Nc1ccccc1"
    assert of(azobenzene, "PAINS") == ["PAINS azo_A(324)"]
    assert of(azobenzene, "BRENK", "NIH") == ["BRENK aniline", "BRENK diazo_group", "NIH azo_aryl"]


def test_a_harmless_molecule_has_no_alert() -> None:
    assert of("CC(C)NC(=O)c1ccccc1", "PAINS", "BRENK", "NIH") == []


@pytest.mark.parametrize("name", CATALOGUES)
def test_every_catalogue_has_entries(name: str) -> None:
    assert catalogue(name).GetNumEntries() >= 50


def test_a_catalogue_that_is_not_there_is_refused_with_those_that_are() -> None:
    with pytest.raises(ValueError, match="catalogue 'pains': accepted are PAINS, BRENK"):
        of("CCO", "pains")
