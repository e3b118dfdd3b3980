"""Files of molecules and sequences: every record is there, in its place, or the file is refused."""

from pathlib import Path

import pandas as pd
import pytest
from rdkit import Chem

from molgfn.chem.records import Record, molecule_of, read_records


def read(path: Path, content: str, column: str | None = None) -> list[Record]:
    path.write_text(content)
    return list(read_records(path, column))


def test_a_line_of_smi_has_a_smiles_and_a_name(tmp_path: Path) -> None:
    found = read(tmp_path / "a.smi", "smiles name\nCCO ethyl alcohol\n\nC\n")
    assert found == [Record(2, "ethyl alcohol", "CCO"), Record(4, "", "C")]


def test_a_first_line_of_smi_that_is_a_name_is_no_record(tmp_path: Path) -> None:
    assert [one.row for one in read(tmp_path / "a.smi", "SMILES\tName\nCCO\tx\n")] == [2]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_tables_may_be_separated_by_anything_usual(tmp_path: Path, separator: str) -> None:
    content = separator.join(["Name", "Canonical SMILES"]) + "\n" + separator.join(["x", "CCO"])
    assert read(tmp_path / "a.csv", content) == [Record(2, "x", "CCO")]


def test_rows_of_another_width_are_listed_with_the_reason(tmp_path: Path) -> None:
    found = read(tmp_path / "a.csv", "id,smiles\na,C\nb\nc,CC,1\nd,CCC\n")
    assert [(one.row, one.name) for one in found] == [(2, "a"), (3, "b"), (4, "c"), (5, "d")]
    assert [one.reason for one in found if one.reason] == [
        "the row has 1 fields, the header 2",
        "the row has 3 fields, the header 2",
    ]


def test_a_quoted_field_may_hold_a_line_break(tmp_path: Path) -> None:
    found = read(tmp_path / "a.csv", 'id,smiles\n"a\nb",C\nd,CC\n')
    assert [(one.row, one.name) for one in found] == [(2, "a\nb"), (4, "d")]


def test_the_plain_name_of_a_column_wins(tmp_path: Path) -> None:
    assert read(tmp_path / "a.csv", "raw_smiles,smiles\nC,CC\n")[0].text == "CC"


@pytest.mark.parametrize(
    ("header", "complaint"),
    [
        ("name,value", "no column whose name says SMILES or sequence, among name, value"),
        ("a_smiles,b_smiles", "2 columns whose name says SMILES"),
        ("", "among C, CC;"),
    ],
)
def test_a_table_whose_column_cannot_be_told_is_refused(
    tmp_path: Path, header: str, complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        read(tmp_path / "a.csv", f"{header}\nC,CC\n")


def test_the_column_may_be_named(tmp_path: Path) -> None:
    assert read(tmp_path / "a.csv", "a_smiles,b_smiles\nC,CC\n", "b_smiles")[0].text == "CC"
    with pytest.raises(ValueError, match="no column 'c'; it has a, smiles"):
        read(tmp_path / "a.csv", "a,smiles\nC,CC\n", "c")


def test_an_sd_file_gives_molecules_and_lists_what_cannot_be_read(tmp_path: Path) -> None:
    good = Chem.MolToMolBlock(Chem.MolFromSmiles("CCO")).replace("\n", "ethanol\n", 1)
    found = read(tmp_path / "a.sdf", f"{good[good.index('ethanol') :]}$$$$\nbroken\n\n\nx\n$$$$\n")
    assert (found[0].name, found[0].text) == ("ethanol", "CCO")
    assert found[0].mol.GetNumAtoms() == 3
    assert (found[1].row, found[1].mol) == (2, None)
    assert "cannot read" in str(found[1].reason)


def test_parquet_may_hold_nothing_where_a_smiles_should_be(tmp_path: Path) -> None:
    pd.DataFrame({"smiles": ["C", None], "id": [7, 8]}).to_parquet(tmp_path / "a.parquet")
    found = list(read_records(tmp_path / "a.parquet"))
    assert found == [Record(1, "7", "C"), Record(2, "8", "", reason="None is not text")]


def test_a_fasta_file_keeps_repeated_records(tmp_path: Path) -> None:
    found = read(tmp_path / "a.fasta", ">x\nack\nDE\n>y\nACKDE\n")
    assert found == [Record(1, "x", "ACKDE"), Record(4, "y", "ACKDE")]


def test_no_parquet_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"a\.parquet is no parquet file"):
        read(tmp_path / "a.parquet", "not at all")


def test_an_unknown_suffix_names_those_that_are_known(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"suffix '\.xlsx' is unknown; accepted are \.csv"):
        read(tmp_path / "a.xlsx", "")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"gone\.smi is not a file"):
        read_records(tmp_path / "gone.smi")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (" ", "the SMILES is empty"),
        ("CCX(", "'CCX(' is no SMILES"),
        ("C(C)(C)(C)(C)C", "RDKit refuses the molecule: Explicit valence"),
        ("c1cccc1", "RDKit refuses the molecule: Can't kekulize"),
    ],
)
def test_a_smiles_that_is_no_molecule_has_a_reason(text: str, reason: str) -> None:
    mol, found = molecule_of(text)
    assert mol is None
    assert str(found).startswith(reason)
