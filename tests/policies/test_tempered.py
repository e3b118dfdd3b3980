"""A tempered policy has the logits of the policy divided by the temperature."""

import pytest
import torch

from molgfn.enumeration import enumerate_space
from molgfn.likelihood import log_likelihood
from molgfn.policies.masked import MaskedCategorical
from molgfn.policies.tempered import Tempered
from tests.tiny import module


def test_logits_are_divided_by_the_temperature() -> None:
    allowed = torch.tensor([[True, True, False]])
    probabilities = torch.tensor([[0.2, 0.8, 0.0]]).log().masked_fill(~allowed, 0)
    squared = MaskedCategorical(probabilities, allowed).tempered(0.5)
    log_p = squared.log_prob(torch.tensor([0, 1]), torch.tensor([0, 0]))
    assert log_p.exp().tolist() == pytest.approx([0.04 / 0.68, 0.64 / 0.68])


@pytest.mark.parametrize("temperature", [0.3, 1.0, 4.0])
def test_exact_likelihoods_sum_to_one_at_every_temperature(temperature: float) -> None:
    model = module()
    space = enumerate_space(model.environment)
    beta = torch.ones(len(space.states))
    policy = Tempered(model.policy, temperature)
    log_p = log_likelihood(model.environment, policy, space.states, beta)
    assert log_p.exp().sum().item() == pytest.approx(1, abs=1e-5)


def test_a_temperature_of_one_changes_nothing() -> None:
    model = module()
    space = enumerate_space(model.environment)
    beta = torch.ones(len(space.states))
    same, own = (
        log_likelihood(model.environment, policy, space.states, beta)
        for policy in (Tempered(model.policy, 1.0), model.policy)
    )
    assert torch.equal(same, own)


def test_a_low_temperature_is_greedier() -> None:
    model = module()
    space = enumerate_space(model.environment)
    beta = torch.ones(len(space.states))
    low, high = (
        log_likelihood(model.environment, Tempered(model.policy, t), space.states, beta)
        for t in (0.3, 3.0)
    )
    assert -(low.exp() * low).sum() < -(high.exp() * high).sum()


@pytest.mark.parametrize("temperature", [0.0, -1.0, float("nan"), float("inf")])
def test_a_temperature_that_is_not_positive_is_refused(temperature: float) -> None:
    with pytest.raises(ValueError, match="accepted are positive numbers"):
        Tempered(module().policy, temperature)
