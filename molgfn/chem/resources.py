"""Where files lie: those that ship with the package, and those its user downloads."""

import os
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]


def shipped(relative: str, *, root: str = "data") -> Path:
    """Path of a shipped file: in an installed wheel, or in the checkout of an editable install.

    Args:
        relative: for example "fragments/druglike.yaml".
        root: "data" or "configs".
    Raises:
        FileNotFoundError: the file is in neither place; both are named.
    """
    candidates = (_PACKAGE / f"_{root}" / relative, _PACKAGE.parent / root / relative)
    for path in candidates:
        if path.exists():
            return path
    places = " and ".join(map(str, candidates))
    raise FileNotFoundError(f"{relative!r} is not shipped: looked for {places}")


def seh_folder() -> Path:
    """Folder of the published sEH files: `$MOLGFN_SEH`, else `$XDG_CACHE_HOME/molgfn/seh`."""
    if folder := os.environ.get("MOLGFN_SEH"):
        return Path(folder).expanduser()
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(cache).expanduser() / "molgfn" / "seh"


def published(name: str) -> Path:
    """Path of a published sEH file, such as "blocks_PDB_105.json".

    Raises:
        FileNotFoundError: it was not downloaded; the message says how to get it.
    """
    path = seh_folder() / name
    if path.exists():
        return path
    raise FileNotFoundError(
        f"{path} does not exist. Run `python scripts/download_seh.py`, or set MOLGFN_SEH to a "
        "folder that holds the published files."
    )
