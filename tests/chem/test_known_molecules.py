"""Sets of known molecules: by SMILES and by InChIKey, with and without stereo."""

from pathlib import Path

import pytest
from rdkit import Chem

from molgfn.chem.known_molecules import KnownMolecules

L_ALANINE, D_ALANINE, ALANINE = "C[C@H](N)C(=O)O", "C[C@@H](N)C(=O)O", "CC(N)C(=O)O"


def known(folder: Path, *lines: str, stereo: bool = False) -> KnownMolecules:
    path = folder / "known.smi"
    path.write_text("\n".join(lines) + "\n")
    return KnownMolecules(path, stereo)


def key(smiles: str) -> str:
    return str(Chem.MolToInchiKey(Chem.MolFromSmiles(smiles)))


@pytest.mark.parametrize("by_inchikey", [False, True])
def test_a_molecule_is_found_however_it_is_written(tmp_path: Path, by_inchikey: bool) -> None:
    lines = ["OCC", "C1=CC=CC=C1"]
    found = known(tmp_path, *(map(key, lines) if by_inchikey else lines))
    assert found.by_inchikey == by_inchikey
    assert Chem.MolFromSmiles("CCO") in found
    assert Chem.MolFromSmiles("c1ccccc1") in found
    assert Chem.MolFromSmiles("CCC") not in found


@pytest.mark.parametrize("write", [str, key])
def test_stereoisomers_are_alike_unless_asked_otherwise(tmp_path: Path, write: object) -> None:
    assert callable(write)
    flat = known(tmp_path, write(L_ALANINE))
    assert all(Chem.MolFromSmiles(s) in flat for s in (L_ALANINE, D_ALANINE, ALANINE))
    exact = known(tmp_path, write(L_ALANINE), stereo=True)
    found = [Chem.MolFromSmiles(s) in exact for s in (L_ALANINE, D_ALANINE, ALANINE)]
    assert found == [True, False, False]


def test_of_a_salt_the_largest_component_is_known(tmp_path: Path) -> None:
    found = known(tmp_path, "NCCO.Cl")
    assert Chem.MolFromSmiles("NCCO") in found
    assert Chem.MolFromSmiles("NCCO.[Na+]") in found
    assert Chem.MolFromSmiles("Cl") not in found


def test_repeats_are_known_once(tmp_path: Path) -> None:
    assert len(known(tmp_path, "CCO", "OCC", "CCC")) == 2


def test_inchikeys_mixed_with_other_lines_are_refused_with_the_line(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="line 2: 'CCO' is no InChIKey"):
        known(tmp_path, key("CCO"), "CCO")


def test_a_file_without_molecules_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="holds no molecules"):
        known(tmp_path, "")


def test_a_hundred_thousand_keys_are_read_and_found(tmp_path: Path) -> None:
    letters = "ABCDEFGHIJ"
    keys = ["".join(letters[int(d)] for d in f"{i:014d}") + "-UHFFFAOYSA-N" for i in range(10**5)]
    found = known(tmp_path, *keys, key("CCO"))
    assert len(found) == 10**5 + 1
    assert Chem.MolFromSmiles("CCO") in found
