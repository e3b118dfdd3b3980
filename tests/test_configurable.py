"""Objects that can say how to make them again."""

import pytest

from molgfn.configurable import build, describe
from molgfn.objectives.base import Objective
from molgfn.rewards.base import Reward
from molgfn.rewards.join import Product
from molgfn.rewards.properties import QED, SA


def test_what_was_described_is_built_again_with_everything_in_it() -> None:
    made = Product([QED(floor=0.2), SA()], weights=[1.0, 2.0])
    again = build(describe(made), Reward)
    assert isinstance(again, Product)
    assert again is not made
    assert describe(again) == describe(made)


def test_a_description_of_something_else_is_refused() -> None:
    with pytest.raises(ValueError, match="QED"):
        build(describe(QED()), Objective)


def test_a_description_with_unknown_arguments_is_refused() -> None:
    with pytest.raises(ValueError, match="flor"):
        build({"class_path": "molgfn.rewards.properties.QED", "init_args": {"flor": 1}}, Reward)
