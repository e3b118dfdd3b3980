"""Values as people write them, on the scale that is fitted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from molgfn.proxy.merge import Merged, merge
from molgfn.proxy.numbers import Value, plain_texts, read_relation, read_value
from molgfn.proxy.scale import Scale


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5.3", Value(5.3)),
        (" -1e-3 ", Value(-0.001)),
        (">10", Value(10, ">")),
        ("< 0.5", Value(0.5, "<")),
        (">= 3.", Value(3, ">")),
        ("≤.5", Value(0.5, "<")),
        ("~7", Value(7)),
    ],
)
def test_a_value_may_be_a_bound(text: str, value: Value) -> None:
    assert read_value(text) == value


@pytest.mark.parametrize("text", ["", "NaN", "n.d.", "N/A", "-", "none"])
def test_what_was_not_measured_is_none(text: str) -> None:
    assert read_value(text) is None


@pytest.mark.parametrize("text", ["5.3 nM", "5 ± 1", "5-7", "inf", "1e999", "1,000", "<>5", "five"])
def test_text_that_is_no_number_is_refused_as_it_stands(text: str) -> None:
    with pytest.raises(ValueError, match="is no number") as error:
        read_value(text)
    assert text in str(error.value)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_finite_number_is_read_as_it_was_written(number: float) -> None:
    assert read_value(repr(number)) == Value(number)


def test_relations_between_quotes_are_read() -> None:
    assert [read_relation(text) for text in ("'='", "'>'", '"<="', "", "~")] == list("=><==")
    with pytest.raises(ValueError, match="'about' is no relation"):
        read_relation("about")


def test_decimal_commas_are_read_and_told() -> None:
    assert plain_texts(["5,1", ">6,25", "7"])[0] == ["5.1", ">6.25", "7"]
    assert plain_texts(["5,1", "6.2"]) == (["5,1", "6.2"], None)


def test_commas_that_may_separate_thousands_are_left_alone() -> None:
    assert plain_texts(["1,000", "12,500"]) == (["1,000", "12,500"], None)


def test_words_for_two_classes_become_one_and_zero() -> None:
    assert plain_texts(["Active", "inactive", ""]) == (
        ["1", "0", ""],
        "inactive = 0, Active = 1",
    )
    assert plain_texts(["active", "5.1"]) == (["active", "5.1"], None)


def test_a_concentration_becomes_a_p_value_and_its_bound_turns_round() -> None:
    found = Scale(unit="nM")(Value(10_000, ">"), "")
    assert (found.number, found.relation) == (pytest.approx(5), "<")


@pytest.mark.parametrize("unit", ["uM", "µM", "μM", "umol/L", "µmol L-1"])
def test_the_unit_of_a_row_goes_before_that_of_the_column(unit: str) -> None:
    assert Scale(unit="nM")(Value(10), unit).number == pytest.approx(5)


def test_a_logarithm_keeps_the_direction_of_a_bound() -> None:
    assert Scale(log10=True)(Value(100, ">"), "%") == Value(2, ">")


def test_what_has_no_logarithm_and_what_is_no_concentration_are_refused() -> None:
    with pytest.raises(ValueError, match="-1 has no logarithm"):
        Scale(log10=True)(Value(-1), "")
    with pytest.raises(ValueError, match="unit '%' is no concentration"):
        Scale(unit="nM")(Value(50), "%")


def test_scales_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ValueError, match="exclude each other"):
        Scale(log10=True, unit="nM")
    with pytest.raises(ValueError, match="unit = 'mg': accepted are M, mM, uM, nM, pM, fM"):
        Scale(unit="mg")


def test_converted_targets_are_called_by_what_they_are_now() -> None:
    assert Scale(unit="nM").name("IC50") == "pIC50"
    assert Scale(unit="nM").name("IC50 (nM)") == "p(IC50 (nM))"
    assert Scale(log10=True).name("t1/2") == "log10(t1/2)"


def test_several_exact_values_are_their_median_with_the_spread() -> None:
    values = [Value(5), Value(9), Value(6), Value(4, ">")]
    assert merge(values) == Merged(6, "=", spread=4, num_values=3, set_aside=1)


def test_of_bounds_the_tightest_counts() -> None:
    assert merge([Value(5, ">"), Value(6, ">")]) == Merged(6, ">", num_values=2)
    assert merge([Value(5, "<"), Value(6, "<")]) == Merged(5, "<", num_values=2)


def test_bounds_on_both_sides_are_no_value() -> None:
    assert merge([Value(5, ">"), Value(6, "<")]) is None
