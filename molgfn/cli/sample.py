"""`molgfn sample`: from a checkpoint to a file of candidates."""

import argparse
import math
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from molgfn.cli.options import add_sampling_options, add_workers, positive
from molgfn.cli.outputs import SUFFIXES, WRITERS, check_output, write_atomically
from molgfn.cli.progress import progress_bar
from molgfn.cli.stream import Stream
from molgfn.cli.telling import tell

if TYPE_CHECKING:
    from molgfn.chem.processes import Processes
    from molgfn.cli.candidates import Limits, Tally
    from molgfn.module import GFlowNet

MAX_DRAWN = 50  # molecules of the picture
NUM = 1000  # candidates where neither a number nor a time is given

EXAMPLE = """\
example:
  molgfn sample --checkpoint runs/quickstart/checkpoints/last.ckpt --num 1000 --unique \\
      --output candidates.csv --picture candidates.png
  molgfn sample --checkpoint runs/quickstart/checkpoints/last.ckpt --unique \\
      --max-seconds 3600 --resume --output candidates.sdf

Each row has an id, SMILES, InChIKey, the number of the draw, reward (at beta = 1), its components,
log_p (exact, in nats, summed over all ways to build the molecule), the fragments in the order of
their addition, and descriptors; the highest reward comes first. Molecules without a reward go to
OUTPUT.quarantine.csv with the reason.

While it runs, candidates are appended to OUTPUT.part.csv, which a kill leaves valid; the same
command with --resume goes on from there, to the candidates of an uninterrupted run.

A checkpoint of sequences, such as peptides, gives rows of an id, the sequence, reward, components,
log_p and length, as .csv, .parquet or .fasta.
"""


