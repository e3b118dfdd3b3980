"""A pickle of arrays is read; anything else is refused before it can act."""

import gzip
import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from molgfn.rewards.array_pickle import load_arrays
from molgfn.rewards.seh_network import load_seh_weights


class Hostile:
    """Runs a command when it is unpickled."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.marker),)


def packed(path: Path, content: object, protocol: int = 3) -> Path:
    path.write_bytes(gzip.compress(pickle.dumps(content, protocol=protocol)))
    return path


@pytest.mark.parametrize("protocol", [3, 4])
def test_arrays_come_back_as_they_were_written(tmp_path: Path, protocol: int) -> None:
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    (read,) = load_arrays(packed(tmp_path / "a.pkl.gz", [array], protocol))
    np.testing.assert_array_equal(read, array)


def test_the_module_names_of_numpy_1_are_read(tmp_path: Path) -> None:
    content = pickle.dumps([np.ones(2, dtype=np.float32)], protocol=3)
    assert b"numpy._core.multiarray" in content
    path = tmp_path / "old.pkl.gz"
    path.write_bytes(
        gzip.compress(content.replace(b"numpy._core.multiarray", b"numpy.core.multiarray"))
    )
    np.testing.assert_array_equal(load_arrays(path)[0], np.ones(2))


def test_a_hostile_pickle_is_refused_and_does_nothing(tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    path = packed(tmp_path / "hostile.pkl.gz", [Hostile(marker)])
    with pytest.raises(ValueError, match=r"mkdir is not part of a NumPy array"):
        load_arrays(path)
    assert not marker.exists()


@pytest.mark.parametrize(
    ("content", "match"),
    [
        ({"a": 1}, "holds a dict"),
        ([1.0], "entry 0 is 1.0"),
        ([np.ones(2)], "accepted are float32"),
        ([np.array([None])], "refused|accepted are float32"),
        ([np.array([np.nan], dtype=np.float32)], "not finite"),
    ],
)
def test_content_that_is_no_list_of_finite_arrays_is_refused(
    tmp_path: Path, content: object, match: str
) -> None:
    with pytest.raises(ValueError, match=match):
        load_arrays(packed(tmp_path / "odd.pkl.gz", content))


def test_a_truncated_file_is_refused(tmp_path: Path) -> None:
    path = packed(tmp_path / "cut.pkl.gz", [np.ones(1000, dtype=np.float32)])
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(ValueError, match="not a readable gzip file"):
        load_arrays(path)


def test_a_file_that_is_not_gzip_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "plain.pkl.gz"
    path.write_bytes(b"weights")
    with pytest.raises(ValueError, match="not a readable gzip file"):
        load_arrays(path)


def test_a_gzip_that_is_no_pickle_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "text.pkl.gz"
    path.write_bytes(gzip.compress(b"weights"))
    with pytest.raises(ValueError, match="is refused"):
        load_arrays(path)


def test_a_gzip_that_unpacks_without_end_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("molgfn.rewards.array_pickle.MAX_BYTES", 1000)
    path = packed(tmp_path / "bomb.pkl.gz", [np.zeros(1000, dtype=np.float32)])
    with pytest.raises(ValueError, match="more than 1000 bytes"):
        load_arrays(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"nothing\.pkl\.gz"):
        load_arrays(tmp_path / "nothing.pkl.gz")


def test_arrays_of_another_network_are_refused(tmp_path: Path) -> None:
    few = packed(tmp_path / "few.pkl.gz", [np.ones(2, dtype=np.float32)])
    with pytest.raises(ValueError, match="holds 1 arrays; the sEH proxy has 22"):
        load_seh_weights(few)
    odd = packed(tmp_path / "odd.pkl.gz", [np.ones(2, dtype=np.float32)] * 22)
    with pytest.raises(ValueError, match=r"array 0 \(input_weight\) has shape \(2,\)"):
        load_seh_weights(odd)
