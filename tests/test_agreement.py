"""Divergences and correlations, against values known by hand."""

import math

import numpy as np
import pytest

from molgfn.agreement import (
    fitted_line,
    jensen_shannon,
    kl,
    pearson,
    ranks,
    spearman,
    total_variation,
)

P, Q = np.array([0.5, 0.5, 0.0]), np.array([0.25, 0.5, 0.25])


def test_total_variation_is_the_mass_that_lies_elsewhere() -> None:
    assert total_variation(P, Q) == pytest.approx(0.25)
    assert total_variation(P, P) == 0


def test_divergences_have_the_values_of_their_formulas() -> None:
    assert kl(P, Q) == pytest.approx(0.5 * math.log(2))
    by_hand = 0.5 * (
        0.5 * math.log(0.5 / 0.375) + 0.25 * math.log(0.25 / 0.375) + 0.25 * math.log(2)
    )
    assert jensen_shannon(P, Q) == pytest.approx(by_hand)
    assert jensen_shannon(np.array([1.0, 0.0]), np.array([0.0, 1.0])) == pytest.approx(math.log(2))


def test_an_infinite_divergence_is_none() -> None:
    assert kl(Q, P) is None


def test_correlations_see_a_line_and_an_order() -> None:
    x = np.array([1.0, 2.0, 3.0, 4.0])
    assert pearson(x, -2 * x) == pytest.approx(-1)
    assert spearman(x, x**5) == pytest.approx(1)
    assert pearson(x, x**5) < 0.9
    assert fitted_line(x, 3 * x - 1) == pytest.approx((3, -1))


def test_equal_values_share_their_mean_rank() -> None:
    assert ranks(np.array([5.0, 1.0, 5.0, 7.0])).tolist() == [2.5, 1, 2.5, 4]


@pytest.mark.parametrize("x", [[1.0, 2.0], [1.0, 1.0, 1.0], []])
def test_too_few_or_constant_points_have_no_correlation(x: list[float]) -> None:
    points = np.array(x)
    assert pearson(points, np.arange(len(x)) * 1.0) is None
    assert spearman(points, np.arange(len(x)) * 1.0) is None
    assert fitted_line(points, np.arange(len(x)) * 1.0) is None
