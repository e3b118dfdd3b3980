"""Who plays the training trajectories."""

import copy
from abc import ABC, abstractmethod

import torch
from torch import nn

from molgfn.configurable import Configurable
from molgfn.policies.base import Policy


class Exploration(Configurable, nn.Module, ABC):
    """A behaviour policy next to the policy that is trained.

    Attributes:
        epsilon: probability of a uniform action at each step.
        uniform_share: share of trajectories that are uniform throughout; see `sampler.rollout`.
    """

    epsilon: float
    uniform_share: float

    @abstractmethod
    def attach(self, policy: Policy) -> None:
        """Meet the policy, once, before training."""

    @abstractmethod
    def behaviour(self, policy: Policy) -> Policy:
        """The policy to sample with; `policy` itself when training is on-policy."""

    @abstractmethod
    def update(self, policy: Policy) -> None:
        """Follow the policy after an optimizer step."""


def _probability(name: str, value: float) -> float:
    if not 0 <= value <= 1:
        raise ValueError(f"{name} = {value}: accepted is 0 <= {name} <= 1")
    return value


class EpsilonUniform(Exploration):
    """The policy itself, with a uniform action every now and then.

    Args:
        epsilon: probability of a uniform action.
        uniform_share: share of trajectories that are uniform throughout, for a policy that is also
            right where it seldom goes.
    """

    def __init__(self, epsilon: float = 0.01, uniform_share: float = 0.0) -> None:
        super().__init__()
        self.epsilon = _probability("epsilon", epsilon)
        self.uniform_share = _probability("uniform_share", uniform_share)

    def attach(self, policy: Policy) -> None: ...

    def behaviour(self, policy: Policy) -> Policy:
        return policy

    def update(self, policy: Policy) -> None: ...


class EMASampler(Exploration):
    """An exponential moving average of the policy's weights: theta' <- d theta' + (1 - d) theta.

    Args:
        decay: d in [0, 1); 0.9 is the usual choice of GFlowNets for molecules.
        epsilon, uniform_share: as of `EpsilonUniform`.
    """

    def __init__(
        self, decay: float = 0.9, epsilon: float = 0.01, uniform_share: float = 0.0
    ) -> None:
        super().__init__()
        if not 0 <= decay < 1:
            raise ValueError(f"decay = {decay}: accepted is 0 <= decay < 1")
        self.decay = decay
        self.epsilon = _probability("epsilon", epsilon)
        self.uniform_share = _probability("uniform_share", uniform_share)
        self.average: Policy

    def attach(self, policy: Policy) -> None:
        # share what has no weights: the environment's tables above all
        tables = {id(m): m for m in policy.modules() if not any(True for _ in m.parameters())}
        self.average = copy.deepcopy(policy, tables).requires_grad_(False)

    def behaviour(self, policy: Policy) -> Policy:
        return self.average

    @torch.no_grad()
    def update(self, policy: Policy) -> None:
        for mine, theirs in zip(self.average.parameters(), policy.parameters(), strict=True):
            mine.lerp_(theirs, 1 - self.decay)
