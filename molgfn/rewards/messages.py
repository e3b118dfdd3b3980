"""Message passing whose bond network has four outputs: the operations both sEH networks share."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from molgfn.chem.atom_features import NUM_BOND_TYPES, AtomGraphs


@dataclass(frozen=True)
class BondMessages:
    """Who sends what to whom, with every message computed once.

    An atom sends through bonds of about 1.3 different types, so only M = 1.3 N of the 4 N products
    of an atom's state and a bond type's matrix are needed. Each is computed once and read by all
    bonds of that atom and type.

    Attributes:
        sender: [M] the atom that a message comes from, grouped by bond type.
        counts: how many messages go through bonds of each type; they sum to M.
        message: [E] the message that each directed bond carries, bonds ordered by target.
        first: [N] position in `message` of the first bond that enters each atom.
    """

    sender: Tensor
    counts: tuple[int, ...]
    message: Tensor
    first: Tensor

    @classmethod
    def of(cls, graphs: AtomGraphs) -> "BondMessages":
        """Find the messages of a batch; on the CPU, since their counts are needed there."""
        num_atoms = len(graphs.atoms)
        key = graphs.bond_type * num_atoms + graphs.source
        sends = torch.zeros(NUM_BOND_TYPES * num_atoms, dtype=torch.bool)
        sends[key] = True
        number = sends.cumsum(0) - 1
        degree = torch.bincount(graphs.target, minlength=num_atoms)
        return cls(
            sender=sends.nonzero()[:, 0] % max(num_atoms, 1),
            counts=tuple(sends.view(NUM_BOND_TYPES, -1).sum(1).tolist()),
            message=number[key],
            first=degree.cumsum(0) - degree,
        )

    def to(self, device: torch.device | str) -> "BondMessages":
        """The same messages on another device."""
        return BondMessages(
            self.sender.to(device, non_blocking=True),
            self.counts,
            self.message.to(device, non_blocking=True),
            self.first.to(device, non_blocking=True),
        )

    def mean(self, states: Tensor, matrices: Tensor) -> Tensor:
        """Mean over the bonds j -> i of h_j W_type, zero for an atom without bonds.

        Args:
            states: [N, D] states h of the atoms.
            matrices: [4, D, D] one W for each bond type.
        Returns:
            [N, D]
        """
        by_type = torch.split(states.index_select(0, self.sender), list(self.counts))
        sent = torch.cat([own @ matrix for own, matrix in zip(by_type, matrices, strict=True)])
        return functional.embedding_bag(self.message, sent, self.first, mode="mean")


def sum_by_molecule(values: Tensor, graphs: AtomGraphs) -> Tensor:
    """[N, ...] values of atoms -> [B, ...] their sums; 0 for a molecule without atoms."""
    sums = values.new_zeros(graphs.num_molecules, *values.shape[1:])
    return sums.index_add(0, graphs.molecule, values)


def softmax_by_molecule(scores: Tensor, graphs: AtomGraphs) -> Tensor:
    """[N] scores of atoms -> [N] softmax over the atoms of each molecule."""
    highest = scores.new_full((graphs.num_molecules,), -torch.inf)
    highest = highest.scatter_reduce(0, graphs.molecule, scores.detach(), "amax")
    weights = (scores - highest.index_select(0, graphs.molecule)).exp()
    return weights / sum_by_molecule(weights, graphs).index_select(0, graphs.molecule)
