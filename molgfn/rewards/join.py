"""Several rewards as one: a product, a geometric or an arithmetic mean, with filters."""

import math
from abc import abstractmethod
from collections import Counter
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from molgfn.rewards.base import Reward, Scores, checked


class Join(Reward):
    """One log R out of those of several rewards, with the components of all.

    An object that fails under one of them, filters included, fails under all, for the first reason
    given. Where a filter's score is 0 the object is known and unwanted: its log R is log floor, or
    less if the rewards alone give less.

    Args:
        rewards: at least one.
        weights: one for each reward, not negative and not all 0; None: all 1. A reward of weight 0
            is only reported.
        filters: rewards with a transform; they take no part beyond zeroing.
        floor: R of what a filter zeroes, at most; above 0.
    Raises:
        ValueError: arguments that do not fit, or two components of one name.
    """

    def __init__(
        self,
        rewards: list[Reward],
        weights: list[float] | None = None,
        filters: list[Reward] | None = None,
        floor: float = 0.01,
    ) -> None:
        super().__init__()
        weights = [1.0] * len(rewards) if weights is None else weights
        _check_weights(weights, len(rewards))
        if not 0 < floor < math.inf:
            raise ValueError(f"floor is {floor}; accepted are positive finite values")
        self.rewards = nn.ModuleList(rewards)
        self.filters = nn.ModuleList(filters or [])
        self.weights = list(weights)
        self.floor = floor
        self.filter_scores = _scores_of(filters or [])
        names = [name for part in self._parts for name in part.component_names]
        _check_distinct(names)

    @property
    def _parts(self) -> list[Any]:
        return [*self.rewards, *self.filters]

    @property
    def component_names(self) -> tuple[str, ...]:
        return tuple(name for part in self._parts for name in part.component_names)

    @abstractmethod
    def joined(self, log_rewards: Tensor, weights: Tensor) -> Tensor:
        """[K, B] log-rewards and [K] weights -> [B] joint log-rewards."""

    def forward(self, objects: Sequence[Any]) -> Scores:
        """Score objects under every reward and filter."""
        parts = [checked(part(objects), len(objects)) for part in self._parts]
        _check_distinct([name for part in parts for name in part.components])
        components = {name: values for part in parts for name, values in part.components.items()}
        failures: dict[int, str] = {}
        for part in parts:
            failures = {**part.failures, **failures}
        device = parts[0].log_reward.device
        logs = torch.stack([part.log_reward.to(device) for part in parts])
        num_rewards = len(self.rewards)
        log_reward = self.joined(
            logs[:num_rewards], torch.tensor(self.weights, dtype=logs.dtype, device=device)
        )
        lowered = log_reward.clamp(max=math.log(self.floor))
        for name in self.filter_scores:
            if name in components:  # it is not where all objects failed
                zeroed = (components[name] == 0).to(device)
                log_reward = torch.where(zeroed, lowered, log_reward)
        failed = logs.isnan().any(0)
        return Scores(log_reward.masked_fill(failed, torch.nan), components, failures)


class Product(Join):
    """log R = sum_i w_i log R_i."""

    def joined(self, log_rewards: Tensor, weights: Tensor) -> Tensor:
        return weights @ log_rewards


class GeometricMean(Join):
    """log R = sum_i w_i log R_i / sum_i w_i: as large as one reward, however many there are."""

    def joined(self, log_rewards: Tensor, weights: Tensor) -> Tensor:
        return weights @ log_rewards / weights.sum()


class ArithmeticMean(Join):
    """R = sum_i w_i R_i / sum_i w_i: a good reward makes up for a bad one."""

    def joined(self, log_rewards: Tensor, weights: Tensor) -> Tensor:
        return (log_rewards + weights.log()[:, None]).logsumexp(0) - weights.sum().log()


def _check_weights(weights: Sequence[float], num_rewards: int) -> None:
    if not num_rewards or num_rewards != len(weights):
        raise ValueError(
            f"{num_rewards} rewards and {len(weights)} weights; accepted are at least one reward "
            "and one weight for each"
        )
    if not all(0 <= weight < math.inf for weight in weights):
        raise ValueError(
            f"weights are {weights}; accepted are finite values that are not negative. To reward "
            "the opposite, turn the transform of that reward round"
        )
    if not any(weights):
        raise ValueError(f"weights are {weights}; accepted are weights of which one is above 0")


def _scores_of(filters: Sequence[Reward]) -> list[str]:
    """Names of the scores that zero."""
    names = []
    for position, part in enumerate(filters):
        scores = [name for name in part.component_names if name.endswith("_score")]
        if not scores:
            raise ValueError(
                f"filters[{position}] is {type(part).__name__}, which reports no score; accepted "
                "are rewards with a transform, such as molgfn.rewards.alerts.Alerts"
            )
        names += scores
    return names


def _check_distinct(names: Sequence[str]) -> None:
    if repeated := [name for name, count in Counter(names).items() if count > 1]:
        raise ValueError(
            f"two rewards report {repeated}; accepted are distinct components: give one of them "
            "another `name`"
        )
