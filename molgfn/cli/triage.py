"""`molgfn triage`: from many candidates to those worth looking at, and why the others went."""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import molgfn
from molgfn.cli.identity import provenance_path, read_provenance, write_provenance
from molgfn.cli.options import add_workers
from molgfn.cli.outputs import (
    WRITERS,
    check_output,
    write_atomically,
    write_csv,
    write_rows,
)
from molgfn.cli.shipped import TRIAGE, find_config
from molgfn.cli.telling import tell

if TYPE_CHECKING:
    from molgfn.triage.config import TriageConfig
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
    add_workers(made)
    made.add_argument("--overwrite", action="store_true", help="replace files that exist")
    return made


def main(args: list[str]) -> int:
    """Run `molgfn triage`."""
    options, overrides = parser().parse_known_args(args[1:])
    check_triage_outputs(options.output, options.overwrite)

    from molgfn.chem.processes import Processes, usable_cores
    from molgfn.triage.files import read_candidates
    from molgfn.triage.triage import triage

    config = plan(options.config or TRIAGE, overrides)
    facts = read_provenance(options.input)
    rows = read_candidates(options.input)
    with Processes(options.workers or usable_cores()) as processes:
        found = triage(rows, config, tell, processes)
    write_triaged(options.output, found, config, facts)
    total = len(found.kept) + len(found.removed)
    print(f"{len(found.kept)} of {total} candidates in {options.output}")
    return 0


def plan(config: str, overrides: Sequence[str] = ()) -> "TriageConfig":
    """The steps that a config and options ask for; files that they need are there.

    Args:
        config: path, or name of a shipped one.
    Raises:
        ValueError, FileNotFoundError: it cannot be used as it is.
    """
    from molgfn.triage.config import read_config
    from molgfn.triage.triage import steps

    planned = read_config(Path(find_config(config, TRIAGE)), overrides)
    list(steps(planned))
    return planned


def triaged_path(output: Path) -> Path:
    """Where `molgfn sample --triage` puts what is left of `a.csv`: `a.triaged.csv`."""
    return output.with_suffix(f".triaged{output.suffix}")


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
    check_output(provenance_path(output), [".json"], overwrite)


def write_triaged(
    output: Path,
    found: "Triaged",
    config: "TriageConfig",
    facts: Mapping[str, Any],
    conformers: bool = False,
) -> None:
    """Write what was kept, what was removed and why, the funnel and the provenance; tell the notes.

    Args:
        config: what was asked for.
        facts: the provenance of the candidates, as far as it is known.
        conformers: of what was kept, in an SD file.
    Raises:
        ValueError: nothing is left, and which step removed the last; the other files are written.
        OSError: the folder has vanished.
    """
    from molgfn.triage.files import outputs_of

    for note in found.notes:
        tell(note)
    kept, removed, funnel = outputs_of(output)
    text = json.dumps(found.funnel, indent=2) + "\n"
    write_atomically(funnel, lambda part: part.write_text(text, encoding="utf-8"))
    by = {"version": molgfn.__version__, "command": sys.orig_argv}
    write_provenance(output, {**by, **facts, "triage": {**by, "settings": asdict(config)}})
    removed.unlink(missing_ok=True)
    if found.removed:
        write_atomically(removed, lambda part: write_csv(part, found.removed))
    if not found.kept:
        kept.unlink(missing_ok=True)
        raise ValueError(
            f"triage removed all {len(found.removed)} candidates, the last in step "
            f"{found.emptied_by!r}; see {removed}"
        )
    if conformers:
        from molgfn.chem.sdf import write_sdf

        write_atomically(kept, lambda part: write_sdf(part, found.kept, conformers))
    else:
        write_rows(kept, found.kept)
