"""What a reward is: molecules in, log-rewards and named components out."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from molgfn.configurable import Configurable


@dataclass(frozen=True)
class Scores:
    """Scores of B decoded objects, kept by position.

    Attributes:
        log_reward: [B] float32, log R at beta = 1, in nats; NaN exactly where `failures` has a
            reason.
        components: name -> [B] raw values, NaN where unknown.
        failures: position -> why that object has no reward.
    """

    log_reward: Tensor
    components: Mapping[str, Tensor] = field(default_factory=dict)
    failures: Mapping[int, str] = field(default_factory=dict)


class Reward(Configurable, nn.Module, ABC):
    """Maps terminal objects (molecules, for the fragment environment) to rewards.

    One bad object never shifts or spoils the others: its log-reward is NaN and its reason is in
    `Scores.failures`. Weights are non-persistent buffers, so that checkpoints do not repeat them.
    """

    @property
    def component_names(self) -> tuple[str, ...]:
        """Components that it is known to report before it has scored anything."""
        return ()

    @abstractmethod
    def forward(self, objects: Sequence[Any]) -> Scores:
        """Score decoded objects. None stands for an object that could not be decoded."""


def reject(scores: Scores, rejected: Tensor, reason: str) -> Scores:
    """The scores, with log-reward NaN and a reason, unless they have one, where rejected [B]."""
    positions = rejected.nonzero()[:, 0].tolist()
    if not positions:
        return scores
    return Scores(
        scores.log_reward.masked_fill(rejected.to(scores.log_reward.device), torch.nan),
        scores.components,
        {**dict.fromkeys(positions, reason), **scores.failures},
    )


def checked(scores: Scores, num_objects: int) -> Scores:
    """The one rule for bad rewards: what is not finite is rejected, with a reason.

    Returns:
        The scores, with log-reward NaN and a reason wherever it was not finite. A reward of zero is
        not finite in logarithms: give it a floor.
    Raises:
        ValueError: there are not as many log-rewards as objects, which would shift them.
    """
    log_reward = scores.log_reward
    if log_reward.shape != (num_objects,):
        raise ValueError(
            f"a reward returned log-rewards of shape {list(log_reward.shape)} for {num_objects} "
            f"objects; accepted is [{num_objects}]"
        )
    bad = ~log_reward.isfinite()
    failures = {
        position: scores.failures.get(position, f"the log-reward is {float(log_reward[position])}")
        for position in sorted({*bad.nonzero()[:, 0].tolist(), *scores.failures})
    }
    if failures:
        rejected = torch.tensor(list(failures), device=log_reward.device)
        log_reward = log_reward.index_fill(0, rejected, torch.nan)
    return Scores(log_reward, scores.components, failures)
