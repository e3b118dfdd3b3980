"""Property rewards: known values, ranges, names, and failures that stay alone."""

import math

import pytest
import torch
from rdkit import Chem

from molgfn.chem.descriptors import descriptors
from molgfn.rewards.properties import (
    HBA,
    HBD,
    QED,
    SA,
    TPSA,
    LogP,
    MolecularWeight,
    Property,
    Rings,
    RotatableBonds,
)
from molgfn.rewards.transforms import Linear, Step

ASPIRIN = "CC(=O)Oc1ccccc1C(=O)O"
EVERY = [QED, SA, LogP, TPSA, MolecularWeight, HBD, HBA, RotatableBonds, Rings]


def mols(*smiles: str) -> list[Chem.Mol]:
    return [Chem.MolFromSmiles(text) for text in smiles]


@pytest.mark.parametrize(
    ("reward", "raw", "score"),
    [
        (QED(), 0.5501, 0.5501),
        (SA(), 1.5800, (10 - 1.5800) / 9),
        (MolecularWeight(), 180.159, 0.2949),
        (LogP(), 1.3101, 0.9441),
        (TPSA(), 63.60, 0.9916),
        (HBD(), 1, 1),
        (HBA(), 3, 1),
        (RotatableBonds(), 2, 1),
        (Rings(), 1, 1),
    ],
)
def test_aspirin_has_its_known_property_and_score(
    reward: Property, raw: float, score: float
) -> None:
    scores = reward(mols(ASPIRIN))
    measured, transformed = (values.item() for values in scores.components.values())
    assert measured == pytest.approx(raw, abs=1e-3)
    assert transformed == pytest.approx(score, abs=1e-3)
    assert scores.log_reward.exp().item() == pytest.approx(score, abs=1e-3)


@pytest.mark.parametrize("kind", EVERY)
def test_the_raw_value_is_that_of_the_column_of_the_same_name(kind: type[Property]) -> None:
    reward = kind()
    (mol,) = mols("CCN1CCN(CC1)C(=O)c1ccc(O)cc1-c1ccccc1")
    value = reward([mol]).components[reward.name].item()
    assert value == pytest.approx(descriptors(mol)[reward.name], rel=1e-6)


@pytest.mark.parametrize("kind", EVERY)
def test_rewards_lie_between_zero_and_one(kind: type[Property]) -> None:
    log_reward = kind()(mols("C", ASPIRIN, "C" * 60, "C1CC2CC1C1C2C2CC1C1OC21")).log_reward
    assert log_reward.isfinite().all()
    assert (log_reward <= 0).all()


@pytest.mark.parametrize("kind", EVERY)
def test_a_failing_molecule_leaves_others_unchanged(kind: type[Property]) -> None:
    alone = kind()(mols(ASPIRIN)).log_reward
    scores = kind()([None, *mols(ASPIRIN), Chem.Mol()])
    assert set(scores.failures) == {0, 2}
    assert scores.log_reward.isnan().tolist() == [True, False, True]
    assert scores.log_reward[1] == alone[0]


def test_a_molecule_that_is_not_sanitized_fails_with_a_reason() -> None:
    scores = MolecularWeight()([Chem.MolFromSmiles(ASPIRIN, sanitize=False)])
    assert "mw cannot be computed" in scores.failures[0]


def test_what_is_no_molecule_at_all_fails_with_a_reason() -> None:
    scores = QED()(["KLLKLL"])  # type: ignore[list-item]
    assert scores.failures == {0: "'KLLKLL' is no molecule with atoms"}


def test_a_transform_of_the_user_s_replaces_the_usual_one() -> None:
    scores = LogP(transform=Linear(5, 1))(mols(ASPIRIN))
    assert scores.components["logp_score"].item() == pytest.approx((5 - 1.3101) / 4, abs=1e-3)


def test_a_score_below_the_floor_is_raised_to_it_in_the_reward_alone() -> None:
    scores = Rings(transform=Step(low=2), floor=0.05)(mols(ASPIRIN))
    assert scores.components["rings_score"].item() == 0
    assert scores.log_reward.item() == pytest.approx(math.log(0.05))


def test_components_carry_the_name_that_the_user_gives() -> None:
    reward = QED(name="drug_likeness")
    assert set(reward(mols(ASPIRIN)).components) == {"drug_likeness", "drug_likeness_score"}
    assert reward.component_names == ("drug_likeness", "drug_likeness_score")


@pytest.mark.parametrize("name", ["", "two words", "a,b", "1st"])
def test_a_name_that_is_no_identifier_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="accepted are letters, digits and underscores"):
        QED(name=name)


@pytest.mark.parametrize("name", ["smiles", "log_reward", "mw", "length", "x_score"])
def test_a_name_that_stands_for_another_column_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="that column means something else"):
        QED(name=name)


@pytest.mark.parametrize("floor", [0.0, 1.5, math.nan])
def test_a_floor_out_of_range_is_refused(floor: float) -> None:
    with pytest.raises(ValueError, match=r"floor is .*accepted are"):
        SA(floor=floor)


def test_an_empty_batch_has_empty_scores() -> None:
    scores = QED()([])
    assert scores.log_reward.shape == (0,)
    assert {len(values) for values in scores.components.values()} == {0}
    assert isinstance(scores.log_reward, torch.Tensor)
