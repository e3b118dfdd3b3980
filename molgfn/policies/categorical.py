"""One masked categorical over (open site, port) and stop, without padding."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor

from molgfn.types import STOP


@dataclass(frozen=True)
class SiteCategorical:
    """p(site r, port p) = p(r) p(p | r), with p(r) and p(stop) from one softmax for each state.

    A *site* is a place of a state where a fragment may be added: an open site of a fragment, or the
    empty molecule itself. Port logits are computed only for the sites that are asked for.

    Attributes:
        site_logit: [R].
        state: [R] ascending, the state of each site.
        place: [R] ascending within a state, the number of the place: node S + slot.
        kind: [R] row of `may_bond` that says which ports may be added there.
        stop_logit: [B], -inf where stopping is not allowed.
        may_bond: [K, P].
        port_logits: rows [r] -> [r, P], before masking.
        num_places: places that a state can have at most.
    """

    site_logit: Tensor
    state: Tensor
    place: Tensor
    kind: Tensor
    stop_logit: Tensor
    may_bond: Tensor
    port_logits: Callable[[Tensor], Tensor]
    num_places: int

    @cached_property
    def _choices(self) -> Tensor:
        """[B, 1 + K] log-probability of stopping and of each site; -inf on padding."""
        rank = torch.arange(len(self.state), device=self.state.device)
        rank = rank - torch.searchsorted(self.state, self.state)
        most = int(rank.max()) + 1 if len(rank) else 0
        logits = self.stop_logit.new_full((len(self.stop_logit), 1 + most), -torch.inf)
        logits[:, 0] = self.stop_logit
        return logits.index_put((self.state, 1 + rank), self.site_logit).log_softmax(-1)

    def _port_log_p(self, rows: Tensor) -> Tensor:
        """[r, P] log-probability of each port, given the site."""
        forbidden = ~self.may_bond[self.kind[rows]]
        return self.port_logits(rows).masked_fill(forbidden, -torch.inf).log_softmax(-1)

    def sample(self, generator: torch.Generator) -> Tensor:
        """[B] actions."""
        choices = self._choices  # cached for `log_prob`, so not without its gradient
        with torch.no_grad():
            choice = draw(choices, generator)
            actions = torch.full_like(choice, STOP)
            moves = (choice > 0).nonzero()[:, 0]
            if len(moves):
                row = torch.searchsorted(self.state, moves) + choice[moves] - 1
                port = draw(self._port_log_p(row), generator)
                actions[moves] = 1 + self.place[row] * self.may_bond.shape[1] + port
        return actions

    def log_prob(self, actions: Tensor, state: Tensor | None = None) -> Tensor:
        """[K] log-probabilities of allowed actions, in nats.

        Args:
            actions: [K].
            state: [K] the state of each action; None when there is one action for each state.
        """
        if state is None:
            state = torch.arange(len(actions), device=actions.device)
        moves = (actions != STOP).nonzero()[:, 0]
        num_ports = self.may_bond.shape[1]
        place, port = (actions[moves] - 1) // num_ports, (actions[moves] - 1) % num_ports
        row = torch.searchsorted(
            self.state * self.num_places + self.place, state[moves] * self.num_places + place
        )
        choice = torch.zeros_like(actions)
        choice[moves] = 1 + row - torch.searchsorted(self.state, state[moves])
        log_choice = self._choices[state, choice]
        log_port = self._port_log_p(row).gather(1, port[:, None])[:, 0]
        return log_choice.index_add(0, moves, log_port)

    def entropy(self) -> Tensor:
        """[B] entropies, in nats: H(site or stop) + sum_r p(r) H(port | r)."""
        rows = torch.arange(len(self.state), device=self.state.device)
        rank = rows - torch.searchsorted(self.state, self.state)
        site_p = self._choices[self.state, 1 + rank].exp()
        ports = site_p * plogp(self._port_log_p(rows)).sum(-1)
        return -plogp(self._choices).sum(-1).index_add(0, self.state, ports)

    def uniform(self, stop: float | None = None) -> "SiteCategorical":
        """The uniform distribution over the same allowed actions.

        Args:
            stop: the probability of stopping where that is allowed and something else is, too; None
                counts it as one action among the others.
        """
        site_logit = self.may_bond.sum(-1).to(self.site_logit).log()[self.kind]
        stops = self.stop_logit.detach() > -torch.inf
        if stop is None:
            weight = torch.zeros_like(self.stop_logit)
        else:
            others = torch.zeros_like(self.stop_logit).index_add(0, self.state, site_logit.exp())
            weight = others.clamp(min=1).log() + torch.tensor(stop).logit()
        return replace(
            self,
            site_logit=site_logit,
            stop_logit=torch.where(stops, weight.clamp(max=50), -torch.inf),
            port_logits=lambda rows: self.site_logit.new_zeros(len(rows), self.may_bond.shape[1]),
        )

    def tempered(self, temperature: float) -> "SiteCategorical":
        """Both softmaxes, that of sites and stop and that of ports, with logits divided by T."""
        return replace(
            self,
            site_logit=self.site_logit / temperature,
            stop_logit=self.stop_logit / temperature,
            port_logits=lambda rows: self.port_logits(rows) / temperature,
        )


def draw(log_p: Tensor, generator: torch.Generator) -> Tensor:
    """[B] indices drawn from log-probabilities [B, K], by inversion: one random number a row.

    An index of probability 0 is never drawn.
    """
    cumulated = log_p.double().exp().cumsum(-1)
    total = cumulated[:, -1:]
    below = torch.rand(
        total.shape, generator=generator, device=total.device, dtype=total.dtype
    ).mul_(total)
    below = torch.minimum(below, total.nextafter(torch.zeros_like(total)))
    index: Tensor = torch.searchsorted(cumulated, below, right=True)[:, 0]
    return index


def plogp(log_p: Tensor) -> Tensor:
    """p log p, 0 at p = 0."""
    impossible = log_p == -torch.inf
    return torch.where(impossible, 0.0, log_p.exp() * log_p.masked_fill(impossible, 0.0))
