"""Scores object by object, as plain data: what is remembered, and what processes send."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch

from molgfn.rewards.base import Scores


@dataclass(frozen=True)
class Row:
    """The scores of one object; see `Scores`."""

    log_reward: float
    components: Mapping[str, float] = field(default_factory=dict)
    failure: str | None = None


def failed(reason: str) -> Row:
    """The row of an object that has no reward."""
    return Row(torch.nan, failure=reason)


def rows_of(scores: Scores) -> list[Row]:
    """B scores as B rows."""
    components = {name: values.tolist() for name, values in scores.components.items()}
    return [
        Row(
            log_reward,
            {name: values[position] for name, values in components.items()},
            scores.failures.get(position),
        )
        for position, log_reward in enumerate(scores.log_reward.tolist())
    ]


def scores_of(rows: Sequence[Row]) -> Scores:
    """B rows as scores; a component that a row lacks is NaN there."""
    names = sorted({name for row in rows for name in row.components})
    return Scores(
        log_reward=torch.tensor([row.log_reward for row in rows]),
        components={
            name: torch.tensor([row.components.get(name, torch.nan) for row in rows])
            for name in names
        },
        failures={i: row.failure for i, row in enumerate(rows) if row.failure is not None},
    )
