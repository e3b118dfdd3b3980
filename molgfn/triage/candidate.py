"""A candidate on its way through a triage."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from rdkit import Chem
from rdkit.DataStructs import ExplicitBitVect

from molgfn.chem.descriptors import descriptors
from molgfn.chem.similarity import fingerprints

MEASURED = ("mw", "logp", "tpsa", "hbd", "hba", "rotatable_bonds", "rings", "qed", "sa")
DESCRIBED = {*MEASURED, "alerts", "scaffold"}
"""Columns of `molgfn.chem.descriptors.descriptors`."""


@dataclass
class Candidate:
    """A molecule and the columns of its row, to which steps add.

    Attributes:
        row: has at least `id` and `smiles`.
        packed: the molecule as RDKit's bytes: 1 kB, where a `Chem.Mol` takes 70.
    """

    row: dict[str, Any]
    packed: bytes

    @property
    def mol(self) -> Chem.Mol:
        """The molecule, made anew."""
        return Chem.Mol(self.packed)

    @cached_property
    def fingerprint(self) -> ExplicitBitVect:
        """See `molgfn.chem.similarity`."""
        return fingerprints([self.mol])[0]

    @property
    def reward(self) -> float | None:
        """At beta = 1; None where the row has none."""
        return number(self.row, "reward")

    @property
    def is_described(self) -> bool:
        """Whether the row has all descriptors."""
        return set(self.row) >= DESCRIBED

    def add(self, found: Mapping[str, Any]) -> None:
        """Add descriptors; measured ones that the row has win over those found."""
        given = {name: self.row[name] for name in MEASURED if number(self.row, name) is not None}
        self.row |= {**found, **given}


def described(packed: bytes) -> dict[str, Any]:
    """Descriptors of a packed molecule."""
    return descriptors(Chem.Mol(packed))


def number(row: Mapping[str, Any], column: str) -> float | None:
    """The finite number in a column; None where there is none."""
    try:
        value = float(row.get(column, math.nan))
    except (TypeError, ValueError):
        return None
    return value if math.isfinite(value) else None
