"""Folders that a command writes: checked before the work, and whole or absent after it."""

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path


def check_folder(folder: Path, mark: str, overwrite: bool) -> None:
    """Refuse a folder that could not be written, or whose content would be lost.

    Args:
        mark: a file that every such folder holds: another folder is not replaced even if asked.
    Raises:
        FileExistsError: it is no empty folder, and `overwrite` is False or it lacks the mark.
        OSError: it cannot be made.
    """
    if folder.is_dir() and not any(folder.iterdir()):
        pass
    elif folder.exists() and not (folder / mark).is_file():
        raise FileExistsError(
            f"output {folder} exists and is no folder with {mark}: choose another"
        )
    elif folder.exists() and not overwrite:
        raise FileExistsError(f"output {folder} exists already: choose another, or add --overwrite")
    folder.parent.mkdir(parents=True, exist_ok=True)
    tempfile.TemporaryFile(dir=folder.parent).close()


def write_folder(folder: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a folder beside `folder`, then put it in its place: whole or not at all."""
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent) as place:
        new, old = Path(place) / "new", Path(place) / "old"
        new.mkdir()
        write(new)
        if folder.exists():
            os.replace(folder, old)
        try:
            os.replace(new, folder)
        except OSError:
            if old.exists():
                shutil.move(old, folder)
            raise
