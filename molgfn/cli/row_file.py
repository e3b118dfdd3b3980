"""A CSV file that grows by whole rows, outlives a kill, and is read back by position."""

import csv
import io
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from molgfn.cli.outputs import write_atomically

COUNTED = "draw"  # the column that ascends in every such file


class RowFile:
    """Rows of known columns, of which memory holds none.

    Every call of `append` is one write to the end of the file, so that a kill at any moment leaves
    whole rows; should the system have been stopped within the write itself, `cut` drops the torn
    row. Line breaks within texts become blanks: a line is a row.

    Args:
        path: of the file; nothing is opened until it is needed, nor kept open.
        columns: name -> int, float or str, in the order of the file; `COUNTED` is one of them.
    """

    def __init__(self, path: Path, columns: Mapping[str, type]) -> None:
        self.path, self.columns = path, dict(columns)

    @property
    def header(self) -> bytes:
        """The first line."""
        return _line(self.columns)

    def create(self) -> None:
        """Write the header alone, over what may be there."""
        write_atomically(self.path, lambda part: part.write_bytes(self.header))

    def append(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Add rows; what a row lacks stays empty, or NaN.

        Raises:
            ValueError: a row has a column that the file has not.
            OSError: the file is gone, or the disk is full.
        """
        if not rows:
            return
        if more := {name for row in rows for name in row} - set(self.columns):
            raise ValueError(
                f"{self.path} has no columns {', '.join(sorted(more))}, which only later rows have"
            )
        absent = {name: "nan" if kind is float else "" for name, kind in self.columns.items()}
        lines = [_line({**absent, **row}.values()) for row in rows]
        with os.fdopen(os.open(self.path, os.O_WRONLY | os.O_APPEND), "wb") as file:
            file.write(b"".join(lines))

    def cut(self, end: int) -> None:
        """Keep the rows that were drawn before number `end`, and drop a torn one.

        Raises:
            ValueError: the file begins with another header.
        """
        kept = len(self.header)
        with self.path.open("r+b") as file:
            if file.readline() != self.header:
                raise ValueError(f"{self.path} does not begin with {self.header.decode().strip()}")
            for line in file:
                if not self._is_whole(line) or self._row(line)[COUNTED] >= end:
                    break
                kept += len(line)
            file.truncate(kept)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return (self._row(line) for _, line in self._lines())

    def offsets(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Where each row begins, and the row."""
        return ((offset, self._row(line)) for offset, line in self._lines())

    def lines_at(self, offsets: Iterable[int]) -> Iterator[bytes]:
        """The lines that begin at some offsets, in the order of these."""
        with self.path.open("rb") as file:
            for offset in offsets:
                file.seek(offset)
                yield file.readline()

    def at(self, offsets: Iterable[int]) -> Iterator[dict[str, Any]]:
        """The rows that begin at some offsets, in the order of these."""
        return map(self._row, self.lines_at(offsets))

    def _lines(self) -> Iterator[tuple[int, bytes]]:
        with self.path.open("rb") as file:
            offset = len(file.readline())
            for line in file:
                if not self._is_whole(line):
                    return
                yield offset, line
                offset += len(line)

    def _is_whole(self, line: bytes) -> bool:
        return line.endswith(b"\n")  # a row has one, at its end

    def _row(self, line: bytes) -> dict[str, Any]:
        (texts,) = csv.reader([line.decode()])
        pairs = zip(self.columns.items(), texts, strict=True)
        return {name: kind(text) for (name, kind), text in pairs}


def _line(values: Iterable[Any]) -> bytes:
    """A row of CSV, with a line break only at its end."""
    buffer = io.StringIO()
    plain = [" ".join(v.splitlines()) if isinstance(v, str) else v for v in values]
    csv.writer(buffer, lineterminator="\n").writerow(plain)
    return buffer.getvalue().encode()
