"""`molgfn report`: candidates as one HTML file."""

import argparse
import sys
from pathlib import Path

from molgfn.cli.outputs import check_output, write_atomically

EXAMPLE = """\
example:
  molgfn report --input candidates.csv --output report.html

The page needs no network. It shows every column of the input; beside the input it looks for
INPUT.funnel.json and INPUT.provenance.json, or funnel.json and provenance.json.
"""


def parser() -> argparse.ArgumentParser:
    """Options of the command; nothing heavy is imported for its help."""
    made = argparse.ArgumentParser(
        prog="molgfn report",
        description="Candidates as one HTML file: sort, filter, search, select, export.",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("--input", type=Path, required=True, metavar="F", help="candidates")
    made.add_argument("--output", type=Path, required=True, metavar="F", help="ends in .html")
    made.add_argument("--title", help="of the page (default the name of the input)")
    made.add_argument("--overwrite", action="store_true", help="replace a file that exists")
    return made


def main(args: list[str]) -> int:
    """Run `molgfn report`."""
    options = parser().parse_args(args[1:])
    check_output(options.output, [".html"], options.overwrite)

    from molgfn.report.page import beside, page, read_json
    from molgfn.report.table import read_table

    table = read_table(options.input)
    funnel = read_json(beside(options.input, "funnel.json"), list)
    provenance = read_json(beside(options.input, "provenance.json"), dict)
    text = page(table, options.title or options.input.name, funnel, provenance)
    write_atomically(options.output, lambda part: part.write_text(text, encoding="utf-8"))
    if table.unread:
        left_out = f"{len(table.unread)} rows are left out; {table.unread[0]}"
        print(f"molgfn: warning: {left_out}", file=sys.stderr)
    size = options.output.stat().st_size / 1e6
    print(f"{len(table.mols)} molecules in {options.output}, {size:.1f} MB")
    return 0
