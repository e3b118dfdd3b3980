"""What an audit by samples measures is what the exact audit finds there."""

from typing import Any

import numpy as np
import pytest
import torch

from molgfn.audit import exact_audit, first_of_each
from molgfn.audit_draws import (
    Subject,
    bound,
    draw_by_policy,
    log_rewards_of_space,
    measure,
    trees_of_smiles,
)
from molgfn.enumeration import Space, enumerate_space
from molgfn.envs.fragments import FragmentEnvironment
from molgfn.policies.fragments import FragmentTransformer
from molgfn.rewards.properties import QED
from tests.test_audit import ALKANES
from tests.tiny import Picky
from tests.vocabularies import SYMMETRIC


def subject(vocabulary: Any, log_z: float | None = 1.0, **options: Any) -> Subject:
    env = FragmentEnvironment(vocabulary, 1, 3, **options)
    torch.manual_seed(0)
    policy = FragmentTransformer(env.spec, width=16, num_layers=1, num_heads=2)
    return Subject(env, policy, QED(), 2.0, log_z)


def space_of(some: Subject) -> Space:
    return enumerate_space(some.env)


@pytest.mark.parametrize("target", ["trees", "molecules"])
def test_points_of_samples_are_those_of_the_exact_audit(target: str) -> None:
    some = subject(ALKANES, target=target)
    space = space_of(some)
    exact = exact_audit(
        some.env, some.policy, space, log_rewards_of_space(some, space), some.beta, some.log_z
    ).points["all"]
    over = np.arange(len(space.key)) if target == "trees" else first_of_each(space.molecule.numpy())
    found, failures = measure(some, space.states[torch.from_numpy(over)])
    assert failures == []
    np.testing.assert_allclose(found.log_p, exact.log_p, atol=1e-5)
    np.testing.assert_allclose(found.log_reward, exact.log_reward, atol=1e-6)


def test_the_bound_of_a_policy_lies_below_log_z_for_both_targets() -> None:
    for target in ("trees", "molecules"):
        some = subject(ALKANES, target=target)
        space = space_of(some)
        log_reward = log_rewards_of_space(some, space)
        if target == "molecules":
            log_reward = log_reward - space.num_trees[space.molecule].log()
        _, weights = draw_by_policy(some, 300, torch.Generator().manual_seed(0))
        elbo = bound(weights)
        assert elbo["mean"] is not None
        assert elbo["standard_error"] is not None
        assert elbo["mean"] < float(log_reward.logsumexp(0)) + 2 * elbo["standard_error"]


def test_what_has_no_reward_is_left_out_with_its_reason() -> None:
    some = subject(SYMMETRIC)
    picky = Subject(some.env, some.policy, Picky(), 1.0, None)
    space = space_of(some)
    points, failures = measure(picky, space.states)
    assert len(points) + len(failures) == len(space.key)
    assert {entry["reason"] for entry in failures} == {"holds fluorine"}
    assert all("F" in entry["smiles"] for entry in failures)


def test_smiles_become_trees_of_their_molecules() -> None:
    some = subject(SYMMETRIC)
    states, unbuildable = trees_of_smiles(some.env, ["Fc1ccccc1C x", "", "C1CC1", "CCCCO"])
    assert states.num_fragments.tolist() == [3, 1]
    assert [entry["smiles"] for entry in unbuildable] == ["CCCCO"]


def test_a_bound_of_too_few_is_none() -> None:
    assert bound(np.array([np.nan])) == {"mean": None, "standard_error": None}
    assert bound(np.array([np.nan, 2.0])) == {"mean": 2.0, "standard_error": None}
