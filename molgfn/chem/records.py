"""Records of a file of molecules or sequences, one after the other: none is left out."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rdkit import Chem, rdBase

from molgfn.chem.fasta import records

TEXT_COLUMNS = ("smiles", "sequence", "peptide")
"""What the column of what is to be scored is called, or has in its name, whatever the case."""
ID_COLUMNS = ("id", "name", "molecule_id", "compound_id", "molecule chembl id", "title")
SEPARATORS = ",;\t|"


@dataclass(frozen=True)
class Record:
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
    """The records of a .smi, .csv, .tsv, .sdf, .parquet or .fasta file, in its order.

    Args:
        column: of SMILES or sequences in a table; None: the one whose name says so.
    Raises:
        FileNotFoundError: there is no such file.
        ValueError: another suffix, a table without such a column, or with several.
    """
    readers = {
        ".smi": _read_smi,
        ".sdf": _read_sdf,
        ".fasta": _read_fasta,
        ".csv": _read_text_table,
        ".tsv": _read_text_table,
        ".parquet": _read_parquet,
    }
    suffix = path.suffix.lower()
    if suffix not in readers:
        raise ValueError(f"input {path} has an unknown suffix; accepted are {', '.join(readers)}")
    if not path.is_file():
        raise FileNotFoundError(f"input {path} is not a file")
    return readers[suffix](path, column)


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
            return None, f"{_shown(text)} is no SMILES"
        try:
            Chem.SanitizeMol(raw)
        except ValueError as error:
            return None, f"RDKit refuses the molecule: {error}"
    return None, "RDKit refuses the molecule"


def _read_smi(path: Path, column: str | None) -> Iterator[Record]:
    """A SMILES a line, then a blank and a name; a first line of column names is no record."""
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        for number, line in enumerate(file, start=1):
            text, _, name = line.strip().partition("\t" if "\t" in line.strip() else " ")
            if text and not (number == 1 and text.lower() in TEXT_COLUMNS):
                yield Record(number, name.strip(), text)


def _read_fasta(path: Path, column: str | None) -> Iterator[Record]:
    for found in records(path):
        yield Record(found.line, found.name, found.sequence.upper())


def _read_sdf(path: Path, column: str | None) -> Iterator[Record]:
    with path.open("rb") as file, rdBase.BlockLogs():
        for number, mol in enumerate(Chem.ForwardSDMolSupplier(file), start=1):
            if mol is None:
                yield Record(number, "", "", reason="RDKit cannot read this record of the SD file")
                continue
            yield Record(number, _name_of(mol), Chem.MolToSmiles(mol), mol)


def _name_of(mol: Chem.Mol) -> str:
    known = {name.lower(): name for name in mol.GetPropNames()}
    keys = ["_Name", *(known[name] for name in ID_COLUMNS if name in known)]
    return next((mol.GetProp(k).strip() for k in keys if mol.HasProp(k) and mol.GetProp(k)), "")


def _read_text_table(path: Path, column: str | None) -> Iterator[Record]:
    """A table with a header, separated by what is most frequent in it of `SEPARATORS`."""
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        first = file.readline()
        file.seek(0)
        rows = csv.reader(file, delimiter=max(SEPARATORS, key=first.count))
        start = 1
        try:
            header = next(rows, [])
            text, name = _columns(path, header, column)
            start = rows.line_num + 1
            for row in rows:
                if row:
                    yield _record(start, row, text, name, len(header))
                start = rows.line_num + 1
        except csv.Error as error:
            raise ValueError(f"{path}, line {start}: {error}") from error


def _record(number: int, row: Sequence[str], text: int, name: int | None, width: int) -> Record:
    found, called = _at(row, text), _at(row, name)
    wrong = f"the row has {len(row)} fields, the header {width}" if len(row) != width else None
    return Record(number, called, found, reason=wrong)


def _at(row: Sequence[str], place: int | None) -> str:
    return row[place].strip() if place is not None and place < len(row) else ""


def _read_parquet(path: Path, column: str | None) -> Iterator[Record]:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        table = parquet.ParquetFile(path)
    except pa.ArrowException as error:
        raise ValueError(f"{path} is no parquet file: {error}") from error
    header = list(table.schema_arrow.names)
    text, name = _columns(path, header, column)
    wanted = [header[text], *([] if name is None else [header[name]])]
    number = 0
    for batch in table.iter_batches(batch_size=4096, columns=wanted):
        texts, names = batch.column(wanted[0]).to_pylist(), batch.column(wanted[-1]).to_pylist()
        for value, called in zip(texts, names, strict=True):
            number += 1
            readable = isinstance(value, str)
            yield Record(
                number,
                "" if name is None or called is None else str(called),
                value.strip() if readable else "",
                reason=None if readable else f"{_shown(value)} is not text",
            )


def _columns(path: Path, header: Sequence[str], column: str | None) -> tuple[int, int | None]:
    """Places of the column of texts and of that of names, which a table need not have.

    Raises:
        ValueError: there is no column of texts, or several might be it.
    """
    names = [name.strip().lower() for name in header]
    place_of_id = next((names.index(name) for name in ID_COLUMNS if name in names), None)
    if column is not None:
        if column not in header:
            raise ValueError(f"{path} has no column {column!r}; it has {', '.join(header)}")
        return list(header).index(column), place_of_id
    exact = [i for i, name in enumerate(names) if name in TEXT_COLUMNS]
    found = exact or [i for i, name in enumerate(names) if any(t in name for t in TEXT_COLUMNS)]
    if len(found) != 1:
        several = f"{len(found)} columns" if found else "no column"
        raise ValueError(
            f"{path} has {several} whose name says SMILES or sequence, among "
            f"{', '.join(header) or 'none at all'}; name the one with --column"
        )
    return found[0], place_of_id


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}..."
