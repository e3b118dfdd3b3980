"""The contract of a policy: states in, a distribution over actions out."""

from abc import ABC, abstractmethod
from typing import Any, Generic

from torch import Tensor, nn
from typing_extensions import TypeVar

from molgfn.configurable import Configurable
from molgfn.types import ActionDistribution, TensorBatch

States = TypeVar("States", bound=TensorBatch, default=Any)


class Policy(Configurable, nn.Module, ABC, Generic[States]):
    """P_F(. | s): a neural network over the states of one environment."""

    @abstractmethod
    def forward(self, states: States, beta: Tensor) -> ActionDistribution:
        """Distribution over the allowed actions of B states that are not terminal.

        Args:
            states: B states, of any sizes.
            beta: [B] inverse temperature of the reward each state's trajectory is aimed at.
        """
