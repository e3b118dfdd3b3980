"""The records of a file of molecules, worked on in several processes under a progress bar."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from molgfn.cli.progress import progress_bar

if TYPE_CHECKING:
    from molgfn.chem.processes import Processes
    from molgfn.chem.records import Record

STEP = 100  # records between two moves of the bar
BATCH = 2000  # records that are read together
AHEAD = 2  # batches that are worked on while one is waited for

_R = TypeVar("_R")


def work(
    path: Path,
    column: str | None,
    function: "Callable[[Record], _R]",
    take: Callable[[_R], object],
    *,
    title: str,
    workers: int | None,
) -> None:
    """Take the function of each record, in the order of the file whatever the number of workers.

    Args:
        function: of the top level of a module, or a partial of one.
        title: what is done, for the bar.
        workers: processes; None: one for each core.
    Raises:
        ValueError: there is no record, or the file is refused by `read_records`.
        ChildProcessError: a worker was killed.
    """
    from molgfn.chem.processes import Processes, usable_cores
    from molgfn.chem.records import read_records

    if not (total := num_records(path, column)):
        raise ValueError(f"{path} holds no record")
    records = read_records(path, column)
    with Processes(workers or usable_cores()) as processes, progress_bar(total, title) as progress:
        for done, answer in enumerate(answers(function, records, processes), start=1):
            take(answer)
            if done % STEP == 0 or done == total:
                progress(done)


def answers(
    function: "Callable[[Record], _R]", records: "Iterable[Record]", processes: "Processes"
) -> Iterator[_R]:
    """The function of each record; no more of them are read than are soon needed."""
    records = iter(records)
    waiting: deque[Iterator[_R]] = deque()
    while batch := list(islice(records, BATCH)):
        waiting.append(processes.map(function, batch))
        if len(waiting) > AHEAD:
            yield from waiting.popleft()
    while waiting:
        yield from waiting.popleft()


def num_records(path: Path, column: str | None) -> int:
    """How many records a file has; those of an SD file are counted without reading molecules."""
    from molgfn.chem.records import read_records

    if path.suffix.lower() != ".sdf" or not path.is_file():
        return sum(1 for _ in read_records(path, column))
    ended, is_open = 0, False
    with path.open("rb") as file:
        for line in file:
            ends = line.startswith(b"$$$$")
            ended += ends
            is_open = not ends and (is_open or bool(line.strip()))
    return ended + is_open
