"""What rewards that are computed by somebody else's code have in common."""

import math
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from rdkit import Chem

from molgfn.chem.descriptors import canonical_smiles
from molgfn.rewards.base import Scores
from molgfn.rewards.isolation import Failure, Record, ask_each
from molgfn.rewards.leaf import Leaf
from molgfn.rewards.transforms import Transform

Numbers = Mapping[str, float]


class Foreign(Leaf):
    """A leaf whose raw numbers are answers, keyed by molecule.

    A molecule is asked about by its canonical SMILES, a text (such as a peptide) by itself, each
    once a batch. An answer is a number, or a mapping of named numbers, of which the one called
    `value` is the raw number; others become components `NAME.OTHER`. A mapping with an `error`
    declares the molecule invalid, with that text as the reason. None, NaN, infinities and whatever
    else is no number fail for that molecule alone.

    Args:
        default_name, name, transform, floor: see `Leaf`.
        value: which of several named numbers is the raw one.
    """

    def __init__(
        self, default_name: str, name: str | None, value: str, transform: Transform, floor: float
    ) -> None:
        super().__init__(default_name, name, transform, floor)
        self.value = value
        self._record = Record()

    @abstractmethod
    def ask(self, objects: Mapping[str, Any]) -> Mapping[str, Any]:
        """Ask about objects by name.

        Returns:
            Name -> answer, for each of them; what is missing fails.
        Raises:
            Unanswered: there is no answer, or the rest of it is missing and worth asking again.
        """

    def forward(self, objects: Sequence[Any]) -> Scores:
        """Score objects; one that finds no answer fails alone."""
        names = [_name(one) for one in objects]
        distinct = {n: one for n, one in zip(names, objects, strict=True) if isinstance(n, str)}
        found = ask_each(
            list(distinct),
            lambda asked: self._ask({name: distinct[name] for name in asked}),
            self._record,
        )
        read = [
            name if isinstance(name, Failure) else numbers(found[name], self.value)
            for name in names
        ]
        known = [{} if isinstance(one, Failure) else one for one in read]
        columns = {
            key: torch.tensor([one.get(key, torch.nan) for one in known])
            for key in sorted({self.value, *(key for one in known for key in one)})
        }
        failures = {i: one.reason for i, one in enumerate(read) if isinstance(one, Failure)}
        scores = self.scored(columns.pop(self.value), failures)
        others = {f"{self.name}.{key}": column for key, column in columns.items()}
        return Scores(scores.log_reward, {**scores.components, **others}, failures)

    def _ask(self, objects: Mapping[str, Any]) -> dict[str, Any]:
        answers = self.ask(objects)
        return {name: answers.get(name, Failure("left out of the answer")) for name in objects}


def numbers(answer: Any, value: str) -> Numbers | Failure:
    """The named numbers of an answer, or why it has no raw one.

    Args:
        value: what the raw number is called, or is to be called.
    """
    if isinstance(answer, Failure):
        return answer
    if not isinstance(answer, Mapping):
        answer = {value: answer}
    if answer.get("error") is not None:
        return Failure(f"declared invalid: {_short(answer['error'])}")
    if value not in answer:
        return Failure(f"the answer has no {value!r}, but {_short(list(answer))}")
    raw = _number(answer[value])
    if raw is None:
        return Failure(f"the answer is {_short(answer[value])}, which is no finite number")
    others = {str(key): _number(other) for key, other in answer.items() if key != value}
    return {value: raw, **{key: other for key, other in others.items() if other is not None}}


def _number(value: Any) -> float | None:
    if value is None or isinstance(value, (str, bytes)):  # float("1.5") would work, by accident
        return None
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError, RuntimeError):
        return None
    return number if math.isfinite(number) and abs(number) <= torch.finfo().max else None


def _name(one: Any) -> str | Failure:
    if isinstance(one, str):
        return one
    if one is None:
        return Failure("no molecule")
    if not isinstance(one, Chem.Mol):
        return Failure(f"{_short(one)} is neither a molecule nor a text")
    return canonical_smiles(one) or Failure("the molecule has no atoms")


def _short(value: Any, most: int = 80) -> str:
    text = repr(value)
    return text if len(text) <= most else f"{text[:most]}..."
