"""The page on exactness holds what was measured, and says what was not."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "exactness", CHECKOUT / "scripts" / "exactness.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_what_the_kept_audits_make_of_it(script: ModuleType) -> None:
    page = script.PAGE.read_text()
    assert script.filled(page, script.audits()) == page


def test_a_measured_case_fills_its_slots_and_no_other(script: ModuleType) -> None:
    audit = {
        "subject": "s",
        "tv_trees": 0.25,
        "num_trees": 14_494,
        "cpu_seconds": 600,
        "per_symmetry_class": [
            {"num_automorphisms": 2, "num_trees": 3, "exact": 0.5, "learned": 0.125}
        ],
    }
    page = script.filled(script.PAGE.read_text(), {"symmetric": audit})
    (row,) = [line for line in page.splitlines() if line.startswith("| symmetric ")]
    assert row.startswith("| symmetric | 14,494 | not measured | not measured | 0.2500 |")
    assert row.endswith("| 10 min |")
    assert "| TV of trees | not measured | 0.2500 |" in page
    assert "| 2 | 3 | 50.00 % | not measured | 12.50 % |" in page


def test_a_page_without_its_slots_is_refused(script: ModuleType) -> None:
    with pytest.raises(ValueError, match="0 slots for table 'spaces'"):
        script.filled("no slots", {})
