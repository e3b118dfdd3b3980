"""Molecules that a user names in a file: a SMILES or an InChIKey a line, or a column of a table."""

import csv
import gzip
import re
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

from rdkit import Chem, rdBase

from molgfn.chem.records import read_records

INCHIKEY = re.compile(r"[A-Z]{14}-[A-Z]{10}-[A-Z]")
_COLUMNS = ("smiles", "canonical_smiles", "inchikey")
_SEPARATORS = {".csv": ",", ".tsv": "\t"}


def named_molecules(path: Path) -> Iterator[tuple[int, str]]:
    """Line number and text of each molecule of a file; `.gz` is unpacked on the way.

    Of `.csv` and `.tsv` the column `smiles`, `canonical_smiles` or `inchikey`, in any case; of
    other files the first word of each line, where a first line that is such a name is a header.
    SD and parquet files are read as everywhere else, see `molgfn.chem.records`.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is no text, or a table without such a column.
    """
    if not path.is_file():
        raise FileNotFoundError(f"there is no file of molecules at {path}")
    if path.suffix.lower() in (".sdf", ".parquet"):
        yield from ((record.row, record.text) for record in read_records(path))
        return
    suffix = Path(path.stem).suffix if path.suffix == ".gz" else path.suffix
    try:
        with _opened(path) as file:
            if suffix in _SEPARATORS:
                yield from _column(csv.reader(file, delimiter=_SEPARATORS[suffix]), path)
            else:
                yield from _words(file)
    except (UnicodeDecodeError, gzip.BadGzipFile, EOFError, csv.Error) as error:
        raise ValueError(
            f"{path} is no text file of molecules: {error}; accepted are a SMILES or an InChIKey a "
            "line, and .csv or .tsv with a column `smiles` or `inchikey`, also as .gz"
        ) from error


def molecules(named: Iterable[tuple[int, str]], where: str) -> Iterator[Chem.Mol]:
    """The largest component of each molecule that can be read.

    Those that cannot are counted in a warning when all have been read.

    Args:
        named: line numbers and SMILES.
        where: for messages, where they come from.
    Raises:
        ValueError: none of them can be read.
    """
    unread: list[tuple[int, str]] = []
    num_read = 0
    for line, text in named:
        with rdBase.BlockLogs():
            mol = Chem.MolFromSmiles(text)
        if mol is None or mol.GetNumAtoms() == 0:
            unread.append((line, text))
            continue
        num_read += 1
        yield largest_component(mol)
    if unread:
        line, text = unread[0]
        message = (
            f"{where}: {len(unread)} of {num_read + len(unread)} entries are no SMILES that RDKit "
            f"reads, the first in line {line}: {text!r:.80}"
        )
        if not num_read:
            raise ValueError(message)
        warnings.warn(message, stacklevel=2)
    elif not num_read:
        raise ValueError(f"{where} holds no molecules; accepted is at least one")


def largest_component(mol: Chem.Mol) -> Chem.Mol:
    """The component of most heavy atoms, of equal ones that whose SMILES sorts last."""
    parts = Chem.GetMolFrags(mol, asMols=True)
    if len(parts) == 1:
        return mol
    return max(parts, key=lambda part: (part.GetNumHeavyAtoms(), Chem.MolToSmiles(part)))


def _opened(path: Path) -> IO[str]:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


def _column(rows: Iterator[list[str]], path: Path) -> Iterator[tuple[int, str]]:
    header = next(rows, [])
    names = [name.strip().lower() for name in header]
    found = [names.index(name) for name in _COLUMNS if name in names]
    if not found:
        raise ValueError(
            f"{path} has the columns {header}; one of them must be `smiles` or `inchikey`"
        )
    for number, row in enumerate(rows, start=2):
        if row:
            yield number, row[found[0]].strip() if len(row) > found[0] else ""


def _words(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(lines, start=1):
        word = line.split(maxsplit=1)[:1]
        if word and not (number == 1 and word[0].lower() in _COLUMNS):
            yield number, word[0]
