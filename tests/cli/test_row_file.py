"""A file of rows is valid at any moment, and is read back as it was written."""

from pathlib import Path

import pandas as pd
import pytest

from molgfn.cli.row_file import RowFile

COLUMNS = {"draw": int, "name": str, "value": float}
ROWS = [
    {"draw": 0, "name": 'a, "quoted" <b>é</b>', "value": 0.1},
    {"draw": 3, "name": "", "value": 1.0},
    {"draw": 4, "name": "c", "value": -2.5e-9},
]


@pytest.fixture
def file(tmp_path: Path) -> RowFile:
    made = RowFile(tmp_path / "a.csv", COLUMNS)
    made.create()
    made.append(ROWS)
    return made


def test_rows_are_read_back_as_they_were(file: RowFile) -> None:
    assert list(file) == ROWS


def test_it_is_an_ordinary_table(file: RowFile) -> None:
    table = pd.read_csv(file.path, keep_default_na=False)
    assert table.to_dict("records") == ROWS


def test_rows_are_added_at_the_end(file: RowFile) -> None:
    again = RowFile(file.path, COLUMNS)
    again.append([{"draw": 9, "name": "d", "value": 4.0}])
    assert [row["draw"] for row in again] == [0, 3, 4, 9]


def test_rows_are_found_by_where_they_begin(file: RowFile) -> None:
    begins = [begin for begin, _ in file.offsets()]
    assert list(file.at(reversed(begins))) == ROWS[::-1]


def test_a_torn_row_is_no_row_and_is_cut(file: RowFile) -> None:
    whole = file.path.read_bytes()
    file.path.write_bytes(whole + b'5,"to')
    assert list(file) == ROWS
    file.cut(100)
    assert file.path.read_bytes() == whole


def test_rows_from_a_number_on_are_cut(file: RowFile) -> None:
    file.cut(3)
    assert list(file) == ROWS[:1]


def test_a_line_break_in_a_text_does_not_break_the_row(file: RowFile) -> None:
    file.append([{"draw": 5, "name": "two\nlines", "value": 0.0}])
    assert list(file)[-1]["name"] == "two lines"


def test_what_a_row_lacks_is_empty(file: RowFile) -> None:
    file.append([{"draw": 5}])
    last = list(file)[-1]
    assert last["name"] == ""
    assert last["value"] != last["value"]


def test_a_column_that_comes_too_late_is_an_error(file: RowFile) -> None:
    with pytest.raises(ValueError, match="has no columns late, which only later rows have"):
        file.append([{"draw": 5, "late": 1.0}])


def test_a_file_of_other_columns_is_not_cut(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("precious\n1\n")
    with pytest.raises(ValueError, match="does not begin with draw,name,value"):
        RowFile(tmp_path / "a.csv", COLUMNS).cut(0)
    assert (tmp_path / "a.csv").read_text() == "precious\n1\n"


def test_a_file_that_has_vanished_is_not_made_again(file: RowFile) -> None:
    file.path.unlink()
    with pytest.raises(FileNotFoundError):
        file.append(ROWS)
    assert not file.path.exists()
