"""One masked categorical over (open site, port) and stop, without padding."""

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from molgfn.types import STOP


@dataclass(frozen=True)
class SiteCategorical:
    """p(port p at row r) = exp(logit[r, p]) / Z_b, p(stop) = exp(stop_logit[b]) / Z_b.

    A *row* is one place of one state where a fragment may be added: an open site, or the empty
    molecule itself.

    Attributes:
        logits: [R, P], -inf where a port is not allowed; every row allows at least one.
        state: [R] ascending, the state of each row.
        place: [R] number of the place within its state: node S + slot.
        stop_logit: [B], -inf where stopping is not allowed.
        num_places: places that a state can have at most.
    """

    logits: Tensor
    state: Tensor
    place: Tensor
    stop_logit: Tensor
    num_places: int

    @cached_property
    def _rank(self) -> Tensor:
        """[R] position of each row among the rows of its state."""
        first = torch.searchsorted(self.state, self.state)
        return torch.arange(len(self.state), device=self.state.device) - first

    @cached_property
    def _choices(self) -> Tensor:
        """[B, 1 + K] log-weight of stopping and of each row."""
        most = int(self._rank.max()) + 1 if len(self.state) else 0
        choices = self.stop_logit.new_full((len(self.stop_logit), 1 + most), -torch.inf)
        choices[:, 0] = self.stop_logit
        return choices.index_put((self.state, 1 + self._rank), self.logits.logsumexp(-1))

    @cached_property
    def _log_norm(self) -> Tensor:
        """[B] log Z_b."""
        return self._choices.logsumexp(-1)

    def sample(self, generator: torch.Generator) -> Tensor:
        """[B] actions."""
        weights = self._choices.detach().softmax(-1)
        choice = weights.multinomial(1, generator=generator)[:, 0]
        actions = torch.full_like(choice, STOP)
        moves = (choice > 0).nonzero()[:, 0]
        if len(moves):
            row = torch.searchsorted(self.state, moves) + choice[moves] - 1
            port = self.logits.detach()[row].softmax(-1).multinomial(1, generator=generator)[:, 0]
            actions[moves] = 1 + self.place[row] * self.logits.shape[1] + port
        return actions

    def log_prob(self, actions: Tensor) -> Tensor:
        """[B] log-probabilities of allowed actions, in nats."""
        moves = (actions != STOP).nonzero()[:, 0]
        place = (actions[moves] - 1) // self.logits.shape[1]
        port = (actions[moves] - 1) % self.logits.shape[1]
        row = torch.searchsorted(
            self.state * self.num_places + self.place, moves * self.num_places + place
        )
        return self.stop_logit.index_put((moves,), self.logits[row, port]) - self._log_norm

    def entropy(self) -> Tensor:
        """[B] entropies, in nats."""
        log_p = self.logits - self._log_norm[self.state, None]
        allowed = log_p > -torch.inf
        terms = torch.where(allowed, log_p.exp() * log_p.masked_fill(~allowed, 0), 0).sum(-1)
        log_stop = self.stop_logit - self._log_norm
        stops = log_stop > -torch.inf
        total = torch.where(stops, log_stop.exp() * log_stop.masked_fill(~stops, 0), 0)
        return -total.index_add(0, self.state, terms)

    def uniform(self) -> "SiteCategorical":
        """The uniform distribution over the same allowed actions."""

        def flatten(logits: Tensor) -> Tensor:
            logits = logits.detach()
            return torch.where(logits > -torch.inf, 0.0, logits)

        return SiteCategorical(
            flatten(self.logits), self.state, self.place, flatten(self.stop_logit), self.num_places
        )
