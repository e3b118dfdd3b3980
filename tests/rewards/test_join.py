"""Joins: their formulas, filters, failures, and the mistakes that they refuse when made."""

import math
from collections.abc import Sequence
from typing import Any

import pytest
import torch
from rdkit import Chem

from molgfn.rewards.base import Reward, Scores
from molgfn.rewards.join import ArithmeticMean, GeometricMean, Join, Product
from molgfn.rewards.properties import QED, SA, LogP, MolecularWeight, Rings
from molgfn.rewards.remembered import Remembered
from molgfn.rewards.seh import SEHStudent
from molgfn.rewards.transforms import Step

ASPIRIN = "CC(=O)Oc1ccccc1C(=O)O"
JOINS = [Product, GeometricMean, ArithmeticMean]


class Fixed(Reward):
    """The same log-reward for everything, with a component that it does not declare."""

    def __init__(self, log_reward: float) -> None:
        super().__init__()
        self.log_reward = log_reward

    def forward(self, objects: Sequence[Any]) -> Scores:
        values = torch.full((len(objects),), self.log_reward)
        return Scores(values, {"fixed": values})


def mols(*smiles: str) -> list[Chem.Mol]:
    return [Chem.MolFromSmiles(text) for text in smiles]


def rewards_of(*parts: Reward) -> list[torch.Tensor]:
    return [part(mols(ASPIRIN, "CCO")).log_reward.exp() for part in parts]


def test_a_product_multiplies_powers() -> None:
    a, b = rewards_of(QED(), LogP())
    joint = Product([QED(), LogP()], [2.0, 0.5])(mols(ASPIRIN, "CCO")).log_reward.exp()
    torch.testing.assert_close(joint, a**2 * b**0.5)


def test_a_geometric_mean_is_the_root_of_the_product() -> None:
    a, b = rewards_of(QED(), LogP())
    joint = GeometricMean([QED(), LogP()], [3.0, 1.0])(mols(ASPIRIN, "CCO")).log_reward.exp()
    torch.testing.assert_close(joint, (a**3 * b) ** 0.25)


def test_an_arithmetic_mean_adds_shares() -> None:
    a, b = rewards_of(QED(), LogP())
    joint = ArithmeticMean([QED(), LogP()], [3.0, 1.0])(mols(ASPIRIN, "CCO")).log_reward.exp()
    torch.testing.assert_close(joint, (3 * a + b) / 4)


def test_an_arithmetic_mean_of_tiny_rewards_does_not_underflow() -> None:
    scores = ArithmeticMean([Fixed(-1000.0), QED()], [1.0, 0.0])(mols("CCO"))
    assert scores.log_reward.item() == pytest.approx(-1000)


@pytest.mark.parametrize("join", JOINS)
def test_a_reward_of_weight_zero_is_only_reported(join: type[Join]) -> None:
    scores = join([QED(), LogP()], [1.0, 0.0])(mols(ASPIRIN))
    torch.testing.assert_close(scores.log_reward, QED()(mols(ASPIRIN)).log_reward)
    assert scores.components["logp"].item() == pytest.approx(1.31, abs=0.01)


def test_a_join_reports_and_declares_the_components_of_all() -> None:
    join = Product([QED(), GeometricMean([SA(), LogP()])], filters=[Rings(Step(high=3))])
    expected = ["qed", "qed_score", "sa", "sa_score", "logp", "logp_score", "rings", "rings_score"]
    assert list(join.component_names) == expected
    assert list(join(mols("CCO")).components) == expected


@pytest.mark.parametrize("join", JOINS)
def test_a_filter_puts_what_it_scores_zero_at_the_floor(join: type[Join]) -> None:
    filtered = join([QED()], filters=[Rings(Step(low=1))], floor=1e-3)(mols(ASPIRIN, "CCO"))
    plain = QED()(mols(ASPIRIN)).log_reward
    assert filtered.log_reward.tolist() == pytest.approx([plain.item(), math.log(1e-3)])
    assert not filtered.failures


def test_a_filter_never_raises_a_reward() -> None:
    scores = Product([Fixed(-50.0)], filters=[Rings(Step(low=1))])(mols("CCO"))
    assert scores.log_reward.item() == pytest.approx(-50)


