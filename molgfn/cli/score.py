"""`molgfn score`: rewards, with all their components, of given molecules."""

import argparse
import itertools
import sys
from pathlib import Path
from typing import Any

from molgfn.cli.options import positive
from molgfn.cli.outputs import SUFFIXES, check_output, write_atomically, write_csv, write_rows

EXAMPLE = """\
example:
  molgfn score --config quickstart --input molecules.csv --output scored.csv
  molgfn score --config amp --input peptides.fasta

Input is .csv, .tsv, .tab, .txt, .smi, .smiles or .sdf, also as .gz, or .parquet, for sequences also
.fasta; of a table the column whose name says SMILES or sequence is read. Each record gives one row,
in the order of the input: row (its number, or line), id, what was scored, log_reward and reward (at
beta = 1), each component, and the reason where there is no reward. What a .smi, .sdf or .fasta file
cannot hold, because it could not be read, goes to OUTPUT.quarantine.csv. Options that are not of
this command, such as --model.reward my_reward.Mine, override keys of the config.
"""


def parser() -> argparse.ArgumentParser:
    """Options of the command; nothing heavy is imported for its help."""
    made = argparse.ArgumentParser(
        prog="molgfn score",
        description="Score given molecules or sequences with the reward of a config.",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    made.add_argument(
        "-c",
        "--config",
        action="append",
        default=[],
        metavar="CONFIG",
        help="whose reward it is; a second one overlays the first",
    )
    made.add_argument(
        "--checkpoint", type=Path, metavar="C", help="the reward of a run instead of a config's"
    )
    made.add_argument("--input", type=Path, required=True, metavar="F", help="what to score")
    made.add_argument("--column", metavar="NAME", help="of SMILES or sequences in a table")
    made.add_argument(
        "--output", type=Path, metavar="F", help=f"ends in {', '.join(SUFFIXES)}; absent: a table"
    )
    made.add_argument(
        "--batch-size", type=positive, default=256, help="molecules scored at once (default 256)"
    )
    made.add_argument(
        "--device", default="auto", help="such as cpu or cuda (default a GPU when there is one)"
    )
    made.add_argument("--overwrite", action="store_true", help="replace files that exist")
    return made


def main(args: list[str]) -> int:
    """Run `molgfn score`.

    Returns:
        0, or 1 when nothing in the input has a reward; the reasons are written.
    """
    options, overrides = parser().parse_known_args(args[1:])
    if (options.checkpoint is None) == (not options.config):
        raise ValueError("give either --config or --checkpoint: the reward is that of one of them")
    if options.checkpoint is not None and overrides:
        raise ValueError(f"unknown options {' '.join(overrides)}: a checkpoint has no overrides")
    if options.output is not None:
        check_output(options.output, SUFFIXES, options.overwrite)
        check_output(quarantine_of(options.output), [".csv"], options.overwrite)

    from molgfn.chem.records import read_records

    records = read_records(options.input, options.column)
    if (first := next(records, None)) is None:  # before anything slow
        raise ValueError(f"{options.input} holds no record")

    from molgfn.cli.scoring import Scorer, load_reward

    scorer = Scorer(load_reward(options, overrides))
    if options.output is not None:
        scorer.check_format(options.output)
    rows = scorer.rows(itertools.chain([first], records), options.batch_size)
    if options.output is None:
        print_table(rows.drop(columns="read"))
    else:
        write(options.output, rows, scorer.built)
    rewards = rows.reward.dropna()
    told = f"{len(rows)} {scorer.built} of {options.input}: {len(rewards)} with a reward"
    if len(rewards):
        told += f" (mean {rewards.mean():.4g}, best {rewards.max():.4g})"
    if missing := len(rows) - len(rewards):
        told += f", {missing} without; the first because {first_reason(rows)}"
    print(told, file=sys.stderr if options.output is None else sys.stdout)
    return 0 if len(rewards) else 1


def quarantine_of(output: Path) -> Path:
    """Where rows go that the output's format cannot hold."""
    return output.with_suffix(".quarantine.csv")


def first_reason(rows: Any) -> str:
    """Row and reason of the first record without a reward."""
    first = rows[rows.reward.isna()].iloc[0]
    return f"{first.reason} (row {first.row})"


def write(output: Path, rows: Any, built: str) -> None:
    """Write all rows: to tables as they are, else those that were not read to the quarantine."""
    quarantine = quarantine_of(output)
    quarantine.unlink(missing_ok=True)
    everything = rows.drop(columns="read")
    if output.suffix.lower() in (".csv", ".parquet"):
        write_rows(output, everything, built)
        return
    if not rows.read.all():
        write_atomically(quarantine, lambda part: write_csv(part, everything[~rows.read]))
    write_rows(output, everything[rows.read].to_dict("records"), built)


def print_table(rows: Any) -> None:
    """All rows, in the terminal."""
    import pandas as pd
    from rich import box
    from rich.console import Console
    from rich.table import Table

    console = Console()
    if not console.is_terminal:
        console = Console(width=1000)  # whoever reads a pipe does not want shortened columns
    table = Table(box=box.SIMPLE)
    for name in rows.columns:
        numeric = pd.api.types.is_float_dtype(rows[name])
        table.add_column(name, justify="right" if numeric else "left", overflow="fold")
    for values in rows.itertuples(index=False):
        table.add_row(*(shown(value) for value in values))
    console.print(table)


def shown(value: Any) -> str:
    """A value in a cell: numbers with four digits, nothing where there is none."""
    if isinstance(value, float):
        return "" if value != value else f"{value:.4g}"
    return str(value).replace("[", r"\[")  # which SMILES have, and rich reads as a style