def parser() -> argparse.ArgumentParser:
    """Options of the command; nothing heavy is imported for its help."""
    made = argparse.ArgumentParser(
        prog="molgfn sample",
        description="Draw candidates from a checkpoint.",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_sampling_options(made)
    made.add_argument(
        "--num",
        type=positive,
        help=f"candidates (default {NUM}; with --max-seconds as many as there are)",
    )
    made.add_argument(
        "--max-seconds",
        type=positive_number,
        metavar="S",
        help="end drawing after this time, counted from the start of the command",
    )
    made.add_argument(
        "--output",
        type=Path,
        required=True,
        metavar="F",
        help="ends in .csv, .smi, .sdf or .parquet; for sequences .csv, .fasta or .parquet",
    )
    made.add_argument(
        "--resume",
        action="store_true",
        help="go on from OUTPUT.part.csv, if there is one; --batch-size is that of then",
    )
    made.add_argument(
        "--unique",
        action=argparse.BooleanOptionalAction,
        default=False,
        help="keep the first of equal InChIKeys and draw on until there are NUM different ones",
    )
    made.add_argument(
        "--temperature",
        type=positive_number,
        default=1.0,
        metavar="T",
        help="the policy's logits are divided by it: below 1 greedier (default 1)",
    )
    made.add_argument(
        "--log-p",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="the exact log-probability of each candidate at that temperature (default yes)",
    )
    made.add_argument(
        "--conformers",
        action="store_true",
        help="3D coordinates by ETKDG in an .sdf file, instead of 2D ones",
    )
    add_workers(made)
    made.add_argument(
        "--picture",
        type=Path,
        metavar="PNG",
        help=f"also draw the {MAX_DRAWN} best into a grid",
    )
    return made


def positive_number(text: str) -> float:
    """A finite number above 0, for argparse."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0")
    return value


def main(args: list[str]) -> int:
    """Run `molgfn sample`.

    Returns:
        0, or 1 when there is nothing more to be found, but less than was asked for; those found
        are written.
    """
    started = time.monotonic()
    options = parser().parse_args(args[1:])
    stream = Stream(options.output)
    check_outputs(options, stream)

    from molgfn.chem.processes import Processes, usable_cores
    from molgfn.cli.candidates import BUILT_BY, Limits, Tally, built_by, load

    model = load(options.checkpoint, options.device, list(BUILT_BY))
    built = built_by(model)
    check_format(built, options.output, options.picture)
    num = options.num or (None if options.max_seconds else NUM)
    deadline = started + options.max_seconds if options.max_seconds else None
    tally = Tally()
    with Processes(options.workers or usable_cores()) as processes:
        draw(options, model, stream, Limits(num, deadline), tally, processes)

    if tally.num_failures:
        tell(f"{tally.num_failures} {built} have no reward: see {stream.quarantine}")
    if not tally.num_candidates:
        raise ValueError(
            f"none of {tally.num_drawn} {built} drawn has a reward; nothing is written"
        )
    begins, log_rewards = stream.best_first()
    failed = stream.write(begins, built, options.conformers)
    if failed:
        tell(f"{failed} of {len(begins)} {built} have no conformer, but 2D coordinates")
    if tally.num_without_log_p:
        tell(f"log_p of {tally.num_without_log_p} of {len(begins)} {built} is not known: NaN")
    if options.picture is not None:
        write_picture(options.picture, list(stream.rows_at(begins[:MAX_DRAWN])))
    mean = sum(map(math.exp, log_rewards)) / len(log_rewards)
    print(
        f"{len(begins)} {built} in {options.output}, from {tally.num_drawn} drawn; "
        f"reward: mean {mean:.4g}, best {math.exp(log_rewards[0]):.4g}"
    )
    if tally.out_of_time:
        tell(f"the time is over; --resume goes on from {stream.part}")
        return 0
    stream.remove_part()
    if num is not None and tally.num_candidates < num:
        print(
            f"molgfn: error: only {tally.num_candidates} of {num} {built} were found in "
            f"{tally.num_drawn} draws",
            file=sys.stderr,
        )
        return 1
    return 0


def check_outputs(options: argparse.Namespace, stream: Stream) -> None:
    """Refuse what cannot be written, or what would replace a file unasked.

    Raises:
        ValueError, OSError: see `molgfn.cli.outputs.check_output`; FileExistsError also for an
            interrupted run.
    """
    goes_on = options.resume and stream.exists()
    if stream.exists() and not (goes_on or options.overwrite):
        raise FileExistsError(
            f"{stream.part} is of an interrupted run: go on with --resume, or drop it with "
            "--overwrite"
        )
    replaces = options.overwrite or goes_on
    check_output(options.output, SUFFIXES, replaces)
    check_output(stream.quarantine, [".csv"], replaces or options.resume)
    if options.picture is not None:
        check_output(options.picture, [".png"], replaces)
    if options.conformers and options.output.suffix.lower() != ".sdf":
        raise ValueError(f"--conformers is for .sdf files, which {options.output} is not")


def draw(
    options: argparse.Namespace,
    model: "GFlowNet",
    stream: Stream,
    limits: "Limits",
    tally: "Tally",
    processes: "Processes",
) -> None:
    """Fill the stream, from its beginning or from where an interrupted run has left it."""
    from molgfn.cli.candidates import built_by, choose_beta, draw_candidates
    from molgfn.cli.draws import NAMED_BY, draws, key_of

    built = built_by(model)
    beta = choose_beta(model, options.beta)
    goes_on = options.resume and stream.exists()
    batch_size = min(options.batch_size, limits.num or options.batch_size)
    if goes_on:
        batch_size = stream.batch_size()
    settings = settings_of(options, beta, batch_size)
    if goes_on:
        for row in stream.resume(settings, NAMED_BY[built]):
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


def settings_of(options: argparse.Namespace, beta: float, batch_size: int) -> Mapping[str, Any]:
    """What decides the candidates; the checkpoint by its SHA-256."""
    from hashlib import sha256

    return {
        "checkpoint": sha256(options.checkpoint.read_bytes()).hexdigest(),
        "seed": options.seed,
        "beta": beta,
        "temperature": options.temperature,
        "unique": options.unique,
        "log_p": options.log_p,
        "batch_size": batch_size,
    }


def check_format(built: str, output: Path, picture: Path | None) -> None:
    """Refuse a format that cannot hold what the checkpoint builds.

    Raises:
        ValueError: for instance an SD file of sequences; the formats that can are named.
    """
    if output.suffix.lower() not in WRITERS[built]:
        raise ValueError(
            f"the checkpoint builds {built}, which {output} cannot hold; accepted are "
            f"{', '.join(WRITERS[built])}"
        )
    if picture is not None and built != "molecules":
        raise ValueError(f"the checkpoint builds {built}, of which there are no pictures")


def write_picture(path: Path, rows: list[dict[str, object]]) -> None:
    """Draw rows into a grid, each over its id and reward."""
    from molgfn.chem.picture import draw_grid

    legends = [f"{row['id']}  {row['reward']:.3g}" for row in rows]
    png = draw_grid([str(row["smiles"]) for row in rows], legends)
    write_atomically(path, lambda part: part.write_bytes(png))
