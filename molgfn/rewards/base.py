"""What a reward is: molecules in, log-rewards and named components out."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

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

    @abstractmethod
    def forward(self, objects: Sequence[Any]) -> Scores:
        """Score decoded objects. None stands for an object that could not be decoded."""
