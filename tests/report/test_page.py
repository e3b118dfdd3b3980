"""The grid of the page: it sorts, filters, searches, selects and exports."""

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.report.pages import HEADER, NASTY, ROWS, ids, made, saved, table


def test_molecules_are_sorted_by_reward_and_empty_values_come_last(page: Any) -> None:
    assert ids(page) == ["fourth", "first", NASTY, "third"]
    page.click("#direction")
    assert ids(page) == [NASTY, "first", "fourth", "third"]


def test_texts_are_sorted_with_their_numbers_as_numbers(
    tmp_path: Path, opened: Callable[..., Any]
) -> None:
    rows = [(name, "C" * k, "1", "") for k, name in enumerate(["a10", "a9", "a100"], start=1)]
    page = opened(made(table(tmp_path / "t.csv", rows)))
    page.select_option("#sort", "id")
    assert ids(page) == ["a100", "a10", "a9"]


def test_a_range_filters_and_the_histogram_tells_what_is_left(page: Any) -> None:
    before = page.get_attribute(".filter .front >> nth=0", "d")
    page.fill("[aria-label='reward min']", "0")
    assert ids(page) == ["fourth", "first"]
    assert page.get_attribute(".filter .front >> nth=0", "d") != before


def test_a_search_finds_parts_of_names_and_of_other_text(page: Any) -> None:
    page.fill("#search", "THIR")
    assert ids(page) == ["third"]
    page.fill("#search", "BOLD")
    assert ids(page) == [NASTY]


def test_a_structure_is_found_and_tinted(page: Any) -> None:
    page.fill("#structure", "c1ccccc1")
    assert ids(page) == ["first", NASTY, "third"]
    assert page.inner_text("#structure-note") == "in 3 molecules"
    assert page.locator("#grid .hit").count() == 3


def test_the_tint_lies_on_the_atoms_that_match(page: Any) -> None:
    page.fill("#structure", "[nX2]")
    middle = """selector => { const box = document.querySelector(selector).getBBox();
      return [box.x + box.width / 2, box.y + box.height / 2]; }"""
    tint = page.evaluate(middle, "#grid .hit")
    letter = page.evaluate(middle, "#grid text[fill='#0000FF']")
    assert tint == pytest.approx(letter, abs=6)


def test_a_structure_and_a_text_both_hold(page: Any) -> None:
    page.fill("#structure", "CO")
    page.fill("#search", "plain")
    assert ids(page) == ["first"]


def test_a_structure_that_is_not_understood_is_told_and_not_searched(page: Any) -> None:
    page.fill("#structure", "c1ccc")
    assert "Not searched: ring 1 is opened and not closed" in page.inner_text("#structure-note")
    assert page.get_attribute("#structure", "aria-invalid") == "true"
    assert len(ids(page)) == 4


def test_a_structure_in_no_molecule_is_told_with_a_hint(page: Any) -> None:
    page.fill("#structure", "C1=CC=CC=C1")
    assert "Aromatic atoms are small letters" in page.inner_text("#structure-note")
    assert page.is_visible("#nothing")
    assert ids(page) == []


def test_reset_shows_all_again(page: Any) -> None:
    page.fill("#structure", "n")
    page.fill("#search", "fourth")
    page.fill("[aria-label='reward max']", "20")
    page.check("#selected-only")
    page.click("#reset")
    assert len(ids(page)) == 4


def test_selected_only_shows_the_selection(page: Any) -> None:
    page.locator("#grid article", has_text="third").locator("input").check()
    page.check("#selected-only")
    assert ids(page) == ["third"]
    page.uncheck("#selected-only")
    page.click("#deselect")
    assert "selected" not in page.inner_text("#count")


def test_the_selection_is_exported_as_csv_with_all_characters(page: Any) -> None:
    page.locator("#grid article", has_text="onerror").locator("input").check()
    assert page.inner_text("#csv") == "CSV (1)"
    assert list(csv.reader(saved(page, "#csv").splitlines())) == [[*HEADER], [*ROWS[1]]]


def test_without_a_selection_what_is_shown_is_exported_as_smiles(page: Any) -> None:
    page.fill("#search", "fourth")
    assert saved(page, "#smiles") == "c1ccncc1 fourth\n"


def test_select_shown_selects_what_the_filters_leave(page: Any) -> None:
    page.fill("[aria-label='reward min']", "0")
    page.click("#select-shown")
    page.click("#reset")
    assert saved(page, "#smiles") == "c1ccncc1 fourth\nc1ccccc1CCO first\n"


@pytest.mark.parametrize("text", ["=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1)"])
def test_what_a_spreadsheet_would_run_is_exported_as_text(
    tmp_path: Path, opened: Callable[..., Any], text: str
) -> None:
    page = opened(made(table(tmp_path / "f.csv", [(text, "CCO", "-1.5", text)])))
    assert page.inner_text("#grid .id") == text
    exported = pd.read_csv(io.StringIO(saved(page, "#csv")))
    assert exported.loc[0].tolist() == ["'" + text, "CCO", -1.5, "'" + text]


def test_numbers_are_exported_as_numbers_also_where_they_are_names(
    tmp_path: Path, opened: Callable[..., Any]
) -> None:
    page = opened(made(table(tmp_path / "m.csv", [("-5", "CCO", "-1.5", "x")])))
    assert saved(page, "#csv").splitlines()[1] == "-5,CCO,-1.5,x"


def test_names_with_lines_and_tabs_do_not_break_an_export(
    tmp_path: Path, opened: Callable[..., Any]
) -> None:
    page = opened(made(table(tmp_path / "n.csv", [("two\nlines\tand 日本", "CCO", "1", "")])))
    assert list(csv.reader(io.StringIO(saved(page, "#csv"))))[1][0] == "two\nlines\tand 日本"
    assert saved(page, "#smiles") == "CCO two_lines_and_日本\n"


def test_a_report_works_in_a_narrow_window_too(opened: Callable[..., Any], report: Path) -> None:
    page = opened(report, viewport={"width": 400, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    assert not page.is_visible("[aria-label='reward min']")
    page.click("#toggle-filters")
    page.fill("[aria-label='reward min']", "5")
    assert ids(page) == ["fourth"]


def test_open_filters_that_push_the_grid_out_of_sight_leave_it_small(
    tmp_path: Path, opened: Callable[..., Any]
) -> None:
    header = ("id", "smiles", *(f"p{k}" for k in range(40)))
    rows = [(f"m{n}", "C" * (n + 1), *(str(n * k) for k in range(40))) for n in range(200)]
    page = opened(
        made(table(tmp_path / "w.csv", rows, header)), viewport={"width": 400, "height": 500}
    )
    few = page.locator("#grid article").count()
    page.click("#toggle-filters")
    assert 0 < page.locator("#grid article").count() <= few
    page.click("#toggle-filters")
    assert page.locator("#grid article").count() == few
