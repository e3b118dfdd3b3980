"""From rows to molecules: every row is used, or has a reason."""

from pathlib import Path
from time import process_time

import numpy as np
import pandas as pd
import pytest
from rdkit import Chem, RDConfig

from molgfn.proxy.columns import find_columns
from molgfn.proxy.curate import curate
from molgfn.proxy.measurements import Measurements, excluded_table
from molgfn.proxy.scale import Scale
from molgfn.proxy.table import Table, read_table

ALKANES = [("C" * length, f"{length / 4}") for length in range(4, 34)]  # values 1 to 8.25


def curated(
    rows: list[tuple[str, ...]], *, more: str = "", targets: int = 1, scale: Scale | None = None
) -> Measurements:
    """Thirty plain molecules, then the rows: SMILES, targets, and a further column."""
    names = ["smiles", *("yz"[:targets]), *([more] if more else [])]
    plain = [(smiles, *[y] * targets, *([""] if more else [])) for smiles, y in ALKANES]
    cells = zip(*plain, *rows, strict=True)
    columns = {name: list(cell) for name, cell in zip(names, cells, strict=True)}
    table = Table(Path("mine.csv"), columns)
    found = find_columns(table, names[1 : 1 + targets], time=more if more == "year" else None)
    return curate(table, found, *([scale] if scale else []))


def value(measurements: Measurements, smiles: str, target: int = 0) -> tuple[float, str, float]:
    place = measurements.smiles.index(smiles), target
    return (
        float(measurements.values[place]),
        str(measurements.relation[place]),
        float(measurements.spread[place]),
    )


def reasons(measurements: Measurements) -> dict[int, str]:
    return {one.row - len(ALKANES): one.reason for one in measurements.excluded}


def test_salts_and_other_drawings_of_a_molecule_are_merged_with_their_median_and_spread() -> None:
    found = curated([("OC(C)=O", "5"), ("CC(=O)O", "9"), ("[Na+].CC(=O)[O-]", "6")])
    assert value(found, "CC(=O)O") == (6, "=", 4)
    assert len(found) == len(set(found.smiles)) == len(ALKANES) + 1
    assert any("the median is used: 1;" in note for note in found.notes)
    assert any(
        " 32, of several components: 1; molecules without salts and charges: 31" in note
        for note in found.notes
    )


def test_bounds_in_the_text_of_values_are_kept_and_counted() -> None:
    found = curated([("CCO", ">9"), ("CCO", ">8"), ("CCN", "<2"), ("CCF", "3"), ("CCF", ">2")])
    assert value(found, "CCO") == (9, ">", 0)
    assert value(found, "CCN") == (2, "<", 0)
    assert value(found, "CCF") == (3, "=", 0)
    assert "'y': censored molecules, whose value is at least the one given: 1" in found.notes
    assert "'y': censored molecules, whose value is at most the one given: 1" in found.notes
    assert "'y': bounds set aside because exact values exist: 1" in found.notes


def test_bounds_in_a_column_with_quotes_are_read() -> None:
    found = curated([("CCO", "9", "'>'"), ("CCN", "2", "'='")], more="Standard Relation")
    assert value(found, "CCO") == (9, ">", 0)
    assert value(found, "CCN") == (2, "=", 0)


def test_a_bound_on_a_concentration_turns_round_with_it() -> None:
    found = curated([("CCO", "1000", ">")], more="relation", scale=Scale(unit="nM"))
    assert value(found, "CCO") == (pytest.approx(6), "<", 0)
    assert found.targets == ["py"]
    assert any("converted from nM to p-values" in note for note in found.notes)


def test_the_standard_relation_of_chembl_turns_round_for_its_p_value() -> None:
    """It speaks of the concentration: more than 10 uM is a pChEMBL below 5."""
    columns = {
        "smiles": [smiles for smiles, _ in ALKANES] + ["CCO"],
        "pChEMBL Value": [number for _, number in ALKANES] + ["5"],
        "Standard Relation": ["'='"] * len(ALKANES) + ["'>'"],
    }
    table = Table(Path("mine.csv"), columns)
    assert value(curate(table, find_columns(table)), "CCO") == (5, "<", 0)


def test_the_unit_of_each_row_is_used() -> None:
    rows = [("CCO", "1", "uM"), ("CCN", "1", "nM"), ("CCF", "50", "%")]
    found = curated(rows, more="units", scale=Scale(unit="nM"))
    assert value(found, "CCO")[0] == pytest.approx(6)
    assert value(found, "CCN")[0] == pytest.approx(9)
    assert "unit '%' is no concentration" in reasons(found)[3]


def test_units_that_differ_and_are_not_converted_are_told() -> None:
    found = curated([("CCO", "1", "uM"), ("CCN", "1", "nM")], more="units")
    assert any("has several units, none (30), uM (1), nM (1)" in note for note in found.notes)


def test_text_in_numbers_excludes_the_row_and_quotes_it() -> None:
    found = curated([("CCO", "5.3 nM"), ("CCN", "about five"), ("CCF", "")])
    assert reasons(found) == {
        1: "unusable value: 'y': '5.3 nM' is no number",
        2: "unusable value: 'y': 'about five' is no number",
        3: "no value: 'y'",
    }
    assert "rows used: 30 of 33; excluded: 2 unusable value, 1 no value" in found.notes


def test_molecules_that_cannot_be_used_are_listed_and_the_others_stay() -> None:
    found = curated([("nonsense", "5"), ("C[Xx]C", "5"), ("C" * 500, "5"), ("CCO", "5")])
    assert [reason.split(";")[0] for reason in reasons(found).values()] == [
        "unreadable molecule: RDKit cannot parse it",
        "unreadable molecule: there is no element 'Xx'",
        "unsuitable molecule: it has 500 heavy atoms",
    ]
    assert found.smiles[-1] == "CCO"
    table = excluded_table(found.excluded)
    assert list(table.columns) == ["row", "smiles", "reason"]
    assert table.row.tolist() == [31, 32, 33]


