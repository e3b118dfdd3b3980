"""`molgfn fragments`: vocabularies from the user's molecules, what they build, how they look."""

import argparse
import importlib
from pathlib import Path
from typing import Any

from molgfn.cli.options import positive

BUILD_EXAMPLE = """\
example:
  molgfn fragments build --input molecules.csv --output my.yaml

Then in a config: `model.environment.init_args.vocabulary: my.yaml`. The input is SMILES (.smi), CSV
or TSV (any separator), SDF or parquet. my.md, the card beside the vocabulary, says what it was made
from and how, what became of every molecule, and how many it builds.
"""
COVERAGE_EXAMPLE = """\
example:
  molgfn fragments coverage --vocabulary my.yaml --input molecules.csv --output coverage.csv

A row for each record of the input, in its order: whether the vocabulary builds the molecule (yes,
no or undecided), with how few fragments and which, or the reason why not and the missing pieces.
What is said not to be built cannot be built; what took too long is undecided. The commonest missing
pieces are shown, and go to coverage.summary.json with all counts.
"""
SHOW_EXAMPLE = """\
example:
  molgfn fragments show --vocabulary druglike --output druglike.png

Also takes the path of a YAML file, "published", and "audit/symmetric" or others like it.
"""
_MODULES = {
    "build": "molgfn.cli.fragment_build",
    "coverage": "molgfn.cli.fragment_coverage",
    "show": "molgfn.cli.fragment_show",
}


def parser() -> argparse.ArgumentParser:
    """Options of the command; nothing heavy is imported for its help."""
    made = argparse.ArgumentParser(
        prog="molgfn fragments",
        description="Vocabularies of fragments: made, measured, shown.",
        epilog=BUILD_EXAMPLE.split("\n\n")[0]
        + "".join(
            "\n" + text.split("\n\n")[0].partition("\n")[2]
            for text in (COVERAGE_EXAMPLE, SHOW_EXAMPLE)
        ),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verbs = made.add_subparsers(dest="verb", required=True, metavar="VERB")
    _add_build(verbs)
    _add_coverage(verbs)
    _add_show(verbs)
    return made


def main(args: list[str]) -> int:
    """Run `molgfn fragments`."""
    options = parser().parse_args(args[1:])
    code: int = importlib.import_module(_MODULES[options.verb]).main(options)
    return code


def _verb(verbs: Any, name: str, summary: str, example: str) -> argparse.ArgumentParser:
    added: argparse.ArgumentParser = verbs.add_parser(
        name,
        help=summary[0].lower() + summary[1:].rstrip("."),
        description=summary,
        epilog=example,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    added.add_argument("--overwrite", action="store_true", help="replace files that exist")
    return added


def _add_input(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--input", type=Path, required=True, metavar="F", help="molecules")
    verb.add_argument("--column", help="that of the SMILES in a table (default: by its name)")
    verb.add_argument(
        "--workers",
        type=positive,
        metavar="N",
        help="processes; the result does not depend on it (default one for each core)",
    )


def _add_build(verbs: Any) -> None:
    build = _verb(verbs, "build", "Make a vocabulary from a file of molecules.", BUILD_EXAMPLE)
    _add_input(build)
    build.add_argument("--output", type=Path, required=True, metavar="F", help="ends in .yaml")
    build.add_argument("--size", type=positive, default=250, help="fragments at most (default 250)")
    build.add_argument(
        "--cuts",
        choices=("brics", "single"),
        default="brics",
        help="brics (default): at typed ends, with bonding rules; single: at acyclic single bonds, "
        "every site may then bond to every other",
    )
    build.add_argument(
        "--by",
        choices=("coverage", "frequency"),
        default="coverage",
        help="coverage (default): the pieces that together rebuild the most molecules; frequency: "
        "the pieces in the most molecules",
    )
    build.add_argument(
        "--irreducible",
        action="store_true",
        help="leave out fragments with which a molecule had two trees (with --cuts brics none)",
    )
    build.add_argument(
        "--min-atoms", type=positive, default=1, metavar="N", help="heavy atoms (default 1)"
    )
    build.add_argument(
        "--max-atoms", type=positive, default=18, metavar="N", help="heavy atoms (default 18)"
    )
    build.add_argument(
        "--max-rings", type=int, metavar="N", help="rings of a fragment (default: no limit)"
    )
    build.add_argument(
        "--max-ring-size", type=positive, default=7, metavar="N", help="atoms (default 7)"
    )
    build.add_argument(
        "--keep",
        nargs="+",
        default=[],
        choices=("charged", "reactive", "elements"),
        metavar="KIND",
        help="pieces that are otherwise removed: charged; reactive or unstable; of elements beyond "
        "C, N, O, S and the halogens",
    )
    build.add_argument("--name", help="of the vocabulary (default: that of the output)")
    build.add_argument("--licence", default="not stated", help="of the molecules, for the file")


def _add_coverage(verbs: Any) -> None:
    coverage = _verb(
        verbs, "coverage", "Which molecules a vocabulary builds, and why not.", COVERAGE_EXAMPLE
    )
    coverage.add_argument("--vocabulary", required=True, metavar="V", help="a name or a YAML file")
    _add_input(coverage)
    coverage.add_argument("--output", type=Path, required=True, metavar="F", help="ends in .csv")
    coverage.add_argument(
        "--max-fragments", type=positive, metavar="N", help="of a molecule (default: no limit)"
    )
    coverage.add_argument(
        "--seconds",
        type=float,
        default=0.1,
        metavar="S",
        help="of processor time for one molecule (default 0.1)",
    )


def _add_show(verbs: Any) -> None:
    show = _verb(verbs, "show", "A picture of a vocabulary, and its statistics.", SHOW_EXAMPLE)
    show.add_argument("--vocabulary", required=True, metavar="V", help="a name or a YAML file")
    show.add_argument(
        "--output",
        type=Path,
        nargs="+",
        default=[],
        metavar="F",
        help=".png or .svg: the picture; .json: the statistics",
    )
    show.add_argument(
        "--num", type=positive, metavar="N", help="draw the first N only (default: all, up to 600)"
    )
