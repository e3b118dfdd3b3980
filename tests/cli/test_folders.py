"""Folders are whole or absent."""

from pathlib import Path

import pytest

from molgfn.cli.folders import check_folder, write_folder


def fail(folder: Path) -> None:
    (folder / "half").touch()
    raise OSError("the disk is full")


def test_a_folder_that_fails_halfway_is_absent(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="the disk is full"):
        write_folder(tmp_path / "made", fail)
    assert not list(tmp_path.iterdir())


def test_the_folder_before_stays_when_its_replacement_fails(tmp_path: Path) -> None:
    write_folder(tmp_path / "made", lambda folder: (folder / "first").touch())
    with pytest.raises(OSError, match="the disk is full"):
        write_folder(tmp_path / "made", fail)
    assert [path.name for path in (tmp_path / "made").iterdir()] == ["first"]


def test_a_replaced_folder_keeps_nothing_of_the_one_before(tmp_path: Path) -> None:
    for name in ("first", "second"):
        write_folder(tmp_path / "made", lambda folder, name=name: (folder / name).touch())
    assert [path.name for path in (tmp_path / "made").iterdir()] == ["second"]
    assert [path.name for path in tmp_path.iterdir()] == ["made"]


def test_an_empty_folder_and_missing_parents_are_accepted(tmp_path: Path) -> None:
    check_folder(tmp_path, "mark", overwrite=False)
    check_folder(tmp_path / "a" / "b", "mark", overwrite=False)
    write_folder(tmp_path / "a" / "b", lambda folder: (folder / "mark").touch())
    with pytest.raises(FileExistsError, match="exists already"):
        check_folder(tmp_path / "a" / "b", "mark", overwrite=False)
    check_folder(tmp_path / "a" / "b", "mark", overwrite=True)


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(FileExistsError, match="is no folder with mark"):
        check_folder(tmp_path / "file", "mark", overwrite=True)
