"""The page of the paper's tables holds what was measured, and says what was not."""

import importlib
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

EMPTY: dict[str, dict[str, Any]] = {
    table: {} for table in ("hypergrid", "hypergrid_64", "bits", "amp", "molecules")
}
SHARED = {"machine": "x86_64, 2 CPU cores", "wall_seconds": 60}


@pytest.fixture
def tables() -> ModuleType:
    return importlib.import_module("paper_tables")


@pytest.fixture
def grids() -> ModuleType:
    return importlib.import_module("paper_grids")


@pytest.fixture
def read() -> ModuleType:
    return importlib.import_module("paper_results")


def trained(*tv: float) -> dict[str, Any]:
    """A run on a grid, with a point every 250 steps of 16."""
    steps = [250 * (i + 1) for i in range(len(tv))]
    curves = {
        "exact/num_visited": [[step, 16 * step] for step in steps],
        "exact/tv": [[step, value] for step, value in zip(steps, tv, strict=True)],
        "exact/log_z_error": [[step, -0.5] for step in steps],
    }
    return {**SHARED, "curves": curves}


def chains(*tv: float, floor: float) -> dict[str, Any]:
    run = trained(*tv)
    run["curves"]["perfect/tv"] = run["curves"]["exact/tv"]
    return {**run, "floor": {"num_draws": 200_000, "tv": floor}}


def on_grid(table: str = "hypergrid", **runs: list[dict[str, Any]]) -> dict[str, Any]:
    return {**EMPTY, table: {f"{method}_r0=0.1": of for method, of in runs.items()}}


def rows(text: str, *start: str) -> list[str]:
    """The cells after the first ones of the only row that begins with them."""
    (line,) = [r for r in text.splitlines() if r.startswith(f"| {' | '.join(start)} |")]
    return [cell.strip() for cell in line.split("|")[1 + len(start) : -1]]


def test_the_page_is_what_the_kept_files_make_of_it(tables: ModuleType, read: ModuleType) -> None:
    page = tables.PAGE.read_text()
    assert tables.filled(page, read.results()) == page


def test_runs_are_read_by_cell_and_seed(read: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "bits").mkdir()
    for name in ("k=1-0", "k=1-1", "k=10-0"):
        (tmp_path / "bits" / f"{name}.json").write_text(json.dumps({"name": name}))
    assert read.results(tmp_path) == {
        **EMPTY,
        "bits": {"k=1": [{"name": "k=1-0"}, {"name": "k=1-1"}], "k=10": [{"name": "k=10-0"}]},
    }


def test_without_files_no_table_has_a_number_of_ours(
    tables: ModuleType, read: ModuleType, tmp_path: Path
) -> None:
    page = tables.filled(tables.PAGE.read_text(), read.results(tmp_path))
    for row in ("FM", "Metropolis-Hastings"):
        assert set(rows(tables.modes(EMPTY), row)) == {"not measured"}
    assert rows(page, "mean pairwise edit distance") == ["not measured", "18.35"]
    assert rows(page, "TB", "0", "not measured")[:5] == [*["not measured"] * 4, ".86"]
    assert rows(page, "8^4", "0.1", *["not measured"] * 7) == []
    assert "at 0 of 0 targets; the other 6 are not measured." in page
    assert "![" not in page


def test_a_page_without_its_slots_is_refused(tables: ModuleType) -> None:
    with pytest.raises(ValueError, match="0 slots for table 'budgets'"):
        tables.filled("no slots", EMPTY)


def test_a_curve_is_averaged_over_seeds_at_the_steps_they_share(read: ModuleType) -> None:
    (first, second) = read.curve(
        [trained(0.5, 0.3, 0.2), trained(0.7, 0.3)], "exact/tv", "exact/num_visited"
    )
    assert (first.x, first.y.mean, first.y.num) == (4000, pytest.approx(0.6), 2)
    assert first.y.sd == pytest.approx(0.2 / 2**0.5)
    assert (second.x, second.y.sd) == (8000, 0)


def test_the_distance_and_the_error_of_log_z_are_those_at_the_end(grids: ModuleType) -> None:
    found = on_grid(fm=[trained(0.5, 0.25)], mh=[chains(0.6, 0.5, floor=0.05)])
    missing = ["not measured"] * 3
    distance = rows(grids.distances(found), "8^4", "0.1")
    assert distance == ["0.2500", *missing, "0.5000", "0.5000", "0.0500"]
    assert rows(grids.partitions(found), "8^4", "0.1")[:2] == ["-0.5000", "not measured"]


def test_a_method_arrives_when_the_mean_over_seeds_is_at_twice_the_floor(
    grids: ModuleType,
) -> None:
    found = on_grid(
        fm=[trained(0.09, 0.09), trained(0.13, 0.11)],
        db=[trained(0.5, 0.2)],
        mh=[chains(0.6, 0.5, floor=0.05)],
    )
    assert rows(grids.arrivals(found), "8^4", "0.1") == [
        "8,000",
        "not reached",
        "not measured",
        "not measured",
        "not reached",
    ]


def four(**tv: float) -> dict[str, list[dict[str, Any]]]:
    """One run of each objective that is at twice the floor of 0.05 at once, or never."""
    objectives = {"fm": 0.3, "db": 0.3, "tb": 0.3, "tb_learned": 0.3} | tv
    runs = {method: [trained(value)] for method, value in objectives.items()}
    return {**runs, "mh": [chains(0.5, floor=0.05)]}


