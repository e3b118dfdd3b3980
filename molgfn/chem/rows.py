"""Rows of a file of molecules, one after the other, whatever its format, encoding and separator."""

import csv
import gzip
import itertools
import re
import zlib
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial
from io import TextIOWrapper
from pathlib import Path
from typing import IO, Any, NamedTuple, cast

from rdkit import Chem, rdBase

INCHIKEY = re.compile(r"[A-Z]{14}-[A-Z]{10}-[A-Z]")
SEPARATORS = (",", ";", "\t", "|")
SNIFFED = 50  # records that tell a separator
LONGEST = 10_000_000  # characters of a field; a longer one is a quote that nobody closed
_ZERO, _CONTROL = re.compile("\0"), re.compile(r"[\0-\x08\x0e-\x1f]")
_ROW_NUMBERS = re.compile(r"__index_level_\d+__")  # pandas adds them to frames that were filtered


class Rows(NamedTuple):
    """What a file holds, in its order.

    Attributes:
        header: names of the columns; of a file without a header, made up.
        read: called once, yields the number of each row (in text, the line it begins in) and its
            fields, which may be fewer or more than the names; at other places than are given, None.
        notes: what had to be guessed, a sentence each.
        structure: place of the structures, where it does not take a name to tell it.
    """

    header: list[str]
    read: Callable[[Collection[int] | None], Iterator[tuple[int, Sequence[Any]]]]
    notes: Sequence[str] = ()
    structure: int | None = None


def suffix_of(path: Path) -> str:
    """The suffix that tells the format of a file, in lower case and without .gz.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: no file of molecules has that suffix.
    """
    packed = path.suffix.lower() == ".gz"
    suffix = Path(path.stem if packed else path).suffix.lower()
    if suffix not in (*READERS, ".sdf") or (packed and suffix == ".parquet"):
        raise ValueError(
            f"{path}: suffix {suffix + '.gz' * packed!r} is unknown; accepted are "
            f"{', '.join(READERS)} and .sdf, but for .parquet also packed as .gz"
        )
    if not path.is_file():
        raise FileNotFoundError(f"{path} is not a file")
    return suffix


def read_delimited(path: Path) -> Rows:
    """Fields between commas, semicolons, tabs or bars; quoted or not, with a header or without.

    The first row is the header unless it holds an InChIKey, a SMILES of five atoms or more, or a
    smaller one beside a number. A .txt file that nothing separates is read as SMI.

    Raises:
        ValueError: it is no text, is empty, or, when the row is read, a quote is not closed.
    """
    encoding, notes = _encoding(path)
    if (separator := _separator(path, encoding)) is None and suffix_of(path) == ".txt":
        return read_smi(path)
    rows = _split(path, encoding, separator or ",")
    if (first := next(rows, None)) is None:
        raise ValueError(f"{path} is empty")
    notes += [f"fields are separated by {separator!r}"] if separator not in (None, ",") else []
    header = [name.strip() for name in first[1]]
    least_atoms = 1 if any(map(_is_number, header)) else 5
    structures = (i for i, field in enumerate(header) if _is_structure(field, least_atoms))
    if (place := next(structures, None)) is None:
        return Rows(header, lambda _: rows, notes)
    header = [f"column {number}" for number in range(1, len(header) + 1)]
    notes.append(f"the file has no header: its columns are called {', '.join(header)}")
    return Rows(header, lambda _: itertools.chain([first], rows), notes, place)


def read_smi(path: Path) -> Rows:
    """A structure on each line, then its name, or further fields between tabs or under a header.

    Where lines have different numbers of fields, all behind the first one is a name. The first line
    is a header if it begins with a word such as SMILES.
    """
    encoding, notes = _encoding(path)
    lines = _lines(path, encoding)
    sample = list(itertools.islice(lines, 4 * SNIFFED))
    separator = "\t" if any("\t" in line for _, line in sample) else None
    widths = {len(line.split(separator)) for _, line in sample}
    first = sample[0][1].split()[0].lower() if sample else ""
    has_header = "smiles" in first or first in ("inchikey", "sequence", "peptide")
    width = max(2, *widths) if len(widths) == 1 and (has_header or separator) else 2

    def fields(line: str) -> list[str]:
        found = line.split(separator if separator and separator in line else None, width - 1)
        return found if len(found) == width else found + [""] * (width - len(found))

    rows = ((number, fields(line)) for number, line in itertools.chain(sample, lines))
    header = ["smiles", "id", *(f"column {number}" for number in range(3, width + 1))]
    return Rows(next(rows)[1] if has_header else header, lambda _: rows, notes, 0)


