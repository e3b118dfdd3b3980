"""Values on the scale that a model is fitted to: as given, as logarithms, or as p-values."""

import math
import re
from dataclasses import dataclass

from molgfn.proxy.numbers import FLIPPED, Value

MOLAR = {"m": 1.0, "mm": 1e-3, "um": 1e-6, "nm": 1e-9, "pm": 1e-12, "fm": 1e-15}
UNITS = ("M", "mM", "uM", "nM", "pM", "fM")


@dataclass(frozen=True)
class Scale:
    """What is done to values: nothing, log10, or -log10 of them in mol/L.

    Attributes:
        log10: take the logarithm.
        unit: of concentrations that become p-values, such as pIC50 = -log10(IC50 / (mol/L)).
    Raises:
        ValueError: both are asked for, or the unit is unknown.
    """

    log10: bool = False
    unit: str | None = None

    def __post_init__(self) -> None:
        if self.log10 and self.unit:
            raise ValueError("log10 and a unit exclude each other: p-values are logarithms already")
        if self.unit and molar(self.unit) is None:
            raise ValueError(f"unit = {self.unit!r}: accepted are {', '.join(UNITS)}")

    @property
    def description(self) -> str:
        """What is done, in words; empty for nothing."""
        if self.unit:
            return f"converted from {self.unit} to p-values, -log10 of mol/L"
        return "converted to their logarithms of base 10" if self.log10 else ""

    def name(self, target: str) -> str:
        """What a converted column is called."""
        if self.unit:
            return f"p{target}" if target.isalnum() else f"p({target})"
        return f"log10({target})" if self.log10 else target

    def __call__(self, value: Value, unit: str) -> Value:
        """The value on this scale.

        Args:
            unit: of this value, if its row has one; it goes before that of the scale.
        Raises:
            ValueError: the value has no logarithm, or its unit is no concentration.
        """
        if not (self.log10 or self.unit):
            return value
        if value.number <= 0:
            raise ValueError(f"{value.number:g} has no logarithm")
        if self.unit is None:
            return Value(math.log10(value.number), value.relation)
        factor = molar(unit or self.unit)
        if factor is None:
            raise ValueError(f"unit {unit!r} is no concentration; accepted are {', '.join(UNITS)}")
        return Value(-math.log10(value.number * factor), FLIPPED[value.relation])


def molar(unit: str) -> float | None:
    """The unit in mol/L, or None for another kind of unit."""
    plain = unit.strip().replace("µ", "u").replace("μ", "u")
    return MOLAR.get(re.sub(r"\s*mol(es)?\s*(/\s*l|l-1)$", "m", plain.lower()))
