"""How far long work has come, for the person who waits."""

import time
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

SECONDS = 10.0  # between two lines

_T = TypeVar("_T")


def told(items: Iterable[_T], what: str, tell: Callable[[str], object]) -> Iterator[_T]:
    """The same items; every few seconds a line says how many there were."""
    last = time.monotonic()
    for number, item in enumerate(items, start=1):
        yield item
        if time.monotonic() - last >= SECONDS:
            last = time.monotonic()
            tell(f"{what}: {number:,} so far")
