"""Other processes that work on molecules, on cores that would have nothing to do."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from types import TracebackType
from typing import Self, TypeVar

ENOUGH = 200  # things to do in all, below which no process is started for them
CHUNK = 16  # things that are sent together

_T = TypeVar("_T")
_R = TypeVar("_R")


class Processes:
    """Applies functions to many things in other processes; the answers come in their order.

    Processes start when there is enough to do, from a server that has nothing but imports, and end
    with the context, or when this process does, however that ends.

    Args:
        num: how many; 1: none is started, and this process does the work as answers are taken.
    Raises:
        ValueError: num is below 1.
    """

    def __init__(self, num: int = 1) -> None:
        if num < 1:
            raise ValueError(f"{num} processes: accepted are whole numbers from 1")
        self.num = num
        self._asked = 0
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None

    def map(self, function: Callable[[_T], _R], items: Sequence[_T]) -> Iterator[_R]:
        """The function of each thing; work in other processes begins at once.

        Args:
            function: of the top level of a module, or a partial of one.
        Raises:
            ChildProcessError: while answers are taken: a process was killed.
        """
        self._asked += len(items)
        if self.num == 1 or self._asked < ENOUGH:
            return map(function, items)
        if self._pool is None:
            self._pool = _start(self.num)
        return _answers(self._pool.map(function, items, chunksize=CHUNK))


ALONE = Processes(1)
"""No other process."""


def usable_cores() -> int:
    """CPU cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _start(num: int) -> ProcessPoolExecutor:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["molgfn.chem.descriptors"])
    return ProcessPoolExecutor(num, mp_context=context, initializer=_prepare)


def _answers(found: Iterator[_R]) -> Iterator[_R]:
    try:
        yield from found
    except BrokenProcessPool as error:
        raise ChildProcessError(
            "a worker process was killed; is there too little memory?"
        ) from error


def _prepare() -> None:
    """Leave interruptions to the parent, and end with it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=end_with_parent, daemon=True).start()


def end_with_parent() -> None:
    """Wait for the end of the process that started this one, and end at once."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)
