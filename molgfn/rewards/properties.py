"""Rewards that RDKit computes: drug-likeness, ease of synthesis, weight and lipophilicity."""

import math
from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

import torch
from rdkit import Chem
from rdkit.Chem import QED as qed
from rdkit.Chem import Crippen, Descriptors
from torch import Tensor

from molgfn.rewards.base import Reward, Scores


class PropertyReward(Reward):
    """A reward in (0, 1] that is a function of one number of the molecule.

    A property that RDKit cannot compute, or that is not finite, fails for that molecule alone.
    """

    component: ClassVar[str]

    @abstractmethod
    def measure(self, mol: Chem.Mol) -> float:
        """The raw property of one molecule."""

    @abstractmethod
    def log_transform(self, raw: Tensor) -> Tensor:
        """[B] raw values, or NaN -> [B] log-rewards, at most 0."""

    def forward(self, objects: Sequence[Chem.Mol | None]) -> Scores:
        """Score molecules."""
        failures: dict[int, str] = {}
        raw = torch.full((len(objects),), torch.nan)
        for position, mol in enumerate(objects):
            try:
                raw[position] = self._measure(mol)
            except ValueError as error:
                failures[position] = str(error)
        return Scores(self.log_transform(raw), {self.component: raw}, failures)

    def _measure(self, mol: Chem.Mol | None) -> float:
        if mol is None:
            raise ValueError("no molecule")
        if mol.GetNumAtoms() == 0:
            raise ValueError("the molecule has no atoms")
        try:
            value = self.measure(mol)
        except Exception as error:  # RDKit raises many kinds on a molecule that is not sanitized
            raise ValueError(f"{self.component} cannot be computed: {error}") from error
        if not math.isfinite(value):
            raise ValueError(f"{self.component} is {value}")
        return value


class QED(PropertyReward):
    """Drug-likeness: R = max(floor, QED).

    Args:
        floor: in (0, 1].
    Source: Bickerton et al., Nature Chemistry 2012.
    """

    component = "qed"

    def __init__(self, floor: float = 0.01) -> None:
        super().__init__()
        self.floor = _checked_floor(floor)

    def measure(self, mol: Chem.Mol) -> float:
        return float(qed.qed(mol))

    def log_transform(self, raw: Tensor) -> Tensor:
        return raw.clamp(min=self.floor).log()


class SA(PropertyReward):
    """Ease of synthesis: R = max(floor, (10 - SA) / 9), where SA runs from 1 (easy) to 10 (hard).

    Args:
        floor: in (0, 1].
    Raises:
        ImportError: this installation of RDKit carries no SA score.
    Source: Ertl and Schuffenhauer, Journal of Cheminformatics 2009.
    """

    component = "sa"

    def __init__(self, floor: float = 0.01) -> None:
        super().__init__()
        self.floor = _checked_floor(floor)
        try:
            from rdkit.Contrib.SA_Score import sascorer
        except ImportError as error:
            raise ImportError(
                "this installation of RDKit carries no Contrib/SA_Score; install RDKit from PyPI "
                "or conda-forge, or leave the SA reward out"
            ) from error
        self._score = sascorer.calculateScore

    def measure(self, mol: Chem.Mol) -> float:
        return float(self._score(mol))

    def log_transform(self, raw: Tensor) -> Tensor:
        return ((10 - raw) / 9).clamp(self.floor, 1).log()


class MolecularWeight(PropertyReward):
    """A window on the average molecular weight in g/mol, see `log_window`."""

    component = "molecular_weight"

    def __init__(self, low: float = 250.0, high: float = 500.0, width: float = 50.0) -> None:
        super().__init__()
        self.window = _checked_window(low, high, width)

    def measure(self, mol: Chem.Mol) -> float:
        return float(Descriptors.MolWt(mol))

    def log_transform(self, raw: Tensor) -> Tensor:
        return log_window(raw, *self.window)


class LogP(PropertyReward):
    """A window on the octanol-water partition coefficient after Crippen, see `log_window`."""

    component = "logp"

    def __init__(self, low: float = 0.0, high: float = 4.0, width: float = 1.0) -> None:
        super().__init__()
        self.window = _checked_window(low, high, width)

    def measure(self, mol: Chem.Mol) -> float:
        return float(Crippen.MolLogP(mol))

    def log_transform(self, raw: Tensor) -> Tensor:
        return log_window(raw, *self.window)


def log_window(raw: Tensor, low: float, high: float, width: float) -> Tensor:
    """A double-sided window: 1 between low and high, a Gaussian flank of that width on each side.

    log R = -(d / width)^2 / 2,  d the distance of the value from [low, high]
    """
    return -0.5 * ((raw - raw.clamp(low, high)) / width) ** 2


def _checked_floor(floor: float) -> float:
    if not 0 < floor <= 1:
        raise ValueError(f"floor is {floor}; accepted are values in (0, 1]")
    return floor


def _checked_window(low: float, high: float, width: float) -> tuple[float, float, float]:
    if not (math.isfinite(low) and math.isfinite(high) and low <= high):
        raise ValueError(f"the window is [{low}, {high}]; accepted are finite values, low first")
    if not 0 < width < math.inf:
        raise ValueError(f"width is {width}; accepted are positive finite values")
    return low, high, width
