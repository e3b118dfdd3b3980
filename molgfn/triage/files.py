"""Files that a triage reads and writes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from rdkit import Chem

from molgfn.chem.rows import READERS, read_sdf, suffix_of
from molgfn.triage.config import PROPERTIES

NUMBERS = ("log_reward", "reward", "beta", "log_p", "num_fragments", *PROPERTIES)
"""Columns that are read as numbers where they hold them; all others stay as they are."""

UNREAD = "unread_because"
"""Key of what `read_candidates` gives out as unreadable."""


class Outputs(NamedTuple):
    """Files of one triage, side by side.

    Attributes:
        kept: the candidates that are left; the path that the user gives.
        removed: KEPT.removed.csv: the others, with `step` and `reason`.
        funnel: KEPT.funnel.json: a list of {"step", "removed", "left"}.
    """

    kept: Path
    removed: Path
    funnel: Path


def outputs_of(kept: Path) -> Outputs:
    """Where a triage writes, of `a.csv`: `a.csv`, `a.removed.csv` and `a.funnel.json`."""
    return Outputs(kept, kept.with_suffix(".removed.csv"), kept.with_suffix(".funnel.json"))


def read_candidates(path: Path) -> Iterator[dict[str, Any]]:
    """The rows of a file of candidates, all columns, with the structure as `smiles`.

    Args:
        path: of a table or an SD file, see `molgfn.chem.rows`. Of a table the structure is the
            column `smiles`, in any case, or the only one with that in its name.
    Returns:
        Rows; one that cannot be read says why at `UNREAD`.
    Raises:
        FileNotFoundError: there is no such file.
        ValueError: its suffix is unknown, it is malformed, or there is no such column, or several.
    """
    if (suffix := suffix_of(path)) == ".sdf":
        return _records(path)
    rows = READERS[suffix](path)
    place = _structure(rows.header, path) if rows.structure is None else rows.structure
    header = [name if i != place else "smiles" for i, name in enumerate(rows.header)]

    def read() -> Iterator[dict[str, Any]]:
        for number, fields in rows.read(None):
            row = {n: _value(n, v) for n, v in zip(header, fields, strict=False)}
            if len(fields) != len(header):
                row[UNREAD] = f"row {number} has {len(fields)} fields, the header {len(header)}"
            yield row

    return read()


def _structure(header: list[str], path: Path) -> int:
    names = [name.strip().lower() for name in header]
    found = [i for i, name in enumerate(names) if name == "smiles"]
    found = found or [i for i, name in enumerate(names) if "smiles" in name]
    if len(found) != 1:
        raise ValueError(
            f"{path} has {len(found) or 'no'} columns of SMILES among {', '.join(header)}; "
            "accepted is one that is called smiles"
        )
    return found[0]


def _records(path: Path) -> Iterator[dict[str, Any]]:
    for number, mol in enumerate(read_sdf(path), start=1):
        if mol is None:
            yield {"smiles": "", UNREAD: f"RDKit cannot read record {number} of the SD file"}
            continue
        row = {"id": mol.GetProp("_Name") if mol.HasProp("_Name") else ""}
        row |= {name: _value(name, mol.GetProp(name)) for name in mol.GetPropNames()}
        yield {**row, "smiles": Chem.MolToSmiles(mol)}


def _value(name: str, value: Any) -> Any:
    if name not in NUMBERS or not isinstance(value, str):
        return value
    try:
        return float(value) if not value.strip().lstrip("+-").isdigit() else int(value)
    except ValueError:
        return value
