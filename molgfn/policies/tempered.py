"""A policy made greedier, or more curious, than it was trained to be."""

from typing import Any

from torch import Tensor

from molgfn.policies.base import Policy
from molgfn.types import ActionDistribution


class Tempered(Policy[Any]):
    """P_F at a temperature: every softmax of a policy sees its logits divided by T.

    T < 1 is greedier, T > 1 closer to uniform, T = 1 the policy itself. Equivalent actions keep
    equal logits, so that exact likelihoods hold for this policy, too.

    Args:
        policy: what is tempered.
        temperature: T.
    Raises:
        ValueError: T is not a positive number.
    """

    def __init__(self, policy: Policy[Any], temperature: float) -> None:
        super().__init__()
        if not 0 < temperature < float("inf"):
            raise ValueError(f"temperature = {temperature:g}: accepted are positive numbers")
        self.policy, self.temperature = policy, temperature

    def forward(self, observation: Any, beta: Tensor) -> ActionDistribution:
        distribution: ActionDistribution = self.policy(observation, beta)
        return distribution.tempered(self.temperature)

    def memory(self, batch_size: int) -> Any:
        return self.policy.memory(batch_size)

    def recall(self, observation: Any, beta: Tensor, memory: Any) -> ActionDistribution:
        return self.policy.recall(observation, beta, memory).tempered(self.temperature)
