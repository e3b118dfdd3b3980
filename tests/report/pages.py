"""What the tests of the report share: rows that could break a page, and looks at one."""

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from molgfn.cli.main import main

NASTY = 'a, "b" <img src=x onerror=alert(1)> </script> β'
HEADER = ("id", "smiles", "reward", "fragments")
ROWS = [
    ("first", "c1ccccc1CCO", "2.5", "plain"),
    (NASTY, "c1ccccc1CCN", "-1", "</script><b>bold</b>"),
    ("third", "CC(=O)Nc1ccc(O)cc1", "", "x"),
    ("fourth", "c1ccncc1", "10", "x"),
]


def table(path: Path, rows: Iterable[Iterable[str]], header: Iterable[str] = HEADER) -> Path:
    """A CSV file."""
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def made(path: Path, *options: str) -> Path:
    """The report of a file."""
    output = path.with_suffix(".html")
    assert main(["report", "--input", str(path), "--output", str(output), *options]) == 0
    return output


def ids(page: Any) -> list[str]:
    """What the grid shows, in its order."""
    found: list[str] = page.locator("#grid .id").all_text_contents()
    return found


def saved(page: Any, button: str) -> str:
    """What a button saves."""
    with page.expect_download() as download:
        page.click(button)
    return Path(download.value.path()).read_text(encoding="utf-8")
