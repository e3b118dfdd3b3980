"""Transforms: their values at named points, their range, and what they refuse."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from molgfn.configurable import describe
from molgfn.rewards.transforms import Clip, DoubleSigmoid, Linear, Sigmoid, Step, Transform

EVERY = [
    Clip(0.2, 0.9),
    Linear(1, 3),
    Linear(3, 1),
    Sigmoid(1, 3),
    Sigmoid(3, 1),
    DoubleSigmoid(1, 3, 0.1),
    Step(low=1),
    Step(high=3),
    Step(1, 3),
]


def at(transform: Transform, *raw: float) -> list[float]:
    return [round(score, 4) for score in transform(torch.tensor(raw)).tolist()]


def test_clip_leaves_what_is_inside() -> None:
    assert at(Clip(), -1, 0, 0.3, 1, 7) == [0, 0, 0.3, 1, 1]
    assert at(Clip(0.2, 0.9), -1, 0.3, 7) == [0.2, 0.3, 0.9]


def test_linear_runs_from_0_at_low_to_1_at_high() -> None:
    assert at(Linear(5, 9), 4, 5, 6, 9, 10) == [0, 0, 0.25, 1, 1]


def test_linear_with_high_below_low_rewards_small_values() -> None:
    assert at(Linear(10, 1), 10, 1, 5.5) == [0, 1, 0.5]


def test_a_sigmoid_is_a_tenth_at_low_and_nine_tenths_at_high() -> None:
    assert at(Sigmoid(5, 9), 5, 7, 9) == [0.1, 0.5, 0.9]
    assert at(Sigmoid(9, 5), 5, 7, 9) == [0.9, 0.5, 0.1]


def test_a_double_sigmoid_is_half_at_its_edges_and_high_between_them() -> None:
    assert at(DoubleSigmoid(200, 500, 50), 150, 200, 250, 350, 450, 500, 550) == [
        *(0.1, 0.5, 0.9),
        0.9973,
        *(0.9, 0.5, 0.1),
    ]


def test_a_step_counts_its_edges_as_inside() -> None:
    assert at(Step(1, 2), 0.9, 1, 2, 2.1) == [0, 1, 1, 0]
    assert at(Step(high=0), 0, 1, -math.inf) == [1, 0, 1]
    assert at(Step(low=0.5), 0, 1, math.inf) == [0, 1, 1]


@pytest.mark.parametrize("transform", EVERY, ids=lambda transform: type(transform).__name__)
@given(raw=st.floats(width=32, allow_nan=False))
def test_scores_lie_between_0_and_1(transform: Transform, raw: float) -> None:
    (score,) = transform(torch.tensor([raw])).tolist()
    assert 0 <= score <= 1


@pytest.mark.parametrize("transform", EVERY, ids=lambda transform: type(transform).__name__)
def test_what_is_not_known_stays_unknown(transform: Transform) -> None:
    assert transform(torch.tensor([math.nan, 2.0])).isnan().tolist() == [True, False]


@pytest.mark.parametrize(
    ("kind", "arguments"),
    [
        (Clip, (0.5, 0.5)),
        (Clip, (-0.1, 1)),
        (Clip, (0, 8)),
        (Linear, (3, 3)),
        (Linear, (math.nan, 3)),
        (Sigmoid, (3, math.inf)),
        (DoubleSigmoid, (3, 1, 1)),
        (DoubleSigmoid, (1, 3, 0)),
        (Step, (None, None)),
        (Step, (3, 1)),
        (Step, (math.nan, 1)),
    ],
)
def test_arguments_that_make_no_sense_are_named(
    kind: type[Transform], arguments: tuple[float, ...]
) -> None:
    with pytest.raises(ValueError, match=rf"{kind.__name__}\(low={arguments[0]}, .*accepted are"):
        kind(*arguments)


def test_a_transform_can_be_written_to_a_config() -> None:
    assert describe(Linear(10, 1)) == {
        "class_path": "molgfn.rewards.transforms.Linear",
        "init_args": {"low": 10, "high": 1},
    }
