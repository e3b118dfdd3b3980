"""The contract of a policy: observations in, a distribution over actions out."""

from abc import ABC, abstractmethod
from typing import Any, Generic

from torch import Tensor, nn
from typing_extensions import TypeVar

from molgfn.configurable import Configurable
from molgfn.types import ActionDistribution, TensorBatch

Observation = TypeVar("Observation", bound=TensorBatch, default=Any)


class Policy(Configurable, nn.Module, ABC, Generic[Observation]):
    """P_F(. | s): a neural network that sees what one kind of environment shows of its states.

    The first parameter of a policy is the environment's `spec`; factories leave it open.
    """

    @abstractmethod
    def forward(self, observation: Observation, beta: Tensor) -> ActionDistribution:
        """Distribution over the allowed actions of B states that are not terminal.

        Args:
            observation: what `Environment.observe` gives of them.
            beta: [B] inverse temperature of the reward each state's trajectory is aimed at.
        """
