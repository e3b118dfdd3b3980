"""Several rewards as one."""

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from molgfn.rewards.base import Reward, Scores


class Product(Reward):
    """A weighted product: log R = sum_i weight_i log R_i, with every part's components.

    An object that fails under one part fails under the product, for the first reason given.

    Args:
        rewards: at least one; no two may report a component of the same name.
        weights: one exponent for each reward, positive; None: all 1.
    """

    def __init__(self, rewards: list[Reward], weights: list[float] | None = None) -> None:
        super().__init__()
        weights = [1.0] * len(rewards) if weights is None else weights
        if not rewards or len(rewards) != len(weights):
            raise ValueError(
                f"{len(rewards)} rewards and {len(weights)} weights; accepted are at least one "
                "reward and one weight for each"
            )
        if not all(0 < weight < math.inf for weight in weights):
            raise ValueError(f"weights are {weights}; accepted are positive finite values")
        self.rewards = nn.ModuleList(rewards)
        self.weights = list(weights)

    def forward(self, objects: Sequence[Any]) -> Scores:
        """Score objects under every part."""
        parts: list[Scores] = [reward(objects) for reward in self.rewards]
        components: dict[str, Tensor] = {}
        failures: dict[int, str] = {}
        for part in parts:
            if repeated := components.keys() & part.components.keys():
                raise ValueError(
                    f"two rewards report {sorted(repeated)}; accepted are distinct components"
                )
            components |= part.components
            failures = {**part.failures, **failures}
        device = parts[0].log_reward.device
        logs = torch.stack([part.log_reward.to(device) for part in parts])
        weights = torch.tensor(self.weights, device=device)
        return Scores(weights @ logs, components, failures)
