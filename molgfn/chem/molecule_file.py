"""Molecules that a user names in a file: SMILES, InChIKeys or structures."""

import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path

from rdkit import Chem, rdBase

from molgfn.chem.records import read_records
from molgfn.chem.rows import READERS, suffix_of

_COLUMNS = ("smiles", "canonical_smiles", "inchikey")


def named_molecules(path: Path) -> Iterator[tuple[int, str]]:
    """Line or row number and text of each molecule of a file of `molgfn.chem.rows`.

    Of a table with a header the column `smiles`, `canonical_smiles` or `inchikey`, in any case.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: its suffix is unknown, it is malformed, or a table without such a column.
    """
    if (suffix := suffix_of(path)) == ".sdf":
        yield from ((record.row, record.text) for record in read_records(path))
        return
    rows = READERS[suffix](path)
    names = [name.lower() for name in rows.header]
    found = [names.index(name) for name in _COLUMNS if name in names]
    place = found[0] if found and rows.structure is None else rows.structure
    if place is None:
        raise ValueError(
            f"{path} has the columns {rows.header}; one of them must be `smiles` or `inchikey`"
        )
    for number, fields in rows.read([place]):
        yield number, (fields[place] or "").strip() if place < len(fields) else ""


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
