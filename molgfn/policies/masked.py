"""A categorical distribution over all actions of a state, with a mask."""

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from molgfn.policies.categorical import draw, plogp
from molgfn.types import STOP

FEW_ACTIONS = 16


@dataclass(frozen=True)
class MaskedCategorical:
    """p(a) in proportion to exp(logit) where allowed, else 0.

    Attributes:
        logits: [B, A].
        allowed: [B, A], at least one in each row.
    Raises:
        ValueError: their shapes differ.
    """

    logits: Tensor
    allowed: Tensor

    def __post_init__(self) -> None:
        if self.logits.shape != self.allowed.shape:
            raise ValueError(
                f"logits of shape {list(self.logits.shape)} for actions of shape "
                f"{list(self.allowed.shape)}; accepted is one logit for each state and action, the "
                "stop included"
            )

    @cached_property
    def _log_p(self) -> Tensor:
        """[B, A] log-probabilities, -inf where an action is forbidden."""
        return torch.where(self.allowed, self.logits, -torch.inf).log_softmax(-1)

    def sample(self, generator: torch.Generator) -> Tensor:
        """[B] actions.

        Of few actions by the Gumbel-max trick, which has fewer operations, of many by inversion,
        which draws one random number for each state instead of one for each action.
        """
        if self.logits.shape[1] > FEW_ACTIONS:
            return draw(self._log_p.detach(), generator)
        waiting = torch.empty_like(self.logits).exponential_(generator=generator).log_()
        return torch.where(self.allowed, self.logits.detach() - waiting, -torch.inf).argmax(-1)

    def log_prob(self, actions: Tensor, state: Tensor | None = None) -> Tensor:
        """[K] log-probabilities of allowed actions, in nats.

        Args:
            actions: [K].
            state: [K] the state of each action; None when there is one action for each state.
        """
        log_p = self._log_p if state is None else self._log_p[state]
        return log_p.gather(1, actions[:, None])[:, 0]

    def entropy(self) -> Tensor:
        """[B] entropies, in nats."""
        return -plogp(self._log_p).sum(-1)

    def uniform(self, stop: float | None = None) -> "MaskedCategorical":
        """The uniform distribution over the same allowed actions.

        Args:
            stop: the probability of stopping where that is allowed and something else is, too; None
                counts it as one action among the others.
        """
        logits = torch.zeros_like(self.logits, requires_grad=False)
        if stop is not None:
            others = self.allowed.sum(-1) - self.allowed[:, STOP].long()
            weight = others.clamp(min=1).log() + torch.tensor(stop).logit()
            logits[:, STOP] = weight.clamp(max=50)
        return MaskedCategorical(logits, self.allowed)

    def tempered(self, temperature: float) -> "MaskedCategorical":
        """p(a) in proportion to exp(logit / T) where allowed."""
        return MaskedCategorical(self.logits / temperature, self.allowed)
