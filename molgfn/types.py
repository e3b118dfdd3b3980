"""The data on the road from a policy to a loss, and the letters of their shapes.

B trajectories, T steps, N nodes, S sites of a fragment, P ports (fragment, site), R open sites of a
batch, A actions, F fragments, O orbits, D features, H heads.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any, Protocol, Self

import torch
from torch import Tensor

STOP = 0


@dataclass(frozen=True)
class TensorBatch:
    """A frozen dataclass of tensors with one leading batch dimension; a field may be None."""

    def __getitem__(self, index: Tensor | slice) -> Self:
        return self._each(lambda values: values[index])

    def __len__(self) -> int:
        return len(getattr(self, fields(self)[0].name))

    def to(self, device: torch.device | str) -> Self:
        return self._each(lambda values: values.to(device))

    def _each(self, change: Callable[[Tensor], Tensor]) -> Self:
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        return type(self)(**{n: None if v is None else change(v) for n, v in values.items()})

    @classmethod
    def where(cls, mask: Tensor, yes: Self, no: Self) -> Self:
        """Row by row, `yes` where the mask [B] is True and `no` elsewhere."""

        def choose(a: Tensor, b: Tensor) -> Tensor:
            return torch.where(mask.view(-1, *[1] * (a.dim() - 1)), a, b)

        names = (f.name for f in fields(cls))
        return cls(**{name: choose(getattr(yes, name), getattr(no, name)) for name in names})

    @classmethod
    def cat(cls, parts: Sequence[Self]) -> Self:
        columns = {f.name: [getattr(part, f.name) for part in parts] for f in fields(cls)}
        return cls(**{n: None if v[0] is None else torch.cat(v) for n, v in columns.items()})


class ActionDistribution(Protocol):
    """A categorical distribution over the allowed actions of each of B states."""

    def sample(self, generator: torch.Generator) -> Tensor:
        """[B] actions."""

    def log_prob(self, actions: Tensor, state: Tensor | None = None) -> Tensor:
        """[K] log-probabilities of allowed actions, in nats.

        Args:
            actions: [K].
            state: [K] the state of each action; None when there is one action for each state.
        """

    def entropy(self) -> Tensor:
        """[B] entropies, in nats."""

    def uniform(self, stop: float | None = None) -> "ActionDistribution":
        """The uniform distribution over the same allowed actions.

        Args:
            stop: the probability of stopping where that is allowed; None: one action like others.
        """

    def tempered(self, temperature: float) -> "ActionDistribution":
        """The distribution whose logits are these divided by the temperature."""


@dataclass(frozen=True)
class TreeObservation(TensorBatch):
    """What a policy sees of B trees of at most N fragments; none of them is terminal.

    Attributes:
        fragment: [B, N], -1 on padding.
        neighbour: [B, N, S] the node at each site, -1 at open sites and where there is no site.
        its_site: [B, N, S] the site that the neighbour uses, likewise.
        open_sites: [B, N, S] True where a fragment may be added.
        equivalent_nodes: [B, N] how many nodes the tree's automorphisms take a node to, itself
            included; 0 on padding.
        equivalent_sites: [B, N, S] likewise of open sites; 0 where no site is open.
        num_fragments: [B].
        may_stop: [B].
    """

    fragment: Tensor
    neighbour: Tensor
    its_site: Tensor
    open_sites: Tensor
    equivalent_nodes: Tensor
    equivalent_sites: Tensor
    num_fragments: Tensor
    may_stop: Tensor


@dataclass(frozen=True)
class Trajectories(TensorBatch):
    """B complete trajectories, as actions from the initial state.

    Attributes:
        actions: [B, T] int64, right-padded with `STOP`.
        lengths: [B] number of actions, the stop included.
        beta: [B] inverse temperature of each trajectory's reward.
    """

    actions: Tensor
    lengths: Tensor
    beta: Tensor


@dataclass(frozen=True)
class TrajectoryScores(TensorBatch):
    """What an objective needs to know of B trajectories.

    Attributes:
        log_pf: [B, T] log-probability of each action under the policy; 0 on padding.
        log_pb: [B, T] log-probability of undoing it; 0 on padding.
        log_reward: [B] log R~(x): beta log R plus the environment's correction.
        beta: [B] inverse temperature.
        lengths: [B] number of actions, a stop that was forced not included: a state from which
            there is no other way on counts as terminal.
        log_flow: [B, T] log F~(s) - log Z of the state before each action, the environment's
            correction included; 0 at s0, without meaning past `lengths`. None where the objective
            does not need it.
        log_inflow: [B, T] log sum_b F~(s_b) P_F(a_b | s_b) - log Z of the state after each action,
            over all backward actions b of it, which lead to s_b and are undone by a_b; 0 on
            padding, without meaning past `lengths`. None where the objective does not need it.
        log_partial: [B, T] beta log R of the state before each action, without correction; 0 at s0,
            where a state has no reward, and on padding. None where the objective does not need it.
    """

    log_pf: Tensor
    log_pb: Tensor
    log_reward: Tensor
    beta: Tensor
    lengths: Tensor
    log_flow: Tensor | None = None
    log_inflow: Tensor | None = None
    log_partial: Tensor | None = None


@dataclass(frozen=True)
class RolloutBatch:
    """What one training or validation step saw, for callbacks.

    Attributes:
        objects: B decoded terminal objects; None where decoding failed.
        scores: their `rewards.base.Scores`, by position.
        trajectories: B trajectories.
        log_reward: [B] beta log R, in nats, without the environment's correction.
        valid: [B] False where the trajectory was rejected: its log-reward is not finite, or it is
            held out from training.
        loss: [B] the objective's loss, NaN where rejected; with that of the backward policy, where
            it has its own.
        num_unscored: states on the way that have no reward, which the objective asked for; None
            where it did not.
    """

    objects: Sequence[Any]
    scores: Any
    trajectories: Trajectories
    log_reward: Tensor
    valid: Tensor
    loss: Tensor
    num_unscored: int | None = None
