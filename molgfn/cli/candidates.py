"""From a checkpoint to rows of candidates."""

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

import molgfn
from molgfn.chem.processes import ALONE, Processes
from molgfn.cli.draws import Draw, key_of
from molgfn.cli.identity import checkpoint_identity
from molgfn.cli.telling import tell
from molgfn.envs.fragments import FragmentEnvironment
from molgfn.envs.sequences import Sequences
from molgfn.module import GFlowNet

MAX_DRAWS = 20  # draws for each candidate asked for, before giving up
BUILT_BY: Mapping[str, type[Any]] = {
    "molecules": FragmentEnvironment,
    "sequences": Sequences,
}


@dataclass(frozen=True)
class Limits:
    """When drawing ends, besides `MAX_DRAWS` draws for each candidate asked for.

    Attributes:
        num: candidates asked for; None for any number.
        deadline: of `time.monotonic`; None for none. A batch that has begun is finished.
    """

    num: int | None
    deadline: float | None = None


@dataclass
class Tally:
    """How far drawing has come.

    Attributes:
        known: keys of all candidates; empty unless they are to be different.
    """

    num_candidates: int = 0
    num_failures: int = 0
    num_drawn: int = 0
    num_without_log_p: int = 0
    known: set[str] = field(default_factory=set)
    out_of_time: bool = False


@dataclass(frozen=True)
class Batch:
    """Rows of the candidates and of the failures of one draw; `draw` is the number of each."""

    rows: list[dict[str, Any]]
    failures: list[dict[str, Any]]


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
    place = place_of(device)
    try:
        model = GFlowNet.load_from_checkpoint(checkpoint, map_location=place)
    except ValueError as error:
        version = _other_version(checkpoint)
        raise ValueError(f"{error}; it is {version}" if version else str(error)) from error
    if version := _other_version(checkpoint):
        tell(f"{checkpoint} is {version}")
    environments = tuple(BUILT_BY[built] for built in accepted)
    if not isinstance(model.environment, environments):
        raise ValueError(
            f"{checkpoint} was trained on {type(model.environment).__name__}, which does not build "
            f"{' or '.join(accepted)}; accepted are checkpoints of "
            f"{' or '.join(environment.__name__ for environment in environments)}"
        )
    return model.eval()


def _other_version(checkpoint: Path) -> str:
    """Of which molgfn a checkpoint is; empty where it is of this one, or none."""
    try:
        version = checkpoint_identity(checkpoint)["version"]
    except ValueError:
        return ""
    ours = molgfn.__version__
    return "" if version == ours else f"of molgfn {version}, and this is {ours}"


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
    batches: Iterator[Draw],
    limits: Limits,
    tally: Tally,
    unique: bool,
    with_log_p: bool = True,
    temperature: float = 1.0,
    processes: Processes = ALONE,
) -> Iterator[Batch]:
    """Draw until there are enough candidates, the time is over, or nothing new is to be found.

    Args:
        tally: where to begin; brought up to date before each batch is given out.
        unique: keep only the first of equal objects. They then are no longer a sample from the
            reward's distribution: rare objects are over-represented.
        with_log_p: whether to compute the exact log-probability of each candidate.
        temperature: that the batches were drawn at, for the column.
        processes: which compute descriptors while this one computes log-probabilities.
    """
    while _goes_on(limits, tally):
        draw = next(batches)
        kept: dict[int, dict[str, Any]] = {}
        failures: list[dict[str, Any]] = []
        for position in range(len(draw)):
            if tally.num_candidates == limits.num:
                break
            number = tally.num_drawn
            tally.num_drawn += 1
            names = draw.names(position)
            if position in draw.scores.failures:
                reason = draw.scores.failures[position]
                failures.append(
                    {"draw": number, draw.named_by: names[draw.named_by], "reason": reason}
                )
                continue
            if unique:
                key = key_of(names)
                if key in tally.known:
                    continue
                tally.known.add(key)
            tally.num_candidates += 1
            kept[position] = {**names, "draw": number}
        tally.num_failures += len(failures)
        described = draw.described(list(kept), processes)
        log_p = draw.log_p(list(kept)) if with_log_p else [None] * len(kept)
        tally.num_without_log_p += sum(value is not None and value != value for value in log_p)
        rows = [
            {**row(draw, position, names, value, temperature), **columns}
            for (position, names), value, columns in zip(
                kept.items(), log_p, described, strict=True
            )
        ]
        yield Batch(rows, failures)


def _goes_on(limits: Limits, tally: Tally) -> bool:
    if limits.num is not None and (
        tally.num_candidates >= limits.num or tally.num_drawn >= MAX_DRAWS * limits.num
    ):
        return False
    tally.out_of_time = limits.deadline is not None and time.monotonic() >= limits.deadline
    return not tally.out_of_time


def row(
    draw: Draw,
    position: int,
    names: dict[str, Any],
    log_p: float | None,
    temperature: float,
) -> dict[str, Any]:
    """Columns of one candidate but its descriptors; its reward is the one at beta = 1."""
    log_reward = float(draw.scores.log_reward[position])
    return {
        **names,
        "log_reward": log_reward,
        "reward": math.exp(log_reward),
        "beta": draw.beta,
        "temperature": temperature,
        **{name: float(values[position]) for name, values in draw.scores.components.items()},
        **({} if log_p is None else {"log_p": log_p}),
    }
