"""Several measurements of one molecule as one."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from molgfn.proxy.numbers import Value


@dataclass(frozen=True)
class Merged:
    """One value in place of several.

    Attributes:
        number: the median of exact values, else the tightest bound.
        relation: "=", or "<" or ">" for a bound.
        spread: greatest minus least exact value.
        num_values: exact values, or bounds, that it stands for.
        set_aside: bounds that exact values make superfluous.
    """

    number: float
    relation: str = "="
    spread: float = 0.0
    num_values: int = 0
    set_aside: int = 0


def merge(values: Sequence[Value]) -> Merged | None:
    """The one value of several; None if there are only bounds, and on both sides."""
    exact = [value.number for value in values if value.relation == "="]
    if exact:
        spread = max(exact) - min(exact)
        return Merged(median(exact), "=", spread, len(exact), len(values) - len(exact))
    above = [value.number for value in values if value.relation == ">"]
    below = [value.number for value in values if value.relation == "<"]
    if above and not below:
        return Merged(max(above), ">", num_values=len(above))
    if below and not above:
        return Merged(min(below), "<", num_values=len(below))
    return None