def read_parquet(path: Path) -> Rows:
    """Rows of values, of which only columns that are asked for are read."""
    from pyarrow import parquet

    try:
        table = parquet.ParquetFile(path)
    except (OSError, ValueError) as error:
        raise ValueError(f"{path} is no parquet file: {error}") from error
    header = [name for name in table.schema_arrow.names if not _ROW_NUMBERS.fullmatch(name)]

    def rows(places: Collection[int] | None) -> Iterator[tuple[int, Sequence[Any]]]:
        wanted = {name for i, name in enumerate(header) if places is None or i in places}
        numbers = itertools.count(1)
        for batch in table.iter_batches(batch_size=4096, columns=list(wanted)):
            values = {name: batch[name].to_pylist() for name in wanted}
            columns = (values.get(name, [None] * len(batch)) for name in header)
            yield from ((next(numbers), fields) for fields in zip(*columns, strict=True))

    return Rows(header, rows)


READERS: Mapping[str, Callable[[Path], Rows]] = {
    **dict.fromkeys((".csv", ".tsv", ".tab", ".txt"), read_delimited),
    **dict.fromkeys((".smi", ".smiles"), read_smi),
    ".parquet": read_parquet,
}
"""Suffix -> what reads it, but for SD files: their columns are known when they have been read."""


def read_sdf(path: Path) -> Iterator[Chem.Mol | None]:
    """The molecules of an SD file; None where RDKit cannot read one."""
    with _unpacked(path) as file, rdBase.BlockLogs():
        try:
            yield from Chem.ForwardSDMolSupplier(file)
        except SystemError as error:  # what RDKit makes of an error of gzip
            raise ValueError(f"{path} cannot be unpacked: {error.__cause__}") from error


def _unpacked(path: Path) -> IO[bytes]:
    return cast(IO[bytes], gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb"))


def _opened(path: Path, encoding: str) -> TextIOWrapper:
    errors = "replace" if encoding == "cp1252" else "strict"
    return TextIOWrapper(_unpacked(path), encoding, errors, newline="")


def _encoding(path: Path) -> tuple[str, list[str]]:
    """UTF-16 with a mark, UTF-8, or else Windows-1252, as older spreadsheets write; and a note."""
    why: Any = "it holds control characters"
    try:
        with _unpacked(path) as file:
            marked = file.read(2) in (b"\xff\xfe", b"\xfe\xff")
        for encoding in ("utf-16",) if marked else ("utf-8-sig", "cp1252"):
            old = encoding == "cp1252"
            try:
                with _opened(path, encoding) as text:
                    chunks = iter(partial(text.read, 1 << 20), "")
                    if not any(map((_CONTROL if old else _ZERO).search, chunks)):
                        return encoding, ["the file is not in UTF-8: read as cp1252"] * old
            except UnicodeDecodeError as error:
                why = error
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        why = error
    raise ValueError(f"{path} is no text file of molecules: {why}")


def _separator(path: Path, encoding: str) -> str | None:
    """What divides the first records into the most fields of a constant number; None: nothing."""
    csv.field_size_limit(LONGEST)
    with _opened(path, encoding) as file:
        sample = list(itertools.islice(file, 4 * SNIFFED))  # quoted fields may hold line breaks

    def fields(separator: str) -> int:
        reader = csv.reader(sample, delimiter=separator)
        counts = Counter(len(row) for row in itertools.islice(reader, SNIFFED) if row)
        width, often = counts.most_common(1)[0] if counts else (1, 0)
        return width if often > 0.8 * counts.total() else 1

    best = max(SEPARATORS, key=fields)
    return best if fields(best) > 1 else None


def _split(path: Path, encoding: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    start = 1
    with _opened(path, encoding) as file:
        reader = csv.reader(file, delimiter=separator, strict=True)
        try:
            for row in reader:
                if row:
                    yield start, row
                start = reader.line_num + 1
        except csv.Error as error:
            where = f"{path}, line {reader.line_num}: {error}; the row begins in line {start}"
            raise ValueError(f"{where}; check its quotes") from error


def _lines(path: Path, encoding: str) -> Iterator[tuple[int, str]]:
    with _opened(path, encoding) as file:
        for number, line in enumerate(file, start=1):
            if line := line.strip():
                yield number, line


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _is_structure(text: str, least_atoms: int) -> bool:
    with rdBase.BlockLogs():
        mol = Chem.MolFromSmiles(text) if text else None
    return INCHIKEY.fullmatch(text) is not None or (
        mol is not None and mol.GetNumAtoms() >= least_atoms
    )
