"""Records of a file of molecules or sequences, one after the other: none is left out."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from rdkit import Chem, rdBase

from molgfn.chem.fasta import records
from molgfn.chem.rows import READERS, Rows, read_sdf, suffix_of

TEXT_COLUMNS = ("smiles", "sequence", "peptide")
"""What the column of what is to be scored is called, or has in its name, whatever the case."""
ID_COLUMNS = ("id", "name", "molecule_id", "compound_id", "molecule chembl id", "title")


class Record(NamedTuple):
    """One record of a file.

    Attributes:
        row: its number in the file, from 1; of text files the line it begins in.
        name: what the file calls it, empty where it does not.
        text: a SMILES or sequence as the file has it; of an SD file, RDKit's SMILES.
        mol: what an SD file holds; None where RDKit cannot read it, and in other files.
        reason: why there is nothing to be read; None where there is.
    """

    row: int
    name: str
    text: str
    mol: Chem.Mol | None = None
    reason: str | None = None


def read_records(path: Path, column: str | None = None) -> Iterator[Record]:
    """The records of a file of molecules or of a .fasta file, in its order.

    Args:
        path: its suffix is one of `molgfn.chem.rows`, or .fasta.
        column: of SMILES or sequences in a table; None: the one whose name says so.
    Raises:
        FileNotFoundError: there is no such file.
        ValueError: another suffix, a malformed file, a table without such a column, or several.
    """
    if path.suffix.lower() == ".fasta":
        return (Record(one.line, one.name, one.sequence.upper()) for one in records(path))
    suffix = suffix_of(path)
    return _read_sdf(path) if suffix == ".sdf" else _read_table(path, READERS[suffix](path), column)


def molecule_of(text: str) -> tuple[Chem.Mol | None, str | None]:
    """The molecule of a SMILES, or None and why there is none."""
    if not text.strip():
        return None, "the SMILES is empty"
    with rdBase.BlockLogs():
        mol = Chem.MolFromSmiles(text)
        if mol is not None:
            return mol, None
        raw = Chem.MolFromSmiles(text, sanitize=False)
        if raw is None:
            return None, f"{text!r:.60} is no SMILES"
        try:
            Chem.SanitizeMol(raw)
        except ValueError as error:
            return None, f"RDKit refuses the molecule: {error}"
    return None, "RDKit refuses the molecule"


def _read_sdf(path: Path) -> Iterator[Record]:
    for number, mol in enumerate(read_sdf(path), start=1):
        if mol is None:
            yield Record(number, "", "", reason="RDKit cannot read this record of the SD file")
        else:
            yield Record(number, _name_of(mol), Chem.MolToSmiles(mol), mol)


def _name_of(mol: Chem.Mol) -> str:
    known = {name.lower(): name for name in mol.GetPropNames()}
    keys = ["_Name", *(known[name] for name in ID_COLUMNS if name in known)]
    return next((mol.GetProp(k).strip() for k in keys if mol.HasProp(k) and mol.GetProp(k)), "")


def _read_table(path: Path, rows: Rows, column: str | None) -> Iterator[Record]:
    width = len(rows.header)
    place, place_of_name = _places(path, rows, column)
    for number, fields in rows.read([place, place_of_name]):
        text, name = (fields[i] if i < len(fields) else "" for i in (place, place_of_name))
        reason = None if isinstance(text, str) else f"{text!r:.60} is not text"
        if len(fields) != width:
            reason = f"the row has {len(fields)} fields, the header {width}"
        name = "" if name is None else str(name).strip()
        yield Record(number, name, text.strip() if isinstance(text, str) else "", reason=reason)


def _places(path: Path, rows: Rows, column: str | None) -> tuple[int, int]:
    """Places of the column of texts and of that of names; behind all others if there is none."""
    names = [name.strip().lower() for name in rows.header]
    place_of_name = next((names.index(name) for name in ID_COLUMNS if name in names), len(names))
    if column is not None:
        if column not in rows.header:
            raise ValueError(f"{path} has no column {column!r}; it has {', '.join(rows.header)}")
        return rows.header.index(column), place_of_name
    if rows.structure is not None:
        return rows.structure, place_of_name
    exact = [i for i, name in enumerate(names) if name in TEXT_COLUMNS]
    found = exact or [i for i, name in enumerate(names) if any(t in name for t in TEXT_COLUMNS)]
    if len(found) != 1:
        several = f"{len(found)} columns" if found else "no column"
        raise ValueError(
            f"{path} has {several} whose name says SMILES or sequence, among "
            f"{', '.join(rows.header)}; name the one with --column"
        )
    return found[0], place_of_name
