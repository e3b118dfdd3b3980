"""Tables of molecules: any delimited text, SMI, SDF or parquet, as columns of text."""

import csv
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from io import StringIO
from itertools import islice
from pathlib import Path

from rdkit import Chem, rdBase

SEPARATORS = (",", ";", "\t", "|")
STRUCTURE = "structure"
SNIFFED = 50  # records that tell a separator
LONGEST = 10_000_000  # characters of a field; a longer one is a quote that nobody closed


@dataclass(frozen=True)
class Table:
    """Records of a file, in its order.

    Attributes:
        path: the file, for messages.
        columns: name -> [N] text, stripped; empty where there is nothing.
        unreadable: index of a record, from 0 -> why it could not be read; its columns are empty.
        notes: what had to be guessed, a sentence each.
    """

    path: Path
    columns: Mapping[str, list[str]]
    unreadable: Mapping[int, str] = field(default_factory=dict)
    notes: Sequence[str] = ()

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()), []))


def read_table(path: Path) -> Table:
    """Read a file of molecules; the format follows its suffix.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the suffix is unknown, the file is malformed or has no records.
    """
    suffix = path.suffix.lower()
    if suffix not in READERS:
        raise ValueError(f"{path}: suffix {suffix!r} is unknown; accepted are {', '.join(READERS)}")
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}")
    table = READERS[suffix](path)
    if not len(table):
        raise ValueError(f"{path} has no records")
    return table


def read_delimited(path: Path) -> Table:
    """Fields between commas, semicolons, tabs or bars; quoted or not, with a header or without."""
    text, notes = _text(path)
    separator = _separator(text)
    csv.field_size_limit(LONGEST)
    reader = csv.reader(StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        rows = [row for row in reader if row]
    except csv.Error as error:
        raise ValueError(f"{path}, line {reader.line_num}: {error}; check its quotes") from error
    if separator != ",":
        notes.append(f"fields are separated by {separator!r}")
    return _from_rows(path, rows, notes)


def read_smi(path: Path) -> Table:
    """A SMILES on each line, then its name or further fields, between tabs or blanks."""
    text, notes = _text(path)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    tabs = any("\t" in line for line in lines)
    rows = [line.split("\t" if tabs else None) for line in lines]
    if len({len(row) for row in rows}) > 1:  # names with blanks
        rows = [line.split("\t" if tabs else None, maxsplit=1) for line in lines]
        rows = [row + [""] * (2 - len(row)) for row in rows]
    if rows and "smiles" in rows[0][0].lower():
        return _from_rows(path, rows, notes)
    width = len(rows[0]) if rows else 0
    header = ["smiles", "id", *(f"column {number}" for number in range(3, width + 1))][:width]
    return _from_rows(path, [header, *rows], notes)


def read_sdf(path: Path) -> Table:
    """Structures of an SD file as SMILES in the column "structure", and their data fields."""
    structures: list[str] = []
    fields: list[dict[str, str]] = []
    unreadable: dict[int, str] = {}
    with rdBase.BlockLogs(), path.open("rb") as file:
        for index, mol in enumerate(Chem.ForwardSDMolSupplier(file)):
            if mol is None:
                unreadable[index] = "RDKit cannot read the record"
                structures.append("")
                fields.append({})
                continue
            structures.append(Chem.MolToSmiles(mol))
            title = {"id": mol.GetProp("_Name")} if mol.HasProp("_Name") else {}
            fields.append(title | mol.GetPropsAsDict(autoConvertStrings=False))
    names = dict.fromkeys(name for one in fields for name in one if name != STRUCTURE)
    columns = {name: [str(one.get(name, "")).strip() for one in fields] for name in names}
    return Table(path, {STRUCTURE: structures, **columns}, unreadable)


def read_parquet(path: Path) -> Table:
    """The columns of a parquet file, as text."""
    import pandas as pd

    try:
        frame = pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise ValueError(f"{path} is no parquet file: {error}") from error
    columns = {
        str(name): ["" if missing else str(value).strip() for value, missing in pairs]
        for name in frame.columns
        for pairs in [zip(frame[name].tolist(), frame[name].isna().tolist(), strict=True)]
    }
    return Table(path, columns)


READERS: Mapping[str, Callable[[Path], Table]] = {
    ".csv": read_delimited,
    ".tsv": read_delimited,
    ".tab": read_delimited,
    ".txt": read_delimited,
    ".smi": read_smi,
    ".smiles": read_smi,
    ".sdf": read_sdf,
    ".parquet": read_parquet,
}
"""Suffix -> what reads it."""


def _text(path: Path) -> tuple[str, list[str]]:
    """The text of a file, in UTF-8 or else in Windows-1252, as older spreadsheets write."""
    content = path.read_bytes()
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16"), []
    if b"\0" in content:
        raise ValueError(f"{path} is no text: it holds zero bytes")
    try:
        return content.decode("utf-8-sig"), []
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace"), ["the file is not in UTF-8: read as cp1252"]


def _separator(text: str) -> str:
    """What divides the first records into the most fields of a constant number; else a comma."""

    def fields(separator: str) -> int:
        reader = csv.reader(StringIO(text, newline=""), delimiter=separator)
        counts = Counter(len(row) for row in islice(reader, SNIFFED) if row)
        width, often = counts.most_common(1)[0] if counts else (1, 0)
        return width if often > 0.8 * counts.total() else 1

    return max(SEPARATORS, key=fields)


def _from_rows(path: Path, rows: list[list[str]], notes: list[str]) -> Table:
    """Columns of records, of which the first is the header unless it holds a SMILES itself."""
    rows = [[field.strip() for field in row] for row in rows]
    if not rows:
        raise ValueError(f"{path} is empty")
    if any(map(_is_long_smiles, rows[0])):
        rows = [[f"column {number}" for number in range(1, len(rows[0]) + 1)], *rows]
        notes.append(f"the file has no header: its columns are called {', '.join(rows[0])}")
    header, records = rows[0], rows[1:]
    unreadable = {}
    for index, record in enumerate(records):
        if len(record) != len(header):
            unreadable[index] = f"it has {len(record)} fields, the header has {len(header)}"
            records[index] = [""] * len(header)
    columns = {
        name: [record[position] for record in records]
        for position, name in enumerate(_distinct(header))
    }
    return Table(path, columns, unreadable, notes)


def _distinct(header: list[str]) -> list[str]:
    """Names of columns; those without get their number, and the later of two alike too."""
    names: list[str] = []
    for number, name in enumerate(header, start=1):
        names.append(name if name and name not in names else f"{name or 'column'} {number}".strip())
    return names


def _is_long_smiles(text: str) -> bool:
    with rdBase.BlockLogs():
        mol = Chem.MolFromSmiles(text) if text else None
    return mol is not None and mol.GetNumAtoms() >= 5
