"""Files of molecules: which are read, and what is said of the rest."""

import gzip
from pathlib import Path

import pytest
from rdkit import Chem

from molgfn.chem.molecule_file import largest_component, molecules, named_molecules


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_the_first_word_of_each_line_is_a_molecule(tmp_path: Path) -> None:
    path = written(tmp_path, "a.smi", "CCO ethanol\n\nc1ccccc1\tbenzene\r\n")
    assert list(named_molecules(path)) == [(1, "CCO"), (3, "c1ccccc1")]


def test_a_header_of_a_smiles_file_is_passed_over(tmp_path: Path) -> None:
    path = written(tmp_path, "a.smi", "SMILES name\nCCO ethanol\n")
    assert list(named_molecules(path)) == [(2, "CCO")]


@pytest.mark.parametrize(("name", "separator"), [("a.csv", ","), ("a.tsv", "\t")])
def test_a_table_is_read_by_its_column(tmp_path: Path, name: str, separator: str) -> None:
    lines = [["SMILES", "name"], ["CCO", "ethanol"], ["c1ccccc1", "benzene"]]
    path = written(tmp_path, name, "\ufeff" + "\n".join(map(separator.join, lines)))
    assert list(named_molecules(path)) == [(2, "CCO"), (3, "c1ccccc1")]


def test_a_packed_file_is_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(b"smiles\nCCO\n"))
    assert list(named_molecules(path)) == [(2, "CCO")]


def test_a_table_without_a_header_loses_no_molecule(tmp_path: Path) -> None:
    path = written(tmp_path, "a.csv", "x;CC(=O)Nc1ccccc1\ny;CCO\n")
    assert list(named_molecules(path)) == [(1, "CC(=O)Nc1ccccc1"), (2, "CCO")]


def test_a_list_of_inchikeys_is_read_from_any_text(tmp_path: Path) -> None:
    key = "LFQSCWFLJHTTHZ-UHFFFAOYSA-N"
    for name in ("a.txt", "a.csv", "a.smi", "a.tab"):
        assert list(named_molecules(written(tmp_path, name, f"{key}\n"))) == [(1, key)]


def test_a_suffix_of_no_format_is_refused(tmp_path: Path) -> None:
    for name in ("a.xlsx", "a.xlsx.gz", "a.parquet.gz", "a.gz", "a"):
        with pytest.raises(ValueError, match=r"is unknown; accepted are \.csv"):
            list(named_molecules(written(tmp_path, name, "CCO")))


def test_an_sd_file_is_read(tmp_path: Path) -> None:
    with Chem.SDWriter(str(tmp_path / "a.sdf")) as writer:
        for smiles in ("CCO", "c1ccccc1"):
            writer.write(Chem.MolFromSmiles(smiles))
    assert list(named_molecules(tmp_path / "a.sdf")) == [(1, "CCO"), (2, "c1ccccc1")]


def test_a_table_without_such_a_column_is_refused_with_its_columns(tmp_path: Path) -> None:
    path = written(tmp_path, "a.csv", "name,structure\nethanol,CCO\n")
    with pytest.raises(ValueError, match=r"columns \['name', 'structure'\]; one of them must be"):
        list(named_molecules(path))


@pytest.mark.parametrize("content", [b"\x80\x04\xff\xfe", b"\x1f\x8bnot gzip"])
@pytest.mark.parametrize("name", ["a.smi", "a.smi.gz"])
def test_what_is_no_text_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ValueError, match="no text file of molecules"):
        list(named_molecules(path))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"absent\.smi is not a file"):
        list(named_molecules(tmp_path / "absent.smi"))


def test_molecules_that_cannot_be_read_are_counted_in_a_warning() -> None:
    named = [(1, "CCO"), (2, "C(C"), (3, ""), (4, "c1ccccc1")]
    with pytest.warns(UserWarning, match=r"mine: 2 of 4 entries .* in line 2: 'C\(C'"):
        read = list(molecules(named, "mine"))
    assert list(map(Chem.MolToSmiles, read)) == ["CCO", "c1ccccc1"]


def test_a_file_without_a_readable_molecule_is_refused() -> None:
    with pytest.raises(ValueError, match="mine: 1 of 1 entries are no SMILES"):
        list(molecules([(1, "nothing")], "mine"))
    with pytest.raises(ValueError, match="mine holds no molecules"):
        list(molecules([], "mine"))


def test_the_largest_component_stays_of_a_salt() -> None:
    assert Chem.MolToSmiles(largest_component(Chem.MolFromSmiles("Cl.NCCO"))) == "NCCO"