def test_the_page_says_whether_trajectory_balance_is_first(grids: ModuleType) -> None:
    assert "at 1 of 1 targets; the other 5" in grids.claims(on_grid(**four(tb_learned=0.1)))
    assert "at 1 of 1 targets; the other 5" in grids.claims(on_grid(**four(tb=0.1, fm=0.1)))
    worse = grids.claims(on_grid(**four(fm=0.1, db=0.1)))
    assert "at 0 of 1 targets; 8^4 with R0 = 0.1: FM and DB; the other 5" in worse
    partial = {method: runs for method, runs in four(tb=0.1).items() if method != "fm"}
    assert "at 0 of 0 targets; the other 6" in grids.claims(on_grid(**partial))
    none = grids.claims(on_grid(**four()))
    assert "at 0 of 1 targets; 8^4 with R0 = 0.1: none arrives; the other 5" in none


def test_the_page_says_whether_learned_backward_steps_are_nearer(grids: ModuleType) -> None:
    ours, plain = [trained(0.1), trained(0.2)], [trained(0.5), trained(0.4)]
    found = on_grid("hypergrid_64", tb_learned=ours, tb=plain)
    expected = "nearer at R0 = 0.1 (TV 0.1500 against 0.4500, 4.2 standard errors)"
    assert expected in grids.claims(found)
    swapped = on_grid("hypergrid_64", tb_learned=plain, tb=ours)
    assert "farther at R0 = 0.1 (TV 0.4500 against 0.1500" in grids.claims(swapped)


def test_the_page_says_whether_all_are_better_than_chains(grids: ModuleType) -> None:
    better = grids.claims(on_grid(**four(tb=0.1)))
    assert "at 1 of 1 targets; the worst of the four has 0.60 to 0.60 times" in better
    assert "at 0 of 1 targets; the worst" in grids.claims(on_grid(**four(db=0.6)))


def test_bits_say_their_steps_and_whether_they_come_to_seven_tenths(tables: ModuleType) -> None:
    def run(spearman: float) -> dict[str, Any]:
        curves = {
            "bits/spearman": [[250, 0.1], [500, spearman]],
            "bits/modes_found": [[500, 42.0]],
        }
        return {**SHARED, "curves": curves}

    text = tables.bits(
        {
            **EMPTY,
            "bits": {
                "k=1": [run(0.6)],
                "half_uniform_k=1": [run(0.7)],
                "k=10": [run(0.7), run(0.8)],
            },
        }
    )
    own, half = "| 1 | of the policy | ", "| 1 | half of them uniform | "
    assert f"{own}1 | 500 | 50,000 steps of 16 | 0.600 | no | 42 |" in text
    assert f"{half}1 | 500 | 50,000 steps of 16 | 0.700 | yes | 42 |" in text
    assert "| 2 | 500 | 50,000 steps of 16 | 0.750 ± 0.071 | yes | 42 ± 0 |" in text


def test_molecules_have_an_audit_of_each_beta_and_their_best(tables: ModuleType) -> None:
    run = {
        **SHARED,
        "curves": {"modes/visited": [[800, 51_200.0]], "modes/above_7.5": [[800, 12.0]]},
        "audit_4": {"pearson_log_p_log_r": 0.5},
        "audit_16": {"pearson_log_p_log_r": None},
        "best": {"num": 1000, "mean_proxy": 7.25, "mean_tanimoto": 0.4},
    }
    found = {**EMPTY, "molecules": {"db": [run]}}
    missing = ["not measured"] * 3
    assert rows(tables.molecules(found), "DB") == [
        "1", "800", "0.500", *missing, ".80", "0.400", "7.25",
    ]  # fmt: skip
    assert rows(tables.modes(found), "DB")[:4] == ["51,200", *missing[:2], "12"]


def test_the_page_says_which_objectives_find_more_modes_than_chains(tables: ModuleType) -> None:
    def run(modes: float, r: float | None = None) -> list[dict[str, Any]]:
        audit = {"audit_10": {"pearson_log_p_log_r": r}}
        return [{**SHARED, "curves": {"modes/above_7.5": [[800, modes]]}, **audit}]

    runs = {"fm": run(12, 0.25), "db": run(10, 0.5), "tb": run(11, 0.75), "mh": run(10)}
    text = tables.molecule_claims({**EMPTY, "molecules": runs})
    assert "above 7.5 than Metropolis-Hastings: 2 of 3 runs: FM, TB." in text
    assert "above 8 than Metropolis-Hastings: not measured." in text
    assert "r at beta 10, from high to low: TB, DB, FM." in text
    assert "r at beta 4, from high to low: not measured." in text


def test_budgets_count_cells_and_seeds(tables: ModuleType) -> None:
    found = on_grid(fm=[trained(0.5, 0.25), trained(0.5)], mh=[chains(0.6, floor=0.05)])
    cells = rows(tables.budgets(found), "hypergrid")
    assert cells[1:] == ["2 of 15", "1 to 2", "500", "", "x86_64, 2 CPU cores", "2 min"]


def test_figures_are_drawn_of_what_there_is(tmp_path: Path) -> None:
    figures = importlib.import_module("paper_figures")
    figures.draw(on_grid(fm=[trained(0.5, 0.25)], mh=[chains(0.6, 0.5, floor=0.05)]), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["hypergrid.png"]
    (axis,) = [
        axis
        for axis in figures.hypergrid(on_grid(fm=[trained(0.5, 0.25)])).axes
        if axis.get_title() == "$8^4$, R0 = 0.1"
    ]
    (line,) = axis.lines
    assert line.get_xydata().tolist() == [[4000, 0.5], [8000, 0.25]]
