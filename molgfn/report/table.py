"""Columns of a file of candidates, and what could not be read."""

import math
from pathlib import Path
from typing import Any, NamedTuple

from rdkit import Chem

from molgfn.chem.records import molecule_of
from molgfn.triage.files import UNREAD, read_candidates


class Column(NamedTuple):
    """A column; of `number`s all values are finite floats or None, else they are text."""

    name: str
    kind: str
    values: list[Any]


class Table(NamedTuple):
    """What a report shows.

    Attributes:
        mols: N molecules.
        columns: `id` and `smiles` first, each of N values.
        unread: why rows of the file are not among them.
    """

    mols: list[Chem.Mol]
    columns: list[Column]
    unread: list[str]


def read_table(path: Path) -> Table:
    """Read a file of candidates.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is malformed, has no column of SMILES, or no molecule that RDKit reads.
    """
    mols, rows, unread = [], [], []
    for number, row in enumerate(read_candidates(path), start=1):
        mol, reason = molecule_of(str(row.get("smiles") or ""))
        if (reason := row.pop(UNREAD, None) or reason) or mol is None:
            unread.append(f"molecule {number}: {reason}")
            continue
        mols.append(mol)
        rows.append({"id": f"row {number}", **row})
    if not mols:
        first = f", the first because {unread[0]}" if unread else ""
        raise ValueError(f"{path} holds no molecule that can be read{first}")
    names = dict.fromkeys(["id", "smiles", *(name for row in rows for name in row)])
    columns = [_column(name, [row.get(name) for row in rows]) for name in names]
    return Table(mols, columns, unread)


def _column(name: str, values: list[Any]) -> Column:
    """Numbers, if all values are that are there and one is; identities stay text."""
    if name not in ("id", "smiles"):
        numbers = [_number(value) for value in values]
        if None not in numbers and any(n is not None and math.isfinite(n) for n in numbers):
            finite = [n if n is not None and math.isfinite(n) else None for n in numbers]
            return Column(name, "number", finite)
    return Column(name, "text", ["" if value is None else str(value) for value in values])


def _number(value: Any) -> float | None:
    """A number, NaN where the field is empty, None where it is no number."""
    if value is None or value == "":
        return math.nan
    try:
        return float(value)
    except (TypeError, ValueError):
        return None
