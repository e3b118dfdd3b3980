"""`molgfn triage`: from many candidates to those worth looking at, and why the others went."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from molgfn.cli.outputs import (
    WRITERS,
    check_output,
    write_atomically,
    write_csv,
    write_rows,
)
from molgfn.cli.shipped import find_config
from molgfn.cli.telling import tell

if TYPE_CHECKING:
    from molgfn.triage.triage import Triaged

SUFFIXES = list(WRITERS["molecules"])

EXAMPLE = """\
example:
  molgfn triage --input candidates.csv --output triaged.csv
  molgfn triage --input candidates.csv --output triaged.csv --reference known.smi --diverse 100

Input is .csv, .tsv, .smi, .sdf or .parquet, with a column smiles; its other columns are kept, and
descriptors that it lacks are computed. The steps are those of the config, in this order:
duplicates, reward, properties, alerts, ring systems, reference, clusters, the best of each, a
diverse subset. Removed candidates go to OUTPUT.removed.csv with the step and the reason, and
OUTPUT.funnel.json says how many each step removed. Options that are not of this command, such as
--min_reward 0.5 or --best_of_cluster 3, override keys of the config; see docs/candidates.md.
"""


def parser() -> argparse.ArgumentParser:
    """Options of the command; nothing heavy is imported for its help."""
    made = argparse.ArgumentParser(
        prog="molgfn triage",
        description="Filter, cluster and choose candidates.",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    made.add_argument("--input", type=Path, required=True, metavar="F", help="candidates")
    made.add_argument(
        "--output", type=Path, required=True, metavar="F", help=f"ends in {', '.join(SUFFIXES)}"
    )
    made.add_argument(
        "-c", "--config", metavar="CONFIG", help="the steps (default the shipped `triage`)"
    )
    made.add_argument("--overwrite", action="store_true", help="replace files that exist")
    return made


def main(args: list[str]) -> int:
    """Run `molgfn triage`."""
    options, overrides = parser().parse_known_args(args[1:])
    check_triage_outputs(options.output, options.overwrite)

    from molgfn.triage.config import read_config
    from molgfn.triage.files import read_candidates
    from molgfn.triage.triage import triage

    config = read_config(Path(options.config or find_config("triage")), overrides)
    found = triage(read_candidates(options.input), config, tell)
    write_triaged(options.output, found)
    total = len(found.kept) + len(found.removed)
    print(f"{len(found.kept)} of {total} candidates in {options.output}")
    return 0


def check_triage_outputs(output: Path, overwrite: bool) -> None:
    """Refuse files of a triage that could not be written, or that would be replaced unasked.

    Raises:
        ValueError, OSError: see `molgfn.cli.outputs.check_output`.
    """
    from molgfn.triage.files import outputs_of

    kept, removed, funnel = outputs_of(output)
    check_output(kept, SUFFIXES, overwrite)
    check_output(removed, [".csv"], overwrite)
    check_output(funnel, [".json"], overwrite)


def write_triaged(output: Path, found: "Triaged") -> None:
    """Write what was kept, what was removed and why, and the funnel; tell the notes.

    Raises:
        ValueError: nothing is left, and which step removed the last; the other two files are
            written.
        OSError: the folder has vanished.
    """
    from molgfn.triage.files import outputs_of

    for note in found.notes:
        tell(note)
    kept, removed, funnel = outputs_of(output)
    text = json.dumps(found.funnel, indent=2) + "\n"
    write_atomically(funnel, lambda part: part.write_text(text, encoding="utf-8"))
    removed.unlink(missing_ok=True)
    if found.removed:
        write_atomically(removed, lambda part: write_csv(part, found.removed))
    if not found.kept:
        kept.unlink(missing_ok=True)
        raise ValueError(
            f"triage removed all {len(found.removed)} candidates, the last in step "
            f"{found.emptied_by!r}; see {removed}"
        )
    write_rows(kept, found.kept)
