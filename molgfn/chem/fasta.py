"""Peptides from a FASTA file: every record is read, or is rejected with its line and a reason."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from molgfn.chem.peptides import unreadable


@dataclass(frozen=True)
class Peptide:
    """A record: its name, the letters in upper case, and the line of its header."""

    name: str
    sequence: str
    line: int


@dataclass(frozen=True)
class Rejected:
    """A record that cannot be used, and why."""

    file: str
    line: int
    name: str
    sequence: str
    reason: str


def read_fasta(path: Path, max_length: int = 60) -> tuple[list[Peptide], list[Rejected]]:
    """The distinct peptides of a file, in its order, and what was rejected.

    Lower case is read as upper case. Rejected are records with a letter that is none of the twenty
    amino acids (gaps, X, B and Z too), empty and too long ones, and repeats of an earlier sequence.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is no FASTA file, with the line, or none of its records can be used.
    """
    kept: dict[str, Peptide] = {}
    rejected = []
    for peptide in records(path):
        reason = unreadable(peptide.sequence, max_length)
        if reason is None and peptide.sequence in kept:
            first = kept[peptide.sequence]
            reason = f"the same sequence as {first.name!r} in line {first.line}"
        if reason is None:
            kept[peptide.sequence] = peptide
        else:
            rejected.append(
                Rejected(str(path), peptide.line, peptide.name, peptide.sequence, reason)
            )
    if not kept:
        why = f"; the first is rejected because {rejected[0].reason}" if rejected else ""
        raise ValueError(f"{path} holds no peptide that can be used{why}")
    return list(kept.values()), rejected


def records(path: Path) -> Iterator[Peptide]:
    """All records of a file, as they are.

    Raises:
        ValueError: it is no FASTA file.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not text in UTF-8: {error}") from error
    name, start, parts = "", 0, list[str]()
    for number, line in enumerate(map(str.strip, lines), start=1):
        if line.startswith(">"):
            if start:
                yield Peptide(name, "".join(parts), start)
            name, start, parts = line[1:].strip(), number, []
        elif line and not start:
            raise ValueError(
                f"{path}, line {number}: {line[:30]!r} stands before the first header; accepted is "
                "FASTA, in which every sequence follows a line that begins with '>'"
            )
        else:
            parts.append(line.upper())
    if start:
        yield Peptide(name, "".join(parts), start)


def write_fasta(path: Path, sequences: Iterable[tuple[str, str]]) -> None:
    """Write headers and sequences, each in one line."""
    with path.open("w", encoding="utf-8") as file:
        file.writelines(f">{name}\n{text}\n" for name, text in sequences)
