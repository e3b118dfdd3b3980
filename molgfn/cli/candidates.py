"""From a checkpoint to rows of candidates."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from molgfn.cli.draws import Draw
from molgfn.envs.fragments import FragmentEnvironment
from molgfn.envs.sequences import Sequences
from molgfn.module import GFlowNet

MAX_DRAWS = 20  # draws for each candidate asked for, before giving up
BUILT_BY: Mapping[str, type[Any]] = {
    "molecules": FragmentEnvironment,
    "sequences": Sequences,
}


@dataclass
class Candidates:
    """Rows of candidates, rows of what failed, and how many objects were drawn for them."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    failures: list[dict[str, str]] = field(default_factory=list)
    num_drawn: int = 0


def load(checkpoint: Path, device: str, accepted: Sequence[str] = ("molecules",)) -> GFlowNet:
    """The module of a checkpoint, ready to sample on a device; "auto" is a GPU when there is one.

    Args:
        accepted: what it may build; see `BUILT_BY`.
    Raises:
        FileNotFoundError: there is no such checkpoint.
        ValueError: it cannot be read, builds something else, or there is no such device.
    """
    if not checkpoint.is_file():
        raise FileNotFoundError(f"checkpoint {checkpoint} does not exist")
    model = GFlowNet.load_from_checkpoint(checkpoint, map_location=place_of(device))
    environments = tuple(BUILT_BY[built] for built in accepted)
    if not isinstance(model.environment, environments):
        raise ValueError(
            f"{checkpoint} was trained on {type(model.environment).__name__}, which does not build "
            f"{' or '.join(accepted)}; accepted are checkpoints of "
            f"{' or '.join(environment.__name__ for environment in environments)}"
        )
    return model.eval()


def place_of(device: str) -> torch.device:
    """The device of a name; "auto" is a GPU when there is one.

    Raises:
        ValueError: there is no such device.
    """
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        return torch.zeros(0, device=device).device
    except (RuntimeError, AssertionError) as error:
        raise ValueError(
            f"device {device!r} cannot be used: {str(error).splitlines()[0]}"
        ) from error


def built_by(model: GFlowNet) -> str:
    """What a loaded module builds, of `BUILT_BY`."""
    (built,) = (name for name, env in BUILT_BY.items() if isinstance(model.environment, env))
    return built


def choose_beta(model: GFlowNet, beta: float | None) -> float:
    """The beta to sample at: the highest that was trained, unless one is asked for.

    Raises:
        ValueError: the policy was not trained at that beta.
    """
    low, high = model.beta_range
    if beta is None:
        return high
    if not low <= beta <= high:
        trained = f"beta = {low:g}" if low == high else f"{low:g} <= beta <= {high:g}"
        raise ValueError(f"beta = {beta:g}, but the checkpoint was trained at {trained}")
    return beta


def draw_candidates(
    batches: Iterator[Draw], num: int, unique: bool, progress: Callable[[int], None]
) -> Candidates:
    """Draw until there are `num` candidates, or `MAX_DRAWS * num` draws did not give that many.

    Args:
        unique: keep only the first of equal objects. They then are no longer a sample from the
            reward's distribution: rare objects are over-represented.
        progress: told how many candidates there are after every batch.
    Returns:
        Candidates, the highest reward first.
    """
    found = Candidates()
    known: set[str] = set()
    while len(found.rows) < num and found.num_drawn < MAX_DRAWS * num:
        draw = next(batches)
        for position in range(len(draw)):
            if len(found.rows) == num:
                break
            found.num_drawn += 1
            names = draw.names(position)
            name = names[draw.key]
            if position in draw.scores.failures:
                reason = draw.scores.failures[position]
                found.failures.append({draw.key: name, "reason": reason})
                continue
            if unique and name in known:
                continue
            known.add(name)
            found.rows.append(row(draw, position, names))
        progress(len(found.rows))
    found.rows.sort(key=lambda candidate: -candidate["log_reward"])
    return found


def row(draw: Draw, position: int, names: dict[str, str]) -> dict[str, Any]:
    """Columns of one candidate; its reward is the one at beta = 1."""
    log_reward = float(draw.scores.log_reward[position])
    return {
        **names,
        "log_reward": log_reward,
        "reward": math.exp(log_reward),
        "beta": draw.beta,
        **{name: float(values[position]) for name, values in draw.scores.components.items()},
        **draw.described(position),
    }
