"""Which molecules are guilty when a question about several of them finds no answer."""

from collections.abc import Callable, Generator, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

Key = TypeVar("Key", bound=Hashable)

PATIENCE = 16
"""Molecules asked about alone in vain, with no answer in between, after which whoever is asked is
taken to be out of order."""
PROBES = 3
"""Molecules that somebody who is out of order is still asked about alone, each time."""


@dataclass
class Record:
    """What is known of somebody who is asked again and again.

    Attributes:
        in_vain: molecules asked about alone in vain since the last answer.
    """

    in_vain: int = 0

    @property
    def is_out_of_order(self) -> bool:
        return self.in_vain >= PATIENCE


@dataclass(frozen=True)
class Failure:
    """Why there is no answer for a molecule."""

    reason: str


class Unanswered(Exception):
    """A question found no answer, or not all of it.

    Args:
        reason: why.
        answers: what was answered nevertheless.
    """

    def __init__(self, reason: str, answers: Mapping[Any, Any] | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.answers = {} if answers is None else answers


def isolated(
    keys: Sequence[Key], record: Record
) -> Generator[list[Key], Mapping[Key, Any] | Unanswered, dict[Key, Any]]:
    """Ask about keys together; split what finds no answer until the guilty ones are alone.

    One guilty key among n costs about 2 log2 n further questions. Somebody who is out of order is
    asked about all, then about `PROBES` alone, and an answer to any of them sets it right.

    Args:
        keys: distinct.
        record: of who is asked; it is kept up to date.
    Yields:
        Keys to ask about; it is sent a mapping with an answer for each of them, or `Unanswered`.
    Returns:
        An answer or a `Failure` for every key.
    """
    found: dict[Key, Any] = {}
    waiting = [list(keys)] if keys else []
    in_vain, reason = 0, ""
    while waiting:
        asked = waiting.pop()
        outcome = yield asked
        answers = outcome.answers if isinstance(outcome, Unanswered) else outcome
        found.update(answers)
        if answers:
            in_vain = record.in_vain = 0
        if not isinstance(outcome, Unanswered):
            continue
        reason = outcome.reason
        rest = [key for key in asked if key not in answers]
        if len(asked) == 1:
            found.update({key: Failure(reason) for key in rest})
            in_vain += len(rest)
            record.in_vain += len(rest)
            if in_vain >= PROBES and record.is_out_of_order:
                break
        elif len(rest) < len(asked):
            waiting += [rest] if rest else []
        elif record.is_out_of_order and len(rest) > PROBES:
            waiting += [rest[PROBES:], *([key] for key in rest[:PROBES])]
        else:
            waiting += [rest[len(rest) // 2 :], rest[: len(rest) // 2]]
    for key in (key for part in waiting for key in part):
        found[key] = Failure(f"{reason} (as for many before, so not asked about alone)")
    return found


def ask_each(
    keys: Sequence[Key], ask: Callable[[list[Key]], Mapping[Key, Any]], record: Record
) -> dict[Key, Any]:
    """An answer or a `Failure` for every key, from somebody who raises `Unanswered`."""
    asking = isolated(keys, record)
    outcome: Mapping[Key, Any] | Unanswered
    try:
        asked = next(asking)
        while True:
            try:
                outcome = ask(asked)
            except Unanswered as error:
                outcome = error
            asked = asking.send(outcome)
    except StopIteration as done:
        found: dict[Key, Any] = done.value
        return found
