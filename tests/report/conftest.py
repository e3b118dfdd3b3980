"""A headless Chromium: playwright's own (`playwright install chromium`), else the system's."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with sync_api.sync_playwright() as playwright:
        own = playwright.chromium.executable_path
        program = (
            own if Path(own).is_file() else next(filter(None, map(shutil.which, PROGRAMS)), None)
        )
        if program is None:
            pytest.skip("no Chromium: neither playwright's own nor one on the path")
        started = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--disable-background-networking"]
        )
        yield started
        started.close()
