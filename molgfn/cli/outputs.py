"""Files that a command writes: checked before the work, and whole or absent after it."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

Rows = Iterable[Mapping[str, Any]]


def check_output(path: Path, suffixes: Sequence[str], overwrite: bool) -> None:
    """Refuse an output that could not be written, or that would replace a file unasked.

    Raises:
        ValueError: its suffix is not among `suffixes`.
        FileExistsError: it exists and `overwrite` is False.
        OSError: its folder does not exist, or cannot be written to.
    """
    if path.suffix.lower() not in suffixes:
        raise ValueError(f"output {path} has an unknown suffix; accepted are {', '.join(suffixes)}")
    if path.is_dir():
        raise IsADirectoryError(f"output {path} is a folder")
    if path.exists() and not overwrite:
        raise FileExistsError(f"output {path} exists already: choose another, or add --overwrite")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"the folder of output {path} does not exist: make it first")
    try:
        _part(path).touch()
        _part(path).unlink()
    except OSError as error:
        raise OSError(f"cannot write to the folder of output {path}: {error.strerror}") from error


def write_atomically(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a file beside `path`, then move it there: whole or not at all."""
    part = _part(path)
    try:
        write(part)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def _part(path: Path) -> Path:
    return path.with_name(f".{path.stem}.part{path.suffix}")


def write_csv(path: Path, rows: Rows) -> None:
    """Comma-separated values with a header."""
    import pandas as pd

    pd.DataFrame(rows).to_csv(path, index=False)


def write_parquet(path: Path, rows: Rows) -> None:
    """Apache Parquet, with a type for each column."""
    import pandas as pd

    pd.DataFrame(rows).to_parquet(path, index=False)


def write_smi(path: Path, rows: Rows) -> None:
    """A SMILES and an id on each line, separated by a blank."""
    with path.open("w") as file:
        file.writelines(f"{row['smiles']} {row['id']}\n" for row in rows)


def write_sdf(path: Path, rows: Rows) -> None:
    """An SD file with 2D coordinates."""
    from molgfn.chem import sdf

    sdf.write_sdf(path, rows)


def write_fasta(path: Path, rows: Rows) -> None:
    """A FASTA file: a header has an id and the reward."""
    from molgfn.chem.fasta import write_fasta

    named = ((f"{row['id']} reward={row['reward']:.6g}", row["sequence"]) for row in rows)
    write_fasta(path, named)


WRITERS: Mapping[str, Mapping[str, Callable[[Path, Rows], None]]] = {
    "molecules": {
        ".csv": write_csv,
        ".smi": write_smi,
        ".sdf": write_sdf,
        ".parquet": write_parquet,
    },
    "sequences": {".csv": write_csv, ".fasta": write_fasta, ".parquet": write_parquet},
}
"""What is built -> suffix -> what writes it."""
SUFFIXES = list(dict.fromkeys(suffix for writers in WRITERS.values() for suffix in writers))


def write_rows(path: Path, rows: Rows, built: str = "molecules") -> None:
    """Write rows in the format that the suffix names, whole or not at all."""
    write = WRITERS[built][path.suffix.lower()]
    write_atomically(path, lambda part: write(part, rows))
