"""What `molgfn sample` does: draw into a stream, write it sorted, triage it."""

import argparse
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from molgfn.callbacks.provenance import provenance
from molgfn.chem.picture import draw_grid
from molgfn.chem.processes import Processes
from molgfn.cli.candidates import Limits, Tally, built_by, choose_beta, draw_candidates
from molgfn.cli.draws import NAMED_BY, draws, key_of
from molgfn.cli.identity import checkpoint_identity, digest, run_of, write_provenance
from molgfn.cli.outputs import write_atomically
from molgfn.cli.progress import progress_bar
from molgfn.cli.stream import Stream
from molgfn.cli.telling import tell
from molgfn.cli.triage import triaged_path, write_triaged
from molgfn.module import GFlowNet
from molgfn.triage.config import TriageConfig
from molgfn.triage.triage import triage

MAX_DRAWN = 50  # molecules of the picture


def draw(
    options: argparse.Namespace,
    model: GFlowNet,
    stream: Stream,
    limits: Limits,
    tally: Tally,
    processes: Processes,
) -> Mapping[str, Any]:
    """Fill the stream, from its beginning or from where an interrupted run has left it.

    Returns:
        What decides the candidates.
    Raises:
        ValueError: nothing that was drawn has a reward.
    """
    built = built_by(model)
    beta = choose_beta(model, options.beta)
    goes_on = options.resume and stream.exists()
    batch_size = min(options.batch_size, limits.num or options.batch_size)
    if goes_on:
        batch_size = stream.batch_size()
    settings = settings_of(options, beta, batch_size)
    if goes_on:
        for row in stream.resume(settings, NAMED_BY[built], limits.num):
            tally.num_candidates += 1
            tally.num_without_log_p += math.isnan(row.get("log_p", 0.0))
            if options.unique:
                tally.known.add(key_of(row))
        tally.num_drawn, tally.num_failures = stream.num_drawn, stream.num_failures
    else:
        stream.begin()
    first = tally.num_drawn // batch_size
    batches = draws(model, batch_size, beta, options.seed, options.temperature, first)
    found = draw_candidates(
        batches, limits, tally, options.unique, options.log_p, options.temperature, processes
    )
    with progress_bar(limits.num, built) as progress:
        progress(tally.num_candidates)
        try:
            for batch in found:
                stream.append(batch, settings)
                progress(tally.num_candidates)
        except KeyboardInterrupt:
            tell(f"those found so far are in {stream.part}; --resume goes on")
            raise
    if tally.num_failures:
        tell(f"{tally.num_failures} {built} have no reward: see {stream.quarantine}")
    if not tally.num_candidates:
        raise ValueError(
            f"none of {tally.num_drawn} {built} drawn has a reward; nothing is written"
        )
    return settings


def settings_of(options: argparse.Namespace, beta: float, batch_size: int) -> Mapping[str, Any]:
    """What decides the candidates; the checkpoint by its SHA-256."""
    return {
        "checkpoint": digest(options.checkpoint),
        "seed": options.seed,
        "beta": beta,
        "temperature": options.temperature,
        "cores": options.core,
        "unique": options.unique,
        "log_p": options.log_p,
        "batch_size": batch_size,
    }


def write_drawn(
    options: argparse.Namespace,
    stream: Stream,
    built: str,
    settings: Mapping[str, Any],
    tally: Tally,
) -> tuple[Sequence[int], dict[str, Any]]:
    """Write the candidates, the best first, their provenance and their picture, and sum them up.

    Returns:
        Where they begin in the stream, and the provenance.
    """
    begins, log_rewards = stream.best_first()
    failed = stream.write(begins, built, options.conformers)
    if failed:
        tell(f"{failed} of {len(begins)} {built} have no conformer, but 2D coordinates")
    if tally.num_without_log_p:
        tell(f"log_p of {tally.num_without_log_p} of {len(begins)} {built} is not known: NaN")
    facts = {
        **provenance(),
        **run_of(options.checkpoint),
        **settings,
        "checkpoint": checkpoint_identity(options.checkpoint),
        "num_candidates": tally.num_candidates,
        "num_drawn": tally.num_drawn,
        "num_failures": tally.num_failures,
    }
    write_provenance(options.output, facts)
    if options.picture is not None:
        write_picture(options.picture, list(stream.rows_at(begins[:MAX_DRAWN])))
    mean = sum(map(math.exp, log_rewards)) / len(log_rewards)
    print(
        f"{len(begins)} {built} in {options.output}, from {tally.num_drawn} drawn; "
        f"reward: mean {mean:.4g}, best {math.exp(log_rewards[0]):.4g}",
        flush=True,
    )
    return begins, facts


def write_picture(path: Path, rows: list[dict[str, object]]) -> None:
    """Draw rows into a grid, each over its id and reward."""
    legends = [f"{row['id']}  {row['reward']:.3g}" for row in rows]
    png = draw_grid([str(row["smiles"]) for row in rows], legends)
    write_atomically(path, lambda part: part.write_bytes(png))


def triage_drawn(
    options: argparse.Namespace,
    rows: Iterable[dict[str, Any]],
    config: TriageConfig,
    facts: Mapping[str, Any],
    processes: Processes,
) -> None:
    """Triage candidates into files beside the output, and sum it up.

    Raises:
        ValueError: nothing is left, or the config asks for what candidates do not have.
    """
    output = triaged_path(options.output)
    found = triage(rows, config, tell, processes)
    write_triaged(output, found, config, facts, options.conformers)
    total = len(found.kept) + len(found.removed)
    print(f"{len(found.kept)} of {total} candidates in {output}")
