"""The contract of a policy: states in, a distribution over actions out."""

from abc import ABC, abstractmethod
from typing import Generic, TypeVar

from torch import Tensor, nn

from molgfn.types import ActionDistribution, TensorBatch

States = TypeVar("States", bound=TensorBatch)


class Policy(nn.Module, ABC, Generic[States]):
    """P_F(. | s): a neural network over the states of one environment."""

    @abstractmethod
    def forward(self, states: States, beta: Tensor) -> ActionDistribution:
        """Distribution over the allowed actions of B states that are not terminal.

        Args:
            states: B states, of any sizes.
            beta: [B] inverse temperature of the reward each state's trajectory is aimed at.
        """