def test_a_row_that_could_not_be_read_is_listed_as_such(tmp_path: Path) -> None:
    lines = [f"{smiles},{y}" for smiles, y in ALKANES]
    (tmp_path / "mine.csv").write_text("\n".join(["smiles,y", *lines, "CCO,5,6"]))
    table = read_table(tmp_path / "mine.csv")
    (excluded,) = curate(table, find_columns(table)).excluded
    assert (excluded.row, excluded.reason.split(":")[0]) == (31, "unreadable row")


def test_contradicting_bounds_are_excluded_with_every_row() -> None:
    found = curated([("CCO", ">9"), ("CCO", "<2")])
    assert "CCO" not in found.smiles
    assert list(reasons(found)) == [1, 2]
    assert "contradictory: 'y' has bounds on both sides" in reasons(found)[1]


def test_a_row_that_lacks_one_target_of_two_is_used_for_the_other() -> None:
    found = curated([("CCO", "5", "bad"), ("CCN", "", "6")], targets=2)
    assert value(found, "CCO", 0)[0] == 5
    assert np.isnan(value(found, "CCO", 1)[0])
    assert value(found, "CCN", 1)[0] == 6
    assert reasons(found) == {1: "unusable value: 'z': 'bad' is no number"}


def test_outliers_are_kept_flagged_and_counted() -> None:
    found = curated([("CCO", "95")])
    assert found.outlier[:, 0].tolist() == [False] * 30 + [True]
    assert any("that are kept and flagged: 1" in note for note in found.notes)
    assert found.table()["y_outlier"].sum() == 1


def test_a_molecule_has_the_time_of_its_first_measurement() -> None:
    found = curated([("CCO", "5", "2012"), ("OCC", "5", "2009"), ("CCN", "4", "")], more="year")
    assert found.time is not None
    assert found.time[-2:].tolist() == pytest.approx([2009, np.nan], nan_ok=True)


def test_dates_are_in_order() -> None:
    found = curated([("CCO", "5", "2012-03-01"), ("CCN", "5", "2012-02-28")], more="year")
    assert found.time is not None
    assert found.time[-2] - found.time[-1] == 2


def test_three_rows_are_too_few() -> None:
    table = Table(Path("mine.csv"), {"smiles": ["CCO", "CCN", "bad"], "y": ["1", "2", "3"]})
    with pytest.raises(
        ValueError,
        match=r"mine\.csv: of 3 rows, 2 molecules have an exact value of 'y'; accepted are at "
        r"least 20\. Excluded: 1 unreadable molecule",
    ):
        curate(table, find_columns(table, smiles="smiles"))


def test_values_that_are_all_equal_are_refused() -> None:
    columns = {"smiles": [smiles for smiles, _ in ALKANES], "y": ["5.0"] * len(ALKANES)}
    table = Table(Path("mine.csv"), columns)
    with pytest.raises(ValueError, match=r"all 30 molecules have the same 'y', 5; accepted are"):
        curate(table, find_columns(table))


def test_words_for_classes_become_numbers() -> None:
    columns = {"smiles": [s for s, _ in ALKANES], "hit": ["active", "inactive"] * 15}
    table = Table(Path("mine.csv"), columns)
    found = curate(table, find_columns(table, ["hit"]))
    assert found.values[:, 0].tolist() == [1, 0] * 15
    assert "'hit': inactive = 0, active = 1" in found.notes


def test_the_chembl_export_gives_its_molecules(seh_folder: Path) -> None:
    table = read_table(seh_folder / "seh_chembl.csv")
    found = curate(table, find_columns(table, ["pChEMBL Value"]))
    assert len(found) == 1810
    assert any("structures as drawn: 1,812," in note for note in found.notes)
    assert any("rows used: 2,212 of 2,858" in note for note in found.notes)
    assert set(found.relation.ravel()) == {"="}
    used = 2858 - len({one.row for one in found.excluded})
    assert used == 2212


def test_the_measured_molecules_in_rdkit_are_all_used() -> None:
    folder = Path(RDConfig.RDContribDir) / "FreeWilson" / "data"
    table = read_table(folder / "CHEMBL2321810.smi")
    act = pd.read_csv(folder / "CHEMBL2321810_act.csv", dtype=str).set_index("Name").Act
    columns = {**table.columns, "Act": [act.get(name, "") for name in table.columns["id"]]}
    found = curate(Table(table.path, columns), find_columns(Table(table.path, columns), ["Act"]))
    assert not found.excluded
    assert 1000 < len(found) <= 1017


@pytest.mark.slow
def test_a_hundred_thousand_rows_take_less_than_a_minute_of_cpu(tmp_path: Path) -> None:
    """Ten thousand molecules, each drawn in ten ways."""
    path = Path(RDConfig.RDDataDir) / "Pains" / "test_data" / "wehi_mols.csv"
    mols = map(Chem.MolFromSmiles, read_table(path).columns["column 1"])
    smiles = [text for mol in mols for text in Chem.MolToRandomSmilesVect(mol, 10, randomSeed=7)]
    values = np.random.default_rng(0).normal(6, 1, len(smiles)).round(2)
    pd.DataFrame({"smiles": smiles, "y": values}).to_csv(tmp_path / "large.csv", index=False)
    started = process_time()
    table = read_table(tmp_path / "large.csv")
    found = curate(table, find_columns(table))
    assert process_time() - started < 60
    assert len(table) == 100_000
    assert any("rows used: 100,000 of 100,000" in note for note in found.notes)
    assert len(found) == 10_000
