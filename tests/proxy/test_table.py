"""Files of molecules, well-formed and not."""

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdkit import Chem, RDConfig

from molgfn.proxy.table import read_table


def written(folder: Path, content: str | bytes, name: str = "mine.csv") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_any_separator_is_found(tmp_path: Path, separator: str) -> None:
    lines = [["smiles", "pIC50", "note"], ["CCO", "5.1", "a"], ["CC(=O)O", "6,2", "b c"]]
    text = "\n".join(separator.join(f'"{x}"' if "," in x else x for x in line) for line in lines)
    table = read_table(written(tmp_path, text))
    assert dict(table.columns) == {
        "smiles": ["CCO", "CC(=O)O"],
        "pIC50": ["5.1", "6,2"],
        "note": ["a", "b c"],
    }


def test_one_column_needs_no_separator(tmp_path: Path) -> None:
    table = read_table(written(tmp_path, "smiles\nCCO\nCCN\n"))
    assert table.columns == {"smiles": ["CCO", "CCN"]}


def test_the_chembl_export_has_all_its_rows_and_columns(seh_folder: Path) -> None:
    table = read_table(seh_folder / "seh_chembl.csv")
    assert len(table) == 2858
    assert len(table.columns) == 41
    assert not table.unreadable
    assert table.columns["Standard Relation"][0] == "'='"


def test_a_row_with_too_many_fields_is_listed_and_the_others_are_read(tmp_path: Path) -> None:
    table = read_table(written(tmp_path, "smiles,y\nCCO,1\nCCN,2,3\nCCC\nCCF,4\n"))
    assert table.columns["smiles"] == ["CCO", "", "", "CCF"]
    assert table.unreadable == {
        1: "it has 3 fields, the header has 2",
        2: "it has 1 fields, the header has 2",
    }


def test_a_quote_that_is_not_closed_is_refused_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"mine\.csv, line 4: .*check its quotes"):
        read_table(written(tmp_path, 'smiles,y\n"CCO,1\nCCN,2\nCCC,3\n'))


def test_a_file_without_a_header_loses_no_record(tmp_path: Path) -> None:
    table = read_table(written(tmp_path, '"CC(=O)Nc1ccccc1","A"\n"CCOC(=O)CC","B"\n'))
    assert table.columns == {"column 1": ["CC(=O)Nc1ccccc1", "CCOC(=O)CC"], "column 2": ["A", "B"]}
    assert any("no header" in note for note in table.notes)


def test_the_screening_molecules_in_rdkit_are_all_read() -> None:
    path = Path(RDConfig.RDDataDir) / "Pains" / "test_data" / "wehi_mols.csv"
    assert len(read_table(path)) == 10_000


def test_two_columns_of_one_name_are_both_kept(tmp_path: Path) -> None:
    table = read_table(written(tmp_path, "smiles,y,y\nCCO,1,2\n"))
    assert table.columns == {"smiles": ["CCO"], "y": ["1"], "y 3": ["2"]}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_files_of_spreadsheets_are_read(tmp_path: Path, encoding: str) -> None:
    table = read_table(written(tmp_path, "smiles,µM\r\nCCO,1\r\n".encode(encoding)))
    assert table.columns == {"smiles": ["CCO"], "µM": ["1"]}


def test_names_in_a_smi_file_may_have_blanks(tmp_path: Path) -> None:
    table = read_table(written(tmp_path, "CCO ethyl alcohol\nCCN\nnonsense x\n", "a.smi"))
    assert table.columns == {"smiles": ["CCO", "CCN", "nonsense"], "id": ["ethyl alcohol", "", "x"]}


def test_a_smi_file_may_have_a_header(tmp_path: Path) -> None:
    table = read_table(written(tmp_path, "SMILES\tname\ty\nCCO\ta b\t5\n", "a.smi"))
    assert table.columns == {"SMILES": ["CCO"], "name": ["a b"], "y": ["5"]}


def test_a_record_of_an_sd_file_that_rdkit_cannot_read_keeps_its_place(tmp_path: Path) -> None:
    blocks = [Chem.MolToMolBlock(Chem.MolFromSmiles(s)) for s in ("CCO", "CCN")]
    text = "$$$$\n".join(f"{block}>  <pIC50>\n5.{i}\n\n" for i, block in enumerate(blocks))
    text = text.replace("$$$$\n", "$$$$\nbroken\n\n\n  9  0  0\nM  END\n$$$$\n") + "$$$$\n"
    table = read_table(written(tmp_path, text, "a.sdf"))
    assert table.columns["structure"] == ["CCO", "", "CCN"]
    assert table.columns["pIC50"] == ["5.0", "", "5.1"]
    assert list(table.unreadable) == [1]


def test_parquet_gives_the_numbers_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pd.DataFrame({"smiles": ["CCO", None], "y": [0.1 + 0.2, float("nan")]}).to_parquet(path)
    assert read_table(path).columns == {"smiles": ["CCO", ""], "y": ["0.30000000000000004", ""]}


BAD = {
    "empty": ("mine.csv", "", "is empty"),
    "header only": ("mine.csv", "smiles,y\n", "has no records"),
    "unknown suffix": ("mine.xlsx", "x", r"suffix '\.xlsx' is unknown; accepted are \.csv"),
    "binary": ("mine.csv", b"\x00\x01\x02", "is no text"),
    "no parquet": ("mine.parquet", b"PAR", "is no parquet file"),
    "empty smi": ("mine.smi", "\n\n", "has no records"),
    "empty sdf": ("mine.sdf", "", "has no records"),
}


@pytest.mark.parametrize(("name", "content", "message"), BAD.values(), ids=BAD.keys())
def test_a_bad_file_is_refused(
    tmp_path: Path, name: str, content: str | bytes, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        read_table(written(tmp_path, content, name))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"nowhere\.csv"):
        read_table(tmp_path / "nowhere.csv")


@settings(deadline=None, max_examples=200)
@given(
    st.binary(max_size=80) | st.text(max_size=80).map(str.encode), st.sampled_from(["csv", "smi"])
)
def test_any_text_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, suffix: str
) -> None:
    path = written(tmp_path_factory.mktemp("any"), content, f"mine.{suffix}")
    try:
        table = read_table(path)
    except ValueError:
        return
    assert {len(column) for column in table.columns.values()} == {len(table)}


_FIELD = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), max_size=6)


@settings(deadline=None)
@given(st.lists(st.tuples(_FIELD, _FIELD), min_size=1, max_size=5))
def test_what_pandas_writes_is_read_unchanged(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]]
) -> None:
    path = tmp_path_factory.mktemp("any") / "mine.csv"
    pd.DataFrame(rows, columns=["smiles", "y"]).to_csv(path, index=False)
    columns = read_table(path).columns
    assert list(zip(columns["smiles"], columns["y"], strict=True)) == rows
