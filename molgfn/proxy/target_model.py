"""What a model of one target is: molecules in, a mean and a standard deviation out."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import torch
from rdkit import Chem
from torch import Tensor, nn

from molgfn.chem.atom_features import AtomGraphs
from molgfn.proxy.fingerprints import Fingerprints


@dataclass(frozen=True)
class Molecules:
    """B molecules as models read them.

    Attributes:
        fingerprints: of all; without surroundings where a molecule could not be read.
        graphs: of all, likewise; None: no model asks for them.
    """

    fingerprints: Fingerprints
    graphs: AtomGraphs | None

    def to(self, device: torch.device | str) -> "Molecules":
        """The same molecules on another device."""
        graphs = None if self.graphs is None else self.graphs.to(device)
        return Molecules(self.fingerprints.to(device), graphs)


@dataclass(frozen=True)
class Estimate:
    """What a model says of B molecules.

    Attributes:
        mean: [B] in the target's units; of a class, how probable it is.
        std: [B] likewise, how far the truth may be from it.
    """

    mean: Tensor
    std: Tensor


@dataclass(frozen=True)
class FitSettings:
    """What a fit needs to know beside the data.

    Attributes:
        classification: whether the values are classes, 0 and 1.
        seed: of everything that is drawn.
        members: models of an ensemble.
        fold: [N] int64 which part each molecule is in; a scaffold is in one part as a whole.
        max_seconds: no further step of training begins after this time.
    """

    classification: bool
    seed: int
    members: int
    fold: Tensor
    max_seconds: float


class TargetModel(nn.Module, ABC):
    """One target's model. Its weights are buffers or parameters, all else is in `settings`.

    Attributes:
        kind: its name.
        reads_graphs: whether it asks for atoms and bonds.
        most_molecules: how many it can be fitted to; None: any number.
        cut_short: how many of its members the time limit ended before they were done.
    """

    kind: ClassVar[str]
    reads_graphs: ClassVar[bool] = False
    most_molecules: ClassVar[int | None] = None
    cut_short: int = 0

    @classmethod
    @abstractmethod
    def fit(cls, mols: Sequence[Chem.Mol], values: Tensor, settings: FitSettings) -> Self:
        """Fit to N molecules and values [N]."""

    @abstractmethod
    def forward(self, molecules: Molecules) -> Estimate:
        """Predict B molecules; meaningless for those that could not be read."""

    @abstractmethod
    def settings(self) -> Mapping[str, Any]:
        """What is not in `state_dict`, as plain data."""

    @classmethod
    @abstractmethod
    def rebuild(cls, settings: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> Self:
        """The model that `settings` and `state_dict` were taken from."""
