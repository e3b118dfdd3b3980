"""Which column is what."""

from pathlib import Path

import pytest

from molgfn.proxy.columns import find_columns, id_column
from molgfn.proxy.table import Table

SMILES = ["CCOC(=O)C", "c1ccccc1CN", "CC(=O)Nc1ccccc1"]
NUMBERS = ["5.1", ">6", "7"]


def table(**columns: list[str]) -> Table:
    return Table(Path("mine.csv"), {name.replace("_", " "): c for name, c in columns.items()})


def test_a_column_called_smiles_is_taken_and_told() -> None:
    found = find_columns(table(Canonical_Smiles=SMILES, pIC50=NUMBERS, code=["1", "2", "3"]))
    assert (found.smiles, found.targets) == ("Canonical Smiles", ("pIC50",))
    assert "column 'Canonical Smiles' was taken for SMILES (guessed)" in found.notes
    assert "column 'pIC50' was taken for the target (guessed)" in found.notes


def test_a_column_that_holds_smiles_is_taken_whatever_its_name() -> None:
    found = find_columns(table(code=["A1", "C", "B"], compound=SMILES, y=NUMBERS))
    assert (found.smiles, found.targets) == ("compound", ("y",))


def test_a_table_without_a_smiles_column_is_refused_with_its_columns() -> None:
    with pytest.raises(
        ValueError,
        match=r"mine\.csv: no column holds SMILES; its columns are 'code', 'y'; name one with "
        "--smiles-column",
    ):
        find_columns(table(code=["A1", "C", "B"], y=NUMBERS))


def test_two_candidates_for_the_smiles_column_are_both_named() -> None:
    with pytest.raises(ValueError, match="2 columns may hold SMILES: 'smiles', 'Parent Smiles'"):
        find_columns(table(smiles=SMILES, Parent_Smiles=SMILES, y=NUMBERS))


def test_two_columns_that_hold_smiles_are_both_named() -> None:
    with pytest.raises(ValueError, match="2 columns may hold SMILES: 'a', 'b'; name one with"):
        find_columns(table(a=SMILES, b=SMILES, y=NUMBERS))


def test_of_two_candidates_the_named_one_is_taken() -> None:
    columns = table(smiles=SMILES, Parent_Smiles=SMILES, y=NUMBERS)
    assert find_columns(columns, smiles="Parent Smiles").smiles == "Parent Smiles"


def test_several_numeric_columns_are_not_chosen_among() -> None:
    with pytest.raises(ValueError, match="2 columns may hold the target: 'weight', 'y'; name one"):
        find_columns(table(smiles=SMILES, weight=NUMBERS, y=NUMBERS))


def test_names_may_differ_in_case_and_punctuation_and_that_is_told() -> None:
    found = find_columns(table(smiles=SMILES, pChEMBL_Value=NUMBERS), ["pchembl_value"])
    assert found.targets == ("pChEMBL Value",)
    assert "column 'pChEMBL Value' was taken for 'pchembl_value'" in found.notes


def test_a_column_that_is_not_there_is_answered_with_those_that_are() -> None:
    with pytest.raises(ValueError, match="has no column 'pKi'; its columns are 'smiles', 'y'"):
        find_columns(table(smiles=SMILES, y=NUMBERS), ["pKi"])


def test_smiles_are_no_target() -> None:
    with pytest.raises(ValueError, match="cannot be SMILES and target at once"):
        find_columns(table(smiles=SMILES, y=NUMBERS), ["smiles"])


def test_a_relation_column_of_the_target_goes_before_a_general_one() -> None:
    columns = table(smiles=SMILES, y=NUMBERS, z=NUMBERS, y_operator=["="] * 3, relation=["="] * 3)
    assert find_columns(columns, ["y", "z"]).relation == {"y": "y operator", "z": "relation"}


def test_times_are_looked_for_only_when_they_are_needed() -> None:
    columns = table(smiles=SMILES, y=NUMBERS, Document_Year=["2001", "2002", ""])
    assert find_columns(columns).time is None
    assert find_columns(columns, needs_time=True).time == "Document Year"
    with pytest.raises(ValueError, match=r"no column holds times.*--time-column"):
        find_columns(table(smiles=SMILES, y=NUMBERS), needs_time=True)


def test_an_identifier_is_found_by_its_name() -> None:
    assert id_column(table(smiles=SMILES, Molecule_ChEMBL_ID=NUMBERS), "smiles") is not None
    assert id_column(table(smiles=SMILES, y=NUMBERS), "smiles") is None
