"""Measured values as people write them: `5.3`, `>10`, `<= 1e-3`, `n.d.`, `active`."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

MISSING = frozenset(
    ["", "nan", "na", "n/a", "#n/a", "none", "null", "nd", "n.d.", "-", "--", "?", "not determined"]
)
CLASSES = {
    **dict.fromkeys(["active", "true", "yes", "positive", "toxic"], 1.0),
    **dict.fromkeys(["inactive", "false", "no", "negative", "non-toxic", "nontoxic"], 0.0),
}
RELATIONS = {
    **dict.fromkeys(["", "=", "==", "~", "≈"], "="),
    **dict.fromkeys([">", ">>", ">=", "≥"], ">"),
    **dict.fromkeys(["<", "<<", "<=", "≤"], "<"),
}
FLIPPED = {"=": "=", "<": ">", ">": "<"}

_VALUE = re.compile(r"([<>=~≈≤≥]*)\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)")
_THOUSANDS = re.compile(r"\d{1,3}(,\d{3})+")


@dataclass(frozen=True)
class Value:
    """A number and how the truth relates to it: "=", "<" (below it) or ">"."""

    number: float
    relation: str = "="


def read_value(text: str) -> Value | None:
    """A value; None where none was measured.

    Raises:
        ValueError: the text is no number, such as `5.3 nM` or `5 ± 1`.
    """
    text = text.strip()
    if text.lower() in MISSING:
        return None
    match = _VALUE.fullmatch(text)
    if match is None or match[1] not in RELATIONS or not math.isfinite(float(match[2])):
        raise ValueError(f"{text[:40]!r} is no number")
    return Value(float(match[2]), RELATIONS[match[1]])


def read_relation(text: str) -> str:
    """A relation of a column of its own, which some databases put between quotes.

    Raises:
        ValueError: it is none.
    """
    relation = RELATIONS.get(text.strip().strip("'\"").strip())
    if relation is None:
        raise ValueError(f"{text[:40]!r} is no relation; accepted are =, <, >, <=, >= and ~")
    return relation


def plain_texts(texts: Sequence[str]) -> tuple[list[str], str | None]:
    """A column with points for decimal commas and 1 and 0 for classes, and what was done.

    Commas are decimal if the column has no point, and some comma cannot separate thousands.
    """
    present = [text for text in texts if text.lower() not in MISSING]
    if present and all(text.lower() in CLASSES for text in present):
        named = sorted(set(present), key=lambda text: (CLASSES[text.lower()], text))
        mapped = ", ".join(f"{text} = {CLASSES[text.lower()]:g}" for text in named)
        return [f"{CLASSES[t.lower()]:g}" if t.lower() in CLASSES else t for t in texts], mapped
    commas = [text for text in present if "," in text]
    if commas and not any("." in text for text in present):
        if all(_THOUSANDS.search(text) for text in commas):
            return list(texts), None
        return [text.replace(",", ".") for text in texts], "commas were read as decimal points"
    return list(texts), None
