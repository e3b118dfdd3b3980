"""Tables of molecules: whole files, as columns of text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rdkit import Chem

from molgfn.chem.rows import READERS, Rows, read_sdf, suffix_of

STRUCTURE = "structure"


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
    """Read a whole file of molecules, see `molgfn.chem.rows`.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the suffix is unknown, the file is malformed or has no records.
    """
    suffix = suffix_of(path)
    table = _of_sdf(path) if suffix == ".sdf" else _of_rows(path, READERS[suffix](path))
    if not len(table):
        raise ValueError(f"{path} has no records")
    return table


def _of_sdf(path: Path) -> Table:
    """Structures of an SD file as SMILES in the column "structure", and their data fields."""
    fields = [_data(mol) for mol in read_sdf(path)]
    unreadable = {i: "RDKit cannot read the record" for i, one in enumerate(fields) if not one}
    names = dict.fromkeys([STRUCTURE, *(name for one in fields for name in one)])
    columns = {name: [_text(one.get(name)) for one in fields] for name in names}
    return Table(path, columns, unreadable)


def _data(mol: Chem.Mol | None) -> dict[str, str]:
    if mol is None:
        return {}
    title = {"id": mol.GetProp("_Name")} if mol.HasProp("_Name") else {}
    data = mol.GetPropsAsDict(autoConvertStrings=False)
    return {**title, **data, STRUCTURE: Chem.MolToSmiles(mol)}


def _of_rows(path: Path, rows: Rows) -> Table:
    header = _distinct(rows.header)
    records = [fields for _, fields in rows.read(None)]
    unreadable = {
        index: f"it has {len(record)} fields, the header has {len(header)}"
        for index, record in enumerate(records)
        if len(record) != len(header)
    }
    for index in unreadable:
        records[index] = [""] * len(header)
    columns = {name: [_text(one[place]) for one in records] for place, name in enumerate(header)}
    return Table(path, columns, unreadable, rows.notes)


def _text(value: Any) -> str:
    """What a table shows of a value; nothing where there is none, or NaN."""
    if isinstance(value, str):
        return value.strip()
    return "" if value is None or value != value else str(value).strip()


def _distinct(header: list[str]) -> list[str]:
    """Names of columns; those without get their number, and the later of two alike too."""
    names: list[str] = []
    for number, name in enumerate(header, start=1):
        names.append(name if name and name not in names else f"{name or 'column'} {number}".strip())
    return names