def test_a_filter_may_be_remembered() -> None:
    join = Product([QED()], filters=[Remembered(Rings(Step(low=1)))])
    for _ in range(2):
        assert join(mols("CCO")).log_reward.exp().item() == pytest.approx(0.01)


def test_a_filter_that_reports_no_score_is_refused() -> None:
    with pytest.raises(ValueError, match=r"filters\[1\] is Fixed, which reports no score"):
        Product([QED()], filters=[Rings(), Fixed(0.0)])


@pytest.mark.parametrize("join", JOINS)
def test_a_failure_of_any_part_fails_the_join_at_its_position(join: type[Join]) -> None:
    for parts in ([SEHStudent(), LogP()], [LogP(), SEHStudent()]):  # only one cannot read radium
        scores = join(parts)([*mols("CCO", "[Ra]"), None])
        assert "atomic number 88" in scores.failures[1]
        assert scores.failures[2] == "no molecule"
        assert scores.log_reward.isnan().tolist() == [False, True, True]


def test_a_failure_of_a_filter_is_a_failure_and_no_zero() -> None:
    unsanitized = Chem.MolFromSmiles(ASPIRIN, sanitize=False)
    scores = Product([Fixed(0.0)], filters=[MolecularWeight(Step(low=1000))])([unsanitized])
    assert scores.log_reward.isnan().all()
    assert "mw cannot be computed" in scores.failures[0]


class AllFail(Fixed):
    """A part that has nothing to report, but declares a score."""

    component_names = ("asked", "asked_score")

    def forward(self, objects: Sequence[Any]) -> Scores:
        return Scores(torch.full((len(objects),), torch.nan), {}, {0: "crashed"})


def test_a_filter_that_fails_for_all_and_reports_nothing_is_a_failure_too() -> None:
    scores = Product([QED()], filters=[AllFail(0.0)])(mols("CCO"))
    assert scores.failures == {0: "crashed"}
    assert scores.log_reward.isnan().all()


def test_a_part_whose_reward_is_zero_fails_with_a_reason() -> None:
    scores = Product([QED(), Fixed(-math.inf)], [1.0, 0.0])(mols("CCO"))
    assert scores.failures == {0: "the log-reward is -inf"}


@pytest.mark.parametrize("join", JOINS)
def test_negative_weights_are_refused_with_what_to_do(join: type[Join]) -> None:
    with pytest.raises(ValueError, match=r"weights are \[1.0, -1.0\].*turn the transform"):
        join([QED(), SA()], [1.0, -1.0])


@pytest.mark.parametrize("join", JOINS)
def test_weights_that_are_all_zero_are_refused(join: type[Join]) -> None:
    with pytest.raises(ValueError, match=r"weights are \[0.0, 0.0\].*one is above 0"):
        join([QED(), SA()], [0.0, 0.0])


@pytest.mark.parametrize(
    ("rewards", "weights"),
    [([], None), ([QED()], [1.0, 2.0]), ([QED()], [math.nan]), ([QED()], [math.inf])],
)
def test_weights_that_do_not_fit_are_refused(
    rewards: list[Reward], weights: list[float] | None
) -> None:
    with pytest.raises(ValueError, match="accepted are"):
        Product(rewards, weights)


@pytest.mark.parametrize("floor", [0.0, -1.0, math.nan, math.inf])
def test_a_floor_out_of_range_is_refused(floor: float) -> None:
    with pytest.raises(ValueError, match=r"floor is .*accepted are"):
        Product([QED()], floor=floor)


def test_two_components_of_one_name_are_refused_when_the_join_is_made() -> None:
    with pytest.raises(ValueError, match=r"two rewards report \['qed', 'qed_score'\].*`name`"):
        Product([QED(), GeometricMean([QED()])])


def test_the_same_property_may_be_asked_for_twice_under_two_names() -> None:
    join = Product([LogP(), LogP(Step(high=5), name="logp_limit")])
    scores = join(mols(ASPIRIN))
    assert scores.components["logp"] == scores.components["logp_limit"]
    assert scores.components["logp_limit_score"].item() == 1


def test_undeclared_components_of_one_name_are_refused_at_the_first_call() -> None:
    with pytest.raises(ValueError, match=r"two rewards report \['fixed'\]"):
        Product([Fixed(0.0), Fixed(1.0)])(mols("CCO"))
