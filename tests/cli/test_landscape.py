"""What random objects say of a reward, and which of it is worth a warning."""

import math

import numpy as np
import pytest

from molgfn.cli.checking import Cost, Scored
from molgfn.cli.findings import of_cost, of_failures, of_landscape
from molgfn.cli.landscape import Landscape, betas_shown, sparkline
from molgfn.cli.landscape_picture import draw_landscape


def landscape(*rewards: float) -> Landscape:
    return Landscape.of(np.log(rewards))


def scored(num: int, num_failed: int) -> Scored:
    log_reward = np.zeros(num)
    log_reward[:num_failed] = np.nan
    failures = {i: "too long" if i else "too short" for i in range(num_failed)}
    return Scored([""] * num, log_reward, {}, failures, 1.0)


def cost(*losses: float) -> Cost:
    return Cost(1.0, 1, 0.0, 0.0, losses, "cpu", 1, None)


def test_the_effective_sample_size_is_that_of_the_formula() -> None:
    found = landscape(1.0, 3.0).at(2.0)  # weights 1/10 and 9/10
    assert found.sample_size == pytest.approx(1 / (0.01 + 0.81))
    assert found.largest == pytest.approx(0.9)
    assert found.mean_reward == pytest.approx(0.1 + 2.7)


def test_without_beta_all_weigh_alike() -> None:
    found = landscape(0.1, 0.5, 0.9).at(0.0)
    assert found.sample_size == pytest.approx(3)
    assert found.shares.sum() == pytest.approx(1)


def test_a_higher_beta_moves_the_weight_to_higher_rewards() -> None:
    found = landscape(0.1, 0.2, 0.4, 0.8)
    assert found.at(0).shares[0] == pytest.approx(0.25)
    assert found.at(8).shares[-1] > 0.99


def test_a_floor_far_away_does_not_stretch_the_axis() -> None:
    found = Landscape.of(np.array([-50.0, *np.linspace(-2, 0, 99)]))
    assert found.edges[0] > -6
    assert found.at(0).shares.sum() == pytest.approx(1)


def test_rewards_of_any_size_have_weights() -> None:
    assert Landscape.of(np.array([-2000.0, -1000.0])).at(50).largest == 1.0


def test_betas_span_the_trained_range() -> None:
    assert betas_shown(32, 32) == [0, 1, 8, 16, 32, 64]
    assert betas_shown(4, 16) == [0, 1, 4, 8, 16, 32]


def test_a_sparkline_has_its_highest_bar_at_the_largest_share() -> None:
    assert sparkline(np.array([0.0, 0.5, 1.0]), " .#") == " .#"


def test_a_good_reward_is_worth_no_warning() -> None:
    found = of_landscape(landscape(*np.linspace(0.1, 0.9, 100)), (1, 1), "molecules")
    assert found.verdict == "ready"


def test_a_constant_reward_is_warned_of() -> None:
    found = of_landscape(landscape(0.5, 0.5, 0.5), (1, 1), "molecules")
    assert found.warnings == ["the reward is constant: all 3 random molecules have 0.5"]


def test_a_reward_that_is_all_floor_is_warned_of() -> None:
    found = of_landscape(landscape(0.5, *[0.01] * 199), (1, 1), "molecules")
    assert "99.5% of random molecules have the lowest reward, 0.01" in found.warnings[0]


def test_a_reward_that_is_mostly_floor_is_not() -> None:
    """Hypergrids have 94% desert, and are trained."""
    assert of_landscape(landscape(*[0.5] * 6, *[0.1] * 94), (1, 1), "objects").verdict == "ready"


def test_a_reward_that_one_object_dominates_is_warned_of() -> None:
    found = of_landscape(landscape(0.9, *np.linspace(0.1, 0.3, 99)), (10, 20), "molecules")
    assert "at beta = 10 one of 100 random molecules holds" in found.warnings[0]
    assert "(effective sample size 1)" in found.warnings[0]


def test_few_objects_do_not_tell_how_peaked_a_reward_is() -> None:
    assert of_landscape(landscape(0.9, 0.1), (10, 10), "molecules").verdict == "ready"


def test_rewards_that_fail_for_a_few_are_told_with_the_reason() -> None:
    found = of_failures(scored(10, 3), "molecules")
    assert found.warnings == [
        "3 of 10 random molecules have no reward; the most frequent reason (2 times): too long"
    ]
    assert not found.refusals


def test_rewards_that_fail_for_most_are_said_to() -> None:
    assert of_failures(scored(10, 6), "molecules").warnings[0].startswith("most rewards fail: 6 of")


def test_rewards_that_fail_for_all_cannot_be_trained_on() -> None:
    found = of_failures(scored(10, 10), "molecules")
    assert found.verdict == "refused"
    assert "none of 10 random molecules has a reward" in found.refusals[0]


@pytest.mark.parametrize(
    ("losses", "verdict"),
    [
        ((math.nan, 3.0), "ready"),
        ((math.nan, math.nan), "refused"),
        ((3.0, math.inf), "refused"),
    ],
)
def test_losses_say_whether_anything_can_be_learned(
    losses: tuple[float, ...], verdict: str
) -> None:
    assert of_cost(cost(*losses)).verdict == verdict


def test_the_picture_grows_with_the_number_of_betas() -> None:
    found = landscape(0.1, 0.2, 0.3)
    few, many = (draw_landscape(found, betas, (1, 1), "x") for betas in ([1.0], [1.0, 2.0, 4.0]))
    height = [int.from_bytes(png[20:24], "big") for png in (few, many)]
    assert height[0] < height[1]
