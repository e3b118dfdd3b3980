"""Property rewards: known values, ranges, and failures that stay alone."""

import math

import pytest
import torch
from rdkit import Chem

from molgfn.rewards.base import Reward
from molgfn.rewards.product import Product
from molgfn.rewards.properties import QED, SA, LogP, MolecularWeight, log_window
from molgfn.rewards.seh import SEHStudent

ASPIRIN = "CC(=O)Oc1ccccc1C(=O)O"
EVERY = [QED, SA, MolecularWeight, LogP]


def mols(*smiles: str) -> list[Chem.Mol]:
    return [Chem.MolFromSmiles(text) for text in smiles]


@pytest.mark.parametrize(
    ("reward", "raw", "transformed"),
    [
        (QED(), 0.5501, 0.5501),
        (SA(), 1.5800, (10 - 1.5800) / 9),
        (MolecularWeight(), 180.159, math.exp(-(((250 - 180.159) / 50) ** 2) / 2)),
        (LogP(), 1.3101, 1.0),
    ],
)
def test_aspirin_has_its_known_property_and_reward(
    reward: Reward, raw: float, transformed: float
) -> None:
    scores = reward(mols(ASPIRIN))
    (component,) = scores.components.values()
    assert component.item() == pytest.approx(raw, abs=1e-3)
    assert scores.log_reward.exp().item() == pytest.approx(transformed, abs=1e-3)


@pytest.mark.parametrize("kind", EVERY)
def test_rewards_lie_between_zero_and_one(kind: type[Reward]) -> None:
    rewards = kind()(mols("C", ASPIRIN, "C" * 60, "[Na+].[Cl-]", "C1CC2CC1C1C2C2CC1C1OC21"))
    log_reward = rewards.log_reward
    assert log_reward.isfinite().all()
    assert (log_reward <= 0).all()


@pytest.mark.parametrize("kind", EVERY)
def test_a_failing_molecule_leaves_others_unchanged(kind: type[Reward]) -> None:
    alone = kind()(mols(ASPIRIN)).log_reward
    scores = kind()([None, *mols(ASPIRIN), Chem.Mol()])
    assert set(scores.failures) == {0, 2}
    assert scores.log_reward.isnan().tolist() == [True, False, True]
    assert scores.log_reward[1] == alone[0]


def test_a_molecule_that_is_not_sanitized_fails_with_a_reason() -> None:
    scores = MolecularWeight()([Chem.MolFromSmiles(ASPIRIN, sanitize=False)])
    assert "molecular_weight cannot be computed" in scores.failures[0]


def test_the_window_is_flat_inside_and_gaussian_on_both_sides() -> None:
    raw = torch.tensor([1.0, 3.0, 4.0, 5.0, 9.0])
    expected = torch.tensor([-0.5, 0.0, 0.0, 0.0, -2.0])
    torch.testing.assert_close(log_window(raw, low=3.0, high=5.0, width=2.0), expected)


@pytest.mark.parametrize(
    "make",
    [
        lambda: QED(floor=0.0),
        lambda: SA(floor=1.5),
        lambda: LogP(low=3.0, high=1.0),
        lambda: LogP(width=0.0),
        lambda: MolecularWeight(high=math.inf),
    ],
)
def test_arguments_out_of_range_are_refused(make: object) -> None:
    assert callable(make)
    with pytest.raises(ValueError, match="accepted are"):
        make()


def test_a_product_adds_weighted_log_rewards_and_keeps_components() -> None:
    parts = [QED(), MolecularWeight()]
    scores = Product(parts, [2.0, 0.5])(mols(ASPIRIN, "CCO"))
    logs = [part(mols(ASPIRIN, "CCO")).log_reward for part in parts]
    torch.testing.assert_close(scores.log_reward, 2.0 * logs[0] + 0.5 * logs[1])
    assert set(scores.components) == {"qed", "molecular_weight"}


def test_a_failure_of_any_part_fails_the_product_at_its_position() -> None:
    for parts in ([SEHStudent(), LogP()], [LogP(), SEHStudent()]):  # only one cannot read radium
        scores = Product(parts)([*mols("CCO", "[Ra]"), None])
        assert "atomic number 88" in scores.failures[1]
        assert scores.failures[2] == "no molecule"
        assert scores.log_reward.isnan().tolist() == [False, True, True]


@pytest.mark.parametrize(
    ("rewards", "weights"),
    [([], None), ([QED()], [1.0, 2.0]), ([QED()], [0.0]), ([QED()], [math.nan])],
)
def test_a_product_refuses_weights_that_do_not_fit(
    rewards: list[Reward], weights: list[float] | None
) -> None:
    with pytest.raises(ValueError, match="accepted are"):
        Product(rewards, weights)


def test_a_product_refuses_two_components_of_one_name() -> None:
    with pytest.raises(ValueError, match=r"two rewards report \['qed'\]"):
        Product([QED(), QED()])(mols("CCO"))
