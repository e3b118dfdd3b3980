"""Tanimoto similarity of many molecules to many known ones, on any device."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from molgfn.proxy.fingerprints import Fingerprints


class Known(nn.Module):
    """N known molecules, ready to be compared with.

        similarity(a, b) = |a and b| / |a or b|,  of the sets that `Fingerprints.elements` gives

    which with counts is sum min(a_i, b_i) / sum max(a_i, b_i). The elements that two molecules
    share are counted as a product of sparse 0/1 matrices: nothing is folded, so nothing collides.

    Args:
        names: [D] int64 names of elements, ascending.
        element: [K] int64, which of them each known molecule has, one molecule after the other.
        size: [N] int64 how many each has.
        counted: whether surroundings count as often as they occur.
    """

    names: Tensor
    element: Tensor
    size: Tensor

    def __init__(self, names: Tensor, element: Tensor, size: Tensor, counted: bool) -> None:
        super().__init__()
        self.counted = counted
        for name, tensor in (("names", names), ("element", element), ("size", size)):
            self.register_buffer(name, tensor)

    @classmethod
    def of(cls, fingerprints: Fingerprints, counted: bool) -> "Known":
        """Remember molecules."""
        names, molecule = fingerprints.elements(counted)
        distinct, element = torch.unique(names, return_inverse=True)
        size = torch.bincount(molecule, minlength=fingerprints.num_molecules)
        return cls(distinct, element, size, counted)

    def forward(self, fingerprints: Fingerprints) -> Tensor:
        """[B, N] similarities in [0, 1]; 0 for a molecule that could not be read."""
        names, molecule = fingerprints.elements(self.counted)
        own = torch.bincount(molecule, minlength=fingerprints.num_molecules)
        if len(self.names) == 0:
            return own.new_zeros(len(own), len(self.size), dtype=torch.float32)
        place = torch.searchsorted(self.names, names).clamp(max=len(self.names) - 1)
        known = self.names[place] == names
        has = torch.zeros(len(self.names), len(own), device=own.device)
        has[place[known], molecule[known]] = 1.0
        start = self.size.cumsum(0) - self.size
        shared = functional.embedding_bag(self.element, has, start, mode="sum").T  # [B, N]
        either = own[:, None] + self.size[None] - shared
        return shared / either.clamp(min=1)
