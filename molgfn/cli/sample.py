"""`molgfn sample`: from a checkpoint to a file of candidates."""

import argparse
import math
import sys
import time
from pathlib import Path

from molgfn.cli.identity import provenance_path
from molgfn.cli.options import add_sampling_options, add_workers, positive
from molgfn.cli.outputs import SUFFIXES, WRITERS, check_output
from molgfn.cli.stream import Stream
from molgfn.cli.telling import tell
from molgfn.cli.triage import check_triage_outputs, plan, triaged_path

NUM = 1000  # candidates where neither a number nor a time is given

EXAMPLE = """\
example:
  molgfn sample --checkpoint runs/quickstart/checkpoints/last.ckpt --num 1000 --unique \\
      --output candidates.csv --picture candidates.png
  molgfn sample --checkpoint runs/quickstart/checkpoints/last.ckpt --unique \\
      --max-seconds 3600 --resume --output candidates.sdf
  molgfn sample --checkpoint runs/quickstart/checkpoints/last.ckpt --num 10000 --unique \\
      --triage triage --output candidates.csv
  molgfn report --input candidates.triaged.csv --output report.html

Each row has an id, SMILES, InChIKey, the number of the draw, reward (at beta = 1), its components,
log_p (exact, in nats, summed over all ways to build the molecule), the fragments in the order of
their addition, and descriptors; the highest reward comes first. Molecules without a reward go to
OUTPUT.quarantine.csv with the reason.

While it runs, candidates are appended to OUTPUT.part.csv, which a kill leaves valid; the same
command with --resume goes on from there, to the candidates of an uninterrupted run.

With --triage those worth looking at go to OUTPUT.triaged.csv, the others with the reason to
OUTPUT.triaged.removed.csv, and how many each step removed to OUTPUT.triaged.funnel.json.

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
        "--core",
        action="append",
        metavar="SMILES",
        help="only molecules on this core, as the checkpoint's config writes it; may be repeated "
        "(default all cores of the checkpoint)",
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
    made.add_argument(
        "--triage",
        metavar="CONFIG",
        help="also filter, cluster and choose, into OUTPUT.triaged.csv (or .sdf, ...): `triage`, "
        "which is shipped, or a YAML file; see `molgfn triage --help`",
    )
    add_workers(made)
    made.add_argument(
        "--picture",
        type=Path,
        metavar="PNG",
        help="also draw the 50 best into a grid",
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
    planned = None if options.triage is None else plan(options.triage)

    from molgfn.chem.processes import Processes, usable_cores
    from molgfn.cli.candidates import BUILT_BY, Limits, Tally, built_by, load
    from molgfn.cli.sampling import draw, triage_drawn, write_drawn

    model = load(options.checkpoint, options.device, list(BUILT_BY))
    built = built_by(model)
    check_format(built, options)
    if options.core:
        start_from(model.environment, options.core)
    num = options.num or (None if options.max_seconds else NUM)
    deadline = started + options.max_seconds if options.max_seconds else None
    tally = Tally()
    with Processes(options.workers or usable_cores()) as processes:
        settings = draw(options, model, stream, Limits(num, deadline), tally, processes)
        begins, facts = write_drawn(options, stream, built, settings, tally)
        if planned is not None:
            try:
                triage_drawn(options, stream.rows_at(begins), planned, facts, processes)
            except ValueError:  # the candidates are written: another triage may follow
                if not tally.out_of_time:
                    stream.remove_part()
                raise
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
    check_output(provenance_path(options.output), [".json"], replaces)
    if options.picture is not None:
        check_output(options.picture, [".png"], replaces)
    if options.triage is not None:
        check_triage_outputs(triaged_path(options.output), replaces)
    if options.conformers and options.output.suffix.lower() != ".sdf":
        raise ValueError(f"--conformers is for .sdf files, which {options.output} is not")


def start_from(environment: object, cores: list[str]) -> None:
    """Draw molecules on these cores alone.

    Raises:
        ValueError: the environment has no such core.
    """
    from molgfn.envs.fragments import FragmentEnvironment

    if not isinstance(environment, FragmentEnvironment):
        raise ValueError(f"--core {cores[0]}: the checkpoint builds no molecules")
    environment.start_from(cores)


def check_format(built: str, options: argparse.Namespace) -> None:
    """Refuse options for what the checkpoint does not build.

    Raises:
        ValueError: for instance an SD file of sequences; the formats that can are named.
    """
    output: Path = options.output
    if output.suffix.lower() not in WRITERS[built]:
        raise ValueError(
            f"the checkpoint builds {built}, which {output} cannot hold; accepted are "
            f"{', '.join(WRITERS[built])}"
        )
    if built != "molecules":
        for name, what in (("picture", "are no pictures"), ("triage", "is no triage")):
            if getattr(options, name) is not None:
                raise ValueError(f"the checkpoint builds {built}, of which there {what}")
