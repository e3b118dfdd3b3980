"""Read NumPy arrays from a gzipped pickle that may be hostile."""

import gzip
import io
import pickle
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy._core.multiarray import _reconstruct
from numpy.typing import NDArray

MAX_BYTES = 1 << 28
"""Uncompressed size that is refused: a small gzip can hold gigabytes."""

_ADMITTED: dict[tuple[str, str], Callable[..., Any]] = {
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    ("numpy.core.multiarray", "_reconstruct"): _reconstruct,  # written by NumPy 1
    ("numpy._core.multiarray", "_reconstruct"): _reconstruct,  # written by NumPy 2
}


class _ArrayUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Callable[..., Any]:
        try:
            return _ADMITTED[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"{module}.{name} is not part of a NumPy array") from None


def load_arrays(path: Path) -> list[NDArray[np.float32]]:
    """The float32 arrays of a gzipped pickled list; nothing else can be built from it.

    Pickle protocols 3 and 4 are read.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is damaged, names anything but NumPy arrays, or does not hold a list of
            finite float32 arrays.
    """
    try:
        with gzip.open(path) as file:
            content = file.read(MAX_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        if isinstance(error, FileNotFoundError):
            raise
        raise ValueError(f"{path} is not a readable gzip file: {error}") from error
    if len(content) > MAX_BYTES:
        raise ValueError(
            f"{path} holds more than {MAX_BYTES} bytes; accepted are at most that many"
        )
    try:
        arrays = _ArrayUnpickler(io.BytesIO(content)).load()
    except Exception as error:  # a damaged pickle may raise anything
        raise ValueError(
            f"{path} is refused: {error}; accepted is a pickled list of NumPy arrays"
        ) from error
    if not isinstance(arrays, list):
        raise ValueError(f"{path} holds a {type(arrays).__name__}; accepted is a list of arrays")
    for number, array in enumerate(arrays):
        if not isinstance(array, np.ndarray) or array.dtype != np.float32:
            raise ValueError(
                f"{path}: entry {number} is {array!r:.80}; accepted are float32 arrays"
            )
        if not np.isfinite(array).all():
            raise ValueError(f"{path}: array {number} has values that are not finite")
    return arrays
