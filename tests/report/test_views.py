"""The other views of the page, its dialogs, its use by keyboard, and on paper."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.report.pages import NASTY, ids, made, table

CONTRAST = """([ink, ground]) => {
  const probe = document.createElement("i");
  document.body.append(probe);
  const luminance = name => {
    probe.style.color = `var(${name})`;
    const parts = getComputedStyle(probe).color.match(/[\\d.]+/g).slice(0, 3).map(v => v / 255)
      .map(v => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
    return .2126 * parts[0] + .7152 * parts[1] + .0722 * parts[2];
  };
  const [a, b] = [luminance(ink), luminance(ground)];
  return (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
}"""


@pytest.fixture
def clustered(tmp_path: Path, opened: Callable[..., Any]) -> Any:
    rows = [
        ("a", "CCO", "1", "1", "OCCc1ccccc1", "0.25"),
        ("b", "CCCO", "3", "1", "OCCc1ccccc1", "0.5"),
        ("c", "c1ccccc1", "2", "2", "", ""),
    ]
    header = ("id", "smiles", "reward", "cluster", "nearest_reference", "nearest_similarity")
    return opened(made(table(tmp_path / "k.csv", rows, header)))


def test_each_cluster_shows_its_best_molecule_and_a_click_its_members(clustered: Any) -> None:
    clustered.click("#tab-clusters")
    first = clustered.locator(".clusters button").first
    told = first.locator(".id, .note").all_text_contents()
    assert told == ["cluster 1", "2 molecules, best reward 3"]
    assert first.locator("svg").get_attribute("aria-label") == "CCCO"
    first.click()
    assert ids(clustered) == ["b", "a"]
    clustered.click("#group")
    assert ids(clustered) == ["b", "c", "a"]


def test_clusters_are_of_what_is_shown(clustered: Any) -> None:
    clustered.fill("#structure", "c")
    clustered.click("#tab-clusters")
    assert clustered.locator(".clusters button").count() == 1


def test_without_clusters_and_scaffolds_there_is_no_view_of_them(page: Any) -> None:
    assert page.locator("#tab-clusters").count() == 0


def test_the_details_hold_all_columns_and_the_nearest_reference(clustered: Any) -> None:
    clustered.click("#grid article >> nth=0")
    text = clustered.inner_text("#detail")
    assert "nearest reference, similarity 0.50" in text
    assert clustered.locator("#detail svg >> nth=1").get_attribute("aria-label") == "OCCc1ccccc1"
    assert clustered.locator("#detail dt").all_text_contents() == [
        *("smiles", "reward", "cluster", "nearest reference", "nearest similarity")
    ]


def test_the_details_show_html_as_text(page: Any) -> None:
    page.locator("#grid article", has_text="onerror").click()
    assert page.inner_text("#detail h2") == NASTY
    assert "</script><b>bold</b>" in page.inner_text("#detail")


def test_the_arrows_turn_the_details_and_escape_closes_them(clustered: Any) -> None:
    clustered.click("#grid article >> nth=0")
    clustered.keyboard.press("ArrowRight")
    assert clustered.inner_text("#detail h2") == "c"
    clustered.keyboard.press("ArrowLeft")
    assert clustered.inner_text("#detail h2") == "b"
    assert clustered.is_disabled("#detail button >> nth=0")
    clustered.keyboard.press("Escape")
    assert not clustered.is_visible("#detail")
    assert clustered.evaluate("document.activeElement.getAttribute('aria-label')") == "b"


def test_details_select(clustered: Any) -> None:
    clustered.click("#grid article >> nth=1")
    clustered.check("#detail input")
    assert "1 selected" in clustered.inner_text("#count")


def test_the_map_names_a_point_under_the_pointer_and_opens_it(page: Any) -> None:
    page.click("#tab-map")
    spot = page.evaluate("""() => {
      const canvas = document.getElementById("map"), box = canvas.getBoundingClientRect();
      const pen = canvas.getContext("2d"), size = [canvas.width, canvas.height];
      const pixels = pen.getImageData(0, 0, ...size).data;
      const place = Array.from({length: size[0] * size[1]}, (_, k) => k)
        .find(k => pixels[4 * k + 3] > 250);
      return [box.left + place % size[0] + 1, box.top + Math.floor(place / size[0]) + 4];
    }""")
    page.mouse.move(*spot)
    name = page.inner_text("#tip .id")
    assert name in ("first", "third", "fourth", NASTY)
    page.mouse.click(*spot)
    assert page.inner_text("#detail h2") == name


def test_the_map_is_drawn_by_the_colour_and_the_filters(page: Any) -> None:
    page.click("#tab-map")
    drawn = "document.getElementById('map').toDataURL()"
    before = page.evaluate(drawn)
    assert [page.inner_text("#low"), page.inner_text("#high")] == ["-1", "10"]
    page.fill("#search", "fourth")
    assert page.evaluate(drawn) != before


def test_the_funnel_and_rows_that_could_not_be_read_are_shown_as_text(page: Any) -> None:
    page.click("#tab-run")
    text = page.inner_text("#view-run")
    assert "<b>alerts</b>" in text
    assert "3,000 removed" in text
    assert "molecule 5: 'C('" in text


def test_a_space_selects_enter_opens_and_arrows_move(page: Any) -> None:
    page.focus("#grid article >> nth=0")
    page.keyboard.press(" ")
    assert "1 selected" in page.inner_text("#count")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    assert page.inner_text("#detail h2") == "first"


def test_the_arrows_turn_the_views(page: Any) -> None:
    page.focus("#tab-molecules")
    page.keyboard.press("ArrowRight")
    assert page.is_visible("#view-map")
    assert page.evaluate("document.activeElement.id") == "tab-map"
    page.keyboard.press("ArrowLeft")
    assert page.is_visible("#view-molecules")


def test_the_help_lists_what_is_understood(page: Any) -> None:
    page.click("#help")
    for text in page.locator("#syntax dt").all_text_contents()[:-1]:
        for example in text.split():
            page.evaluate("() => document.getElementById('syntax').close()")
            page.fill("#structure", example)
            assert page.get_attribute("#structure", "aria-invalid") == "false", example


def test_every_control_has_a_name(clustered: Any) -> None:
    nameless = """() => [...document.querySelectorAll("button, input, select, [role=tabpanel]")]
      .filter(one => !one.hidden && !one.ariaLabel && !one.textContent.trim() && !one.labels?.length
        && !one.hasAttribute("aria-labelledby")).map(one => one.outerHTML)"""
    for tab in ("map", "clusters", "run", "molecules"):
        clustered.click(f"#tab-{tab}")
        assert clustered.evaluate(nameless) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_can_be_read_in_both_schemes(
    opened: Callable[..., Any], report: Path, scheme: str
) -> None:
    page = opened(report, color_scheme=scheme)
    pairs = [(ink, ground) for ink in ("--ink", "--soft", "--bad") for ground in ("--bg", "--card")]
    for pair in [*pairs, ("--card", "--accent"), ("--ink", "--tint")]:
        assert page.evaluate(CONTRAST, pair) >= 4.5, pair


def test_what_has_the_focus_is_outlined(page: Any) -> None:
    for _ in range(12):
        page.keyboard.press("Tab")
        style = "getComputedStyle(document.activeElement).outlineStyle"
        assert page.evaluate(style) == "solid", page.evaluate("document.activeElement.outerHTML")


def test_on_paper_are_all_cards_side_by_side_and_no_controls(
    tmp_path: Path, opened: Callable[..., Any]
) -> None:
    rows = [(f"n{k}", "C" * (k + 1), str(-k), "") for k in range(60)]
    page = opened(made(table(tmp_path / "p.csv", rows)))
    assert len(ids(page)) < 60
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert len(ids(page)) == 60
    assert not page.is_visible("#tools")
    assert not page.is_visible("#grid input >> nth=0")
    places = page.evaluate("""[...document.querySelectorAll(".card")].slice(0, 4)
      .map(card => card.getBoundingClientRect()).map(box => [box.left, box.top])""")
    assert places[0][1] == places[2][1] < places[3][1]
    assert places[0][0] < places[1][0]
    page.emulate_media(media="screen")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert len(ids(page)) < 60


def test_on_paper_is_the_selection(page: Any) -> None:
    page.locator("#grid article", has_text="third").locator("input").check()
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert ids(page) == ["third"]
