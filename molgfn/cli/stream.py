"""What `molgfn sample` has found so far, on disk: it outlives a kill, and can be gone on with."""

import json
from array import array
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from molgfn.cli.outputs import WRITERS, write_atomically
from molgfn.cli.row_file import RowFile

if TYPE_CHECKING:
    from molgfn.cli.candidates import Batch

KINDS: Mapping[str, type] = {"str": str, "int": int, "float": float}
CHUNK = 10_000  # rows of a parquet file that are in memory at once


class Stream:
    """Candidates in OUTPUT.part.csv, failures in OUTPUT.quarantine.csv, in the order of drawing.

    OUTPUT.part.json has the settings that decide what is drawn, and the columns.

    Args:
        output: the file that is to be written in the end.
    Attributes:
        num_drawn, num_failures: of the interrupted run, after `resume`.
    """

    num_drawn = 0
    num_failures = 0

    def __init__(self, output: Path) -> None:
        self.output = output
        self.part = output.with_suffix(".part.csv")
        self.head = output.with_suffix(".part.json")
        self.quarantine = output.with_suffix(".quarantine.csv")
        self._rows: RowFile | None = None
        self._failures: RowFile | None = None

    def exists(self) -> bool:
        """Whether there is an interrupted run to go on with."""
        return self.part.exists() and self.head.exists()

    def begin(self) -> None:
        """Remove what an earlier run left behind."""
        self.remove_part()
        self.quarantine.unlink(missing_ok=True)

    def batch_size(self) -> int:
        """That of the interrupted run.

        Raises:
            ValueError: OUTPUT.part.json cannot be read.
        """
        return int(self._read("settings")["batch_size"])

    def resume(
        self, settings: Mapping[str, Any], named_by: str, num: int | None = None
    ) -> Iterator[dict[str, Any]]:
        """Keep the first `num` rows, and drop all others.

        Of fewer rows the last batch, which may be incomplete, is dropped. `num_drawn` and
        `num_failures` then are those up to there.

        Args:
            settings: of this run.
            named_by: the column that names a failure.
            num: how many candidates are wanted; None for any number.
        Raises:
            ValueError: the interrupted run had other settings, or a file is not what it was.
        """
        old = self._read("settings")
        for name, value in settings.items():
            if old.get(name) != value:
                raise ValueError(
                    f"{self.part} was begun with {name} = {old.get(name)}, not {value}: go on with "
                    "that, or begin anew with --overwrite and without --resume"
                )
        columns = self._read("columns")
        self._rows = RowFile(self.part, {name: KINDS[kind] for name, kind in columns.items()})
        last = num_rows = 0
        for row in islice(self._rows, num):
            last = row["draw"]
            num_rows += 1
        whole_batches = last // settings["batch_size"] * settings["batch_size"]
        self.num_drawn = last + 1 if num_rows == num else whole_batches
        self._rows.cut(self.num_drawn)
        if self.quarantine.exists():
            self._failures = RowFile(self.quarantine, failure_columns(named_by))
            self._failures.cut(self.num_drawn)
            self.num_failures = sum(1 for _ in self._failures)
        return iter(self._rows)

    def _read(self, part: str) -> dict[str, Any]:
        try:
            found: dict[str, Any] = json.loads(self.head.read_text())[part]
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"{self.head} does not hold the {part} of a run") from error
        return found

    def append(self, batch: "Batch", settings: Mapping[str, Any]) -> None:
        """Add the rows of a batch; the failures first, for the rows say how far the run has come.

        Raises:
            OSError: the folder has vanished, or the disk is full.
        """
        if batch.failures:
            if self._failures is None:
                self._failures = RowFile(self.quarantine, failure_columns(*_names(batch.failures)))
                self._failures.create()
            self._failures.append(batch.failures)
        if batch.rows:
            if self._rows is None:
                columns = {name: _kind(value) for name, value in batch.rows[0].items()}
                text = json.dumps({"settings": dict(settings), "columns": columns}, indent=2)
                write_atomically(self.head, lambda part: part.write_text(text + "\n"))
                self._rows = RowFile(self.part, {n: KINDS[kind] for n, kind in columns.items()})
                self._rows.create()
            self._rows.append(batch.rows)

    def best_first(self) -> tuple["array[int]", "array[float]"]:
        """Where each candidate begins in the part file, and its reward, the highest first.

        These two numbers are all that is held of each; equal rewards keep the order of drawing.
        """
        assert self._rows is not None
        begins, rewards = array("q"), array("d")
        for offset, row in self._rows.offsets():
            begins.append(offset)
            rewards.append(row["log_reward"])
        order = sorted(range(len(begins)), key=lambda i: -rewards[i])
        return array("q", (begins[i] for i in order)), array("d", (rewards[i] for i in order))

    def rows_at(self, begins: Sequence[int]) -> Iterator[dict[str, Any]]:
        """Candidates by where they begin."""
        assert self._rows is not None
        return self._rows.at(begins)

    def write(self, begins: Sequence[int], built: str, conformers: bool = False) -> int:
        """Write the output, whole or not at all.

        Returns:
            How many of the conformers asked for were not found.
        """
        assert self._rows is not None
        rows, failed = self._rows, 0
        suffix = self.output.suffix.lower()

        def write(part: Path) -> None:
            nonlocal failed
            if suffix == ".csv":
                with part.open("wb") as file:
                    file.write(rows.header)
                    file.writelines(rows.lines_at(begins))
            elif suffix == ".parquet":
                _write_parquet(part, rows.at(begins), rows.columns)
            elif suffix == ".sdf":
                from molgfn.chem.sdf import write_sdf

                failed = write_sdf(part, rows.at(begins), conformers)
            else:
                WRITERS[built][suffix](part, rows.at(begins))

        write_atomically(self.output, write)
        return failed

    def remove_part(self) -> None:
        """Remove what is only there to go on with."""
        self.part.unlink(missing_ok=True)
        self.head.unlink(missing_ok=True)


def failure_columns(named_by: str) -> dict[str, type]:
    """Columns of the quarantine."""
    return {"draw": int, named_by: str, "reason": str}


def _names(failures: Sequence[Mapping[str, Any]]) -> list[str]:
    return [name for name in failures[0] if name not in ("draw", "reason")]


def _kind(value: Any) -> str:
    return next(name for name, kind in KINDS.items() if isinstance(value, kind))


def _write_parquet(path: Path, rows: Iterator[dict[str, Any]], columns: Mapping[str, type]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    types = {str: pa.string(), int: pa.int64(), float: pa.float64()}
    schema = pa.schema([(name, types[kind]) for name, kind in columns.items()])
    with pq.ParquetWriter(path, schema) as writer:
        while chunk := list(islice(rows, CHUNK)):
            writer.write_table(pa.Table.from_pylist(chunk, schema))
