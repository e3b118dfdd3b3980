"""Reports in headless Chromium: playwright's own (`playwright install chromium`), or another."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.report.pages import ROWS, made, table

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with sync_api.sync_playwright() as playwright:
        own = playwright.chromium.executable_path
        others = filter(None, map(shutil.which, PROGRAMS))
        program = own if Path(own).is_file() else next(others, None)
        if program is None:
            pytest.skip("no Chromium: neither playwright's own nor one on the path")
        started = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--disable-background-networking"]
        )
        yield started
        started.close()


@pytest.fixture
def opened(browser: Any) -> Iterator[Callable[..., Any]]:
    """Opens reports; none may write an error, open a dialog, or ask for anything but itself."""
    pages, problems = [], []

    def open_report(path: Path, **options: Any) -> Any:
        page = browser.new_page(**{"viewport": {"width": 1400, "height": 900}, **options})
        pages.append(page)
        page.on("console", lambda m: problems.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("dialog", lambda dialog: problems.append(f"a dialog: {dialog.message}"))
        own = (path.as_uri(), "data:,", "blob:")
        page.on("request", lambda r: None if r.url.startswith(own) else problems.append(r.url))
        page.goto(path.as_uri())
        page.wait_for_selector("body[data-ready]")
        return page

    yield open_report
    for page in pages:
        page.close()
    assert problems == []


@pytest.fixture
def report(tmp_path: Path) -> Path:
    """A report of `ROWS`, a row that cannot be read, and a funnel."""
    path = table(tmp_path / "c.csv", [*ROWS, ("bad", "C(", "1", "x")])
    funnel = [{"step": "<b>alerts</b>", "removed": 3000, "left": 4}]
    (tmp_path / "c.funnel.json").write_text(json.dumps(funnel))
    return made(path)


@pytest.fixture
def page(opened: Callable[..., Any], report: Path) -> Any:
    return opened(report)
