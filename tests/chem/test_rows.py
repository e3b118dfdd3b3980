"""Every command reads the same files: formats, packing, encodings, separators, headers."""

import gzip
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from rdkit import Chem

from molgfn.chem.molecule_file import named_molecules
from molgfn.chem.records import read_records
from molgfn.chem.rows import READERS, read_delimited, read_parquet
from molgfn.proxy.table import read_table

SMILES = ["CC(=O)Nc1ccccc1", "CCO", "CCN"]
MOLBLOCKS = [f"{Chem.MolToMolBlock(Chem.MolFromSmiles(text))}$$$$\n" for text in SMILES]
LINES = "\n".join(SMILES)
TEXTS = {
    "a.csv": f"smiles\n{LINES}",
    "a.TSV": "id\tSMILES\n" + "".join(f"x\t{text}\n" for text in SMILES),
    "a.tab": "".join(f"x\t{text}\n" for text in SMILES),
    "a.txt": f"\n{LINES}\n\n",
    "named.txt": "".join(f"{text} a name\n" for text in SMILES),
    "table.txt": "smiles|y\n" + "".join(f"{text}|5\n" for text in SMILES),
    "a.smi": f"smiles name\n{LINES} x y",
    "a.smiles": "".join(f"{text}\tx\n" for text in SMILES),
    "a.sdf": "".join(MOLBLOCKS),
}
ENCODED = {
    f"{name} in {encoding}": (name, text.encode(encoding))
    for name, text in TEXTS.items()
    for encoding in ("utf-8", "utf-8-sig", "utf-16")
    if not (name == "a.sdf" and encoding != "utf-8")
}


def scored(path: Path) -> list[str]:
    return [record.text for record in read_records(path)]


def references(path: Path) -> list[str]:
    return [text for _, text in named_molecules(path)]


def fitted(path: Path) -> list[str]:
    columns = read_table(path).columns
    (found,) = [texts for texts in columns.values() if texts[-2:] == SMILES[-2:]]
    return found


@pytest.mark.parametrize("read", [scored, references, fitted])
@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(("name", "content"), ENCODED.values(), ids=ENCODED)
def test_every_reader_finds_the_same_molecules(
    tmp_path: Path, name: str, content: bytes, packed: bool, read: Callable[[Path], list[str]]
) -> None:
    path = tmp_path / (f"{name}.gz" if packed else name)
    path.write_bytes(gzip.compress(content) if packed else content)
    assert read(path) == SMILES


def test_every_format_of_text_is_among_these() -> None:
    assert {Path(name).suffix.lower() for name in TEXTS} == {*READERS, ".sdf"} - {".parquet"}


@pytest.mark.parametrize("read", [scored, references, fitted])
def test_a_name_in_windows_1252_is_no_obstacle(
    tmp_path: Path, read: Callable[[Path], list[str]]
) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(("smiles;name\n" + "".join(f"{s};µ\n" for s in SMILES)).encode("cp1252"))
    assert read(path) == SMILES


@pytest.mark.parametrize("read", [scored, references, read_table])
@pytest.mark.parametrize("name", ["a.csv.gz", "a.sdf.gz"])
def test_a_packed_file_that_is_cut_off_is_refused(
    tmp_path: Path, name: str, read: Callable[[Path], object]
) -> None:
    (tmp_path / name).write_bytes(gzip.compress("".join(MOLBLOCKS).encode())[:-30])
    with pytest.raises(ValueError, match="end-of-stream"):
        read(tmp_path / name)


@pytest.mark.parametrize("read", [scored, references, read_table])
def test_a_quote_that_nobody_closes_is_refused(
    tmp_path: Path, read: Callable[[Path], object]
) -> None:
    (tmp_path / "a.csv").write_text('smiles,y\nCCO,1\n"CCN,2\nCCC,3\n')
    with pytest.raises(ValueError, match="begins in line 3; check its quotes"):
        read(tmp_path / "a.csv")


def test_text_is_read_as_it_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("smiles,y\n" + "CCO,1\n" * 500_000 + '"CCN')
    rows = read_delimited(tmp_path / "a.csv").read(None)
    assert next(rows) == (2, ["CCO", "1"])
    with pytest.raises(ValueError, match="begins in line 500002"):
        list(rows)


def test_only_columns_that_are_asked_for_are_read_of_parquet(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": [1, 2, 3], "smiles": SMILES, "b": [4, 5, 6]})
    frame[frame.a > 1].to_parquet(tmp_path / "a.parquet")
    rows = read_parquet(tmp_path / "a.parquet")
    assert rows.header == ["a", "smiles", "b"]
    assert list(rows.read([1])) == [(1, (None, "CCO", None)), (2, (None, "CCN", None))]


@pytest.mark.parametrize("first", ["CCO,5.1", "ethanol,CCO,5.1", "c1ccccc1,benzene"])
def test_a_first_molecule_is_not_taken_for_a_header(tmp_path: Path, first: str) -> None:
    (tmp_path / "a.csv").write_text(f"{first}\n{first}\n")
    rows = read_delimited(tmp_path / "a.csv")
    assert rows.header[0] == "column 1"
    assert len(list(rows.read(None))) == 2


@pytest.mark.parametrize("header", ["smiles,24,48", "smiles,pIC50", "C,N"])
def test_a_header_is_not_taken_for_a_molecule(tmp_path: Path, header: str) -> None:
    (tmp_path / "a.csv").write_text(f"{header}\n{header}\n")
    assert read_delimited(tmp_path / "a.csv").header == header.split(",")
