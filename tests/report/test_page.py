"""The page in a real browser: it opens without errors, sorts, filters, selects and exports."""

import csv
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from molgfn.cli.main import main

NASTY = 'a, "b" <img src=x onerror=alert(1)> </script> β'
ROWS = [
    ("first", "c1ccccc1CCO", "2.5", "plain"),
    (NASTY, "c1ccccc1CCN", "-1", "</script><b>bold</b>"),
    ("third", "CC(=O)Nc1ccc(O)cc1", "", "x"),
    ("fourth", "c1ccncc1", "10", "x"),
]


@pytest.fixture
def report(tmp_path: Path) -> Path:
    with (tmp_path / "c.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("id", "smiles", "reward", "fragments"), *ROWS])
        csv.writer(file).writerow(("bad", "C(", "1", "x"))
    funnel = [{"step": "<b>alerts</b>", "removed": 3, "left": 4}]
    (tmp_path / "c.funnel.json").write_text(json.dumps(funnel))
    output = tmp_path / "r.html"
    assert main(["report", "--input", str(tmp_path / "c.csv"), "--output", str(output)]) == 0
    return output


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("no Chromium on the path")
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--disable-background-networking"]
        )
        yield started
        started.close()


@pytest.fixture
def page(browser: Any, report: Path) -> Iterator[Any]:
    opened = browser.new_page(viewport={"width": 1400, "height": 900})
    errors: list[str] = []
    opened.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.on("dialog", lambda dialog: errors.append(f"a dialog: {dialog.message}"))
    opened.goto(report.as_uri())
    opened.wait_for_selector("body[data-ready]")
    yield opened
    opened.close()
    assert errors == []


def ids(page: Any) -> list[str]:
    found: list[str] = page.locator("#grid .id").all_text_contents()
    return found


def saved(page: Any, button: str) -> str:
    with page.expect_download() as download:
        page.click(button)
    return Path(download.value.path()).read_text(encoding="utf-8")


def test_molecules_are_sorted_by_reward_and_empty_values_come_last(page: Any) -> None:
    assert ids(page) == ["fourth", "first", NASTY, "third"]
    page.click("#direction")
    assert ids(page) == [NASTY, "first", "fourth", "third"]


def test_a_range_filters(page: Any) -> None:
    page.fill("[aria-label='reward min']", "0")
    assert ids(page) == ["fourth", "first"]


def test_a_search_finds_parts_of_smiles_and_of_text(page: Any) -> None:
    page.fill("#search", "CC(=O)N")
    assert ids(page) == ["third"]
    page.fill("#search", "BOLD")
    assert ids(page) == [NASTY]


def test_the_selection_is_exported_as_csv_with_all_characters(page: Any) -> None:
    page.locator("#grid article", has_text="onerror").locator("input").check()
    rows = list(csv.reader(saved(page, "#csv").splitlines()))
    assert rows == [["id", "smiles", "reward", "fragments"], [*ROWS[1]]]


def test_without_a_selection_what_is_shown_is_exported_as_smiles(page: Any) -> None:
    page.fill("#search", "fourth")
    assert saved(page, "#smiles") == "c1ccncc1 fourth\n"


def test_a_space_selects_and_enter_opens_the_details(page: Any) -> None:
    page.focus("#grid article >> nth=0")
    page.keyboard.press(" ")
    assert "1 selected" in page.inner_text("#count")
    page.keyboard.press("Enter")
    assert page.inner_text("dialog h2") == "fourth"


def test_the_funnel_and_rows_that_could_not_be_read_are_shown_as_text(page: Any) -> None:
    page.click("#tab-run")
    text = page.inner_text("#view-run")
    assert "<b>alerts</b>" in text
    assert "molecule 5: 'C('" in text


def test_the_page_names_no_other_file(report: Path) -> None:
    text = report.read_text(encoding="utf-8")
    assert "src=" not in text
    assert "<link" in text
    assert "https:" not in text


def test_a_title_is_escaped(tmp_path: Path, report: Path) -> None:
    output = tmp_path / "t.html"
    args = ["report", "--input", str(tmp_path / "c.csv"), "--output", str(output)]
    assert main([*args, "--title", "</title><script>x"]) == 0
    assert "&lt;/title&gt;&lt;script&gt;x" in output.read_text(encoding="utf-8")


def test_a_file_without_a_readable_molecule_says_why(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "n.csv").write_text("id,smiles\na,C(\n")
    output = str(tmp_path / "n.html")
    assert main(["report", "--input", str(tmp_path / "n.csv"), "--output", output]) == 1
    assert "holds no molecule that can be read, the first because" in capsys.readouterr().err
