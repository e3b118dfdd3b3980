"""Ring systems: what counts as one, and tables of how often each is met."""

import importlib.util
import json
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from rdkit import Chem, rdBase

from molgfn.chem.resources import shipped
from molgfn.chem.ring_systems import (
    RingTable,
    count_ring_systems,
    load_ring_table,
    ring_systems,
    save_ring_table,
)

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "build_ring_systems.py"


def systems(smiles: str) -> set[str]:
    return ring_systems(Chem.MolFromSmiles(smiles))


@pytest.mark.parametrize(
    ("smiles", "expected"),
    [
        ("CCO", set()),
        ("CCc1ccccc1", {"c1ccccc1"}),
        ("c1ccc(-c2ccncc2)cc1", {"c1ccccc1", "c1ccncc1"}),
        ("c1ccc2ccccc2c1", {"c1ccc2ccccc2c1"}),
        ("C1CCC2(CC1)CCNC2", {"C1CCC2(CC1)CCNC2"}),
        ("C1CC2CCC1C2", {"C1CC2CCC1C2"}),
    ],
)
def test_rings_that_share_an_atom_are_one_system(smiles: str, expected: set[str]) -> None:
    canonical = {Chem.CanonSmiles(one) for one in expected}
    assert systems(smiles) == canonical


def test_substituents_become_hydrogens() -> None:
    assert systems("Cn1cccc1CC") == systems("c1cc[nH]c1") == {"c1cc[nH]c1"}


def test_atoms_tied_by_double_bonds_stay() -> None:
    assert systems("CN1C=NC2=C1C(=O)N(C(=O)N2C)C") == systems("O=c1[nH]c(=O)c2[nH]cnc2[nH]1")
    assert systems("CC=C1CCCC1") == {"C=C1CCCC1"}


def test_two_systems_tied_by_a_double_bond_are_two() -> None:
    assert systems("C1CC1=C1CCC1") == {"C1CC1", "C1CCC1"}


def test_stereo_marks_make_no_difference() -> None:
    assert systems("C1CC[C@H]2CCCC[C@@H]2C1") == {"C1CCC2CCCCC2C1"}


def test_a_molecule_counts_once_for_each_of_its_systems() -> None:
    mols = map(Chem.MolFromSmiles, ["c1ccccc1-c1ccccc1", "c1ccccc1C1CC1", "CCO"])
    table = count_ring_systems(mols, "here", "CC0-1.0")
    assert table == RingTable("here", "CC0-1.0", 3, {"c1ccccc1": 2, "C1CC1": 1})
    assert list(table.counts) == ["c1ccccc1", "C1CC1"]


def test_a_table_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    table = RingTable("here", "CC0-1.0", 3, {"c1ccccc1": 2, "C1CC1": 1})
    save_ring_table(table, tmp_path / "table.json")
    assert load_ring_table(tmp_path / "table.json") == table


GOOD = {"source": "s", "licence": "l", "num_molecules": 3, "ring_systems": {"C1CC1": 1}}


@pytest.mark.parametrize(
    "change",
    [
        {"ring_systems": {}},
        {"ring_systems": {"C1CC1": 0}},
        {"ring_systems": {"C1CC1": 4}},
        {"ring_systems": {"C1CC1": "many"}},
        {"ring_systems": ["C1CC1"]},
        {"num_molecules": None},
    ],
)
def test_a_table_that_makes_no_sense_is_refused(tmp_path: Path, change: Mapping[str, Any]) -> None:
    path = tmp_path / "table.json"
    path.write_text(json.dumps({**GOOD, **change}))
    with pytest.raises(ValueError, match=r"table\.json.*accepted"):
        load_ring_table(path)


def test_a_file_that_is_no_json_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "table.json"
    path.write_text("c1ccccc1 5")
    with pytest.raises(ValueError, match="is no table of ring systems"):
        load_ring_table(path)


def test_the_shipped_table_has_the_numbers_of_its_card() -> None:
    table = load_ring_table(shipped("ring_systems/collection.json"))
    card = shipped("ring_systems/collection.md").read_text()
    assert f"{len(table.counts):,} ring systems" in card
    assert f"{table.num_molecules:,} molecules" in card
    assert table.source.split(",")[0].removeprefix("RDKit ") in card
    assert table.licence in card


def test_every_ring_system_of_the_shipped_table_is_one_of_itself() -> None:
    table = load_ring_table(shipped("ring_systems/collection.json"))
    for smiles in list(table.counts)[::10]:
        assert systems(smiles) == {smiles}


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_ring_systems", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_script_makes_a_table_of_one_s_own_molecules(
    tmp_path: Path, script: ModuleType
) -> None:
    (tmp_path / "mine.smi").write_text("c1ccccc1C\nc1ccccc1O\nC1CC1\n")
    arguments = ["--input", str(tmp_path / "mine.smi"), "--output", str(tmp_path / "mine.json")]
    assert script.main([*arguments, "--licence", "internal"]) == 0
    table = load_ring_table(tmp_path / "mine.json")
    assert table == RingTable("mine.smi", "internal", 3, {"c1ccccc1": 2, "C1CC1": 1})


def test_the_script_does_not_replace_the_shipped_table_by_one_s_own(script: ModuleType) -> None:
    with pytest.raises(SystemExit):
        script.main(["--input", "mine.smi"])


@pytest.mark.slow
def test_the_script_makes_the_shipped_table_byte_for_byte(
    tmp_path: Path, script: ModuleType
) -> None:
    if not all((Path(script.RDConfig.RDDataDir) / name).exists() for name in script.FILES):
        pytest.skip("this RDKit comes without the files of molecules")
    path = shipped("ring_systems/collection.json")
    if rdBase.rdkitVersion not in load_ring_table(path).source:
        pytest.skip(f"RDKit {rdBase.rdkitVersion} is not the version the table was made with")
    assert script.main(["--output", str(tmp_path / "again.json")]) == 0
    assert (tmp_path / "again.json").read_bytes() == path.read_bytes()
