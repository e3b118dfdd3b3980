"""A reward that measures one number: what it is called, and how it becomes a score."""

import math
import re
from abc import abstractmethod
from collections.abc import Mapping, Sequence

import torch
from rdkit import Chem
from torch import Tensor

from molgfn.rewards.base import Reward, Scores
from molgfn.rewards.transforms import Transform

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
TAKEN = frozenset(
    (
        *("id", "smiles", "inchikey", "sequence", "object", "reason", "step", "length"),
        *("log_reward", "reward", "beta", "log_p", "num_fragments", "fragments"),
        *("mw", "logp", "tpsa", "hbd", "hba", "rotatable_bonds", "rings", "qed", "sa"),
        *("alerts", "scaffold", "cluster", "nearest_reference", "nearest_similarity"),
    )
)
"""Columns and metrics that a name of the user's may not stand for as well."""


class Leaf(Reward):
    """log R = log max(floor, transform(raw)), of one raw number an object.

    Its components are `NAME`, the raw number, and `NAME_score`, what the transform makes of it.

    Args:
        default_name: what the number is called where the user gives no name.
        name: what the user calls it, where two of a kind must be told apart; None: as usual.
        transform: makes scores in [0, 1].
        floor: least score that is not raised to it; in (0, 1].
    Raises:
        ValueError: a name that is no identifier or means something else, or a bad floor.
    """

    def __init__(
        self, default_name: str, name: str | None, transform: Transform, floor: float
    ) -> None:
        super().__init__()
        if name is not None and name != default_name:
            _check_name(name)
        if not 0 < floor <= 1:
            raise ValueError(f"floor is {floor}; accepted are values in (0, 1]")
        self.name = default_name if name is None else name
        self.transform = transform
        self.floor = floor

    @property
    def component_names(self) -> tuple[str, ...]:
        return self.name, f"{self.name}_score"

    def scored(self, raw: Tensor, failures: Mapping[int, str]) -> Scores:
        """Scores of what was measured.

        Args:
            raw: [B] on any device, NaN exactly where there is a failure.
            failures: position -> reason.
        """
        score = self.transform(raw)
        log_reward = score.clamp(min=self.floor).log()
        return Scores(
            log_reward, dict(zip(self.component_names, (raw, score), strict=True)), failures
        )


class MoleculeLeaf(Leaf):
    """A leaf that measures molecules one by one; what cannot be measured fails alone."""

    @abstractmethod
    def measure(self, mol: Chem.Mol) -> float:
        """The raw number of a molecule with at least one atom."""

    def forward(self, objects: Sequence[Chem.Mol | None]) -> Scores:
        """Score molecules."""
        failures: dict[int, str] = {}
        raw = torch.full((len(objects),), torch.nan)
        for position, mol in enumerate(objects):
            try:
                raw[position] = self._measure(mol)
            except ValueError as error:
                failures[position] = str(error)
        return self.scored(raw, failures)

    def _measure(self, mol: Chem.Mol | None) -> float:
        if mol is None:
            raise ValueError("no molecule")
        if not isinstance(mol, Chem.Mol) or mol.GetNumAtoms() == 0:
            raise ValueError(f"{mol!r:.40} is no molecule with atoms")
        try:
            value = self.measure(mol)
        except Exception as error:  # RDKit raises many kinds on a molecule that is not sanitized
            raise ValueError(f"{self.name} cannot be computed: {error}") from error
        if not math.isfinite(value):
            raise ValueError(f"{self.name} is {value}")
        return value


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise ValueError(
            f"name = {name!r}: accepted are letters, digits and underscores, a letter first"
        )
    if name in TAKEN or name.endswith("_score"):
        raise ValueError(f"name = {name!r}: that column means something else; choose another name")
