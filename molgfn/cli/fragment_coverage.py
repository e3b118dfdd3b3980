"""`molgfn fragments coverage`: which molecules of a file a vocabulary builds; why not others."""

import argparse
import json
import time
from collections import Counter
from collections.abc import Iterable
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import molgfn
from molgfn.cli.fragment_records import work
from molgfn.cli.outputs import check_output, write_atomically, write_csv
from molgfn.cli.telling import tell

if TYPE_CHECKING:
    from molgfn.chem.covering import Cover, Covering
    from molgfn.chem.records import Record
    from molgfn.chem.vocabulary import Vocabulary

SHOWN = 10  # missing pieces in the terminal
KEPT = 100  # missing pieces in the summary


def main(options: argparse.Namespace) -> int:
    """From a vocabulary and a file of molecules to a table and a summary.

    Returns:
        0, or 1 if no record could be read; the table is written all the same.
    """
    summary_path = options.output.with_suffix(".summary.json")
    check_output(options.output, [".csv"], options.overwrite)
    check_output(summary_path, [".json"], options.overwrite)
    if not 0 < options.seconds < float("inf"):
        raise ValueError(f"--seconds {options.seconds:g}: accepted are numbers above 0")

    from molgfn.chem.io import load_vocabulary

    vocabulary = load_vocabulary(options.vocabulary)
    rows: list[dict[str, Any]] = []
    seconds: list[float] = []

    def take(row: dict[str, Any]) -> None:
        seconds.append(row.pop("seconds"))
        rows.append(row)

    work(
        options.input,
        options.column,
        partial(
            row_of,
            vocabulary=vocabulary,
            seconds=options.seconds,
            max_fragments=options.max_fragments,
        ),
        take,
        title="molecules",
        workers=options.workers,
    )
    summary = {
        **summary_of(rows),
        "vocabulary": vocabulary.name,
        "digest": vocabulary.digest,
        "input": str(options.input),
        "max_fragments": options.max_fragments,
        "seconds": options.seconds,
        "version": molgfn.__version__,
    }
    write_atomically(options.output, lambda part: write_csv(part, rows))
    text = json.dumps(summary, indent=2) + "\n"
    write_atomically(summary_path, lambda part: part.write_text(text, encoding="utf-8"))
    tell(time_of(seconds))
    print("\n".join(lines_of(summary, str(options.output))))
    return 0 if summary["num_read"] else 1


def row_of(
    record: "Record", vocabulary: "Vocabulary", seconds: float, max_fragments: int | None
) -> dict[str, Any]:
    """What is told of a record, and how many seconds of processor time it took."""
    from rdkit import Chem

    from molgfn.chem.assemble import describe
    from molgfn.chem.covering import Cover
    from molgfn.chem.harvest import parent_of
    from molgfn.chem.records import molecule_of

    mol, reason = record.mol, record.reason
    if mol is None and reason is None:
        mol, reason = molecule_of(record.text)
    cover, smiles = Cover(), ""
    search = covering(vocabulary, seconds)
    started = time.thread_time()
    if mol is None or mol.GetNumAtoms() == 0:
        built, reason = "no", f"not readable: {reason or 'it has no atoms'}"
    else:
        parent = parent_of(mol)
        smiles = Chem.MolToSmiles(parent)
        cover = search.cover(parent)
        built, reason = judged(cover, max_fragments)
    return {
        "row": record.row,
        "id": record.name,
        "smiles": smiles or record.text,
        "built": built,
        "reason": reason,
        "num_fragments": "" if cover.tree is None else len(cover.tree),
        "fragments": "" if cover.tree is None else describe(vocabulary, cover.tree),
        "missing": " ".join(cover.missing),
        "no_site": " ".join(cover.no_site),
        "no_rule": "; ".join(f"{first} to {second}" for first, second in cover.no_rule),
        "seconds": time.thread_time() - started,
    }


@cache
def covering(vocabulary: "Vocabulary", seconds: float) -> "Covering":
    """One search in each process, since it remembers the symmetries of fragments."""
    from molgfn.chem.covering import Covering

    return Covering(vocabulary, seconds=seconds)


def judged(cover: "Cover", max_fragments: int | None) -> tuple[str, str]:
    """Whether a molecule is built (yes, no, undecided), and the reason if not."""
    if cover.undecided is not None:
        return "undecided", cover.undecided
    if cover.tree is None:
        if cover.missing:
            return "no", "piece missing"
        if cover.no_site:
            return "no", "piece without the needed sites"
        return "no", "no rule for a bond"
    if max_fragments is not None and len(cover.tree) > max_fragments:
        return "no", "too many fragments"
    return "yes", ""


def summary_of(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Counts of rows, of reasons, and of missing pieces."""
    num_read = sum(not row["reason"].startswith("not readable") for row in rows)
    built = sum(row["built"] == "yes" for row in rows)
    lacking = [row for row in rows if row["missing"]]
    missing = Counter(one for row in lacking for one in set(row["missing"].split()))
    alone = Counter(
        row["missing"] for row in lacking if " " not in row["missing"] and not row["no_site"]
    )
    order = sorted(missing, key=lambda one: (-alone[one], -missing[one], one))
    return {
        "num_records": len(rows),
        "num_read": num_read,
        "num_built": built,
        "num_undecided": sum(row["built"] == "undecided" for row in rows),
        "share_built": built / num_read if num_read else 0.0,
        "num_fragments": histogram(row["num_fragments"] for row in rows if row["built"] == "yes"),
        "reasons": dict(
            Counter(row["reason"].partition(":")[0] for row in rows if row["reason"]).most_common()
        ),
        "missing": [
            {"smiles": one, "only_this": alone[one], "molecules": missing[one]}
            for one in order[:KEPT]
        ],
        "num_missing": len(missing),
    }


def histogram(values: Iterable[int]) -> dict[str, int]:
    """How often each number occurs, the smallest first."""
    counts = Counter(values)
    return {str(value): counts[value] for value in sorted(counts)}


def time_of(seconds: list[float]) -> str:
    """How long molecules took, for the terminal."""
    ordered = sorted(seconds)
    median, late, last = (ordered[int(share * (len(ordered) - 1))] for share in (0.5, 0.99, 1))
    return (
        f"a molecule took {1e3 * median:.1f} ms of processor time (median), 99 of 100 took at most "
        f"{1e3 * late:.1f} ms, the longest {1e3 * last:.1f} ms"
    )


def lines_of(summary: dict[str, Any], output: str) -> list[str]:
    """The summary for the terminal."""
    lines = [
        f"{summary['num_built']} of {summary['num_read']} molecules are built "
        f"({summary['share_built']:.1%}) by {summary['vocabulary']}; see {output}"
    ]
    lines += [f"{count:>8}  {reason}" for reason, count in summary["reasons"].items()]
    if summary["missing"]:
        lines.append("pieces missing: all that a molecule lacks, and in how many in all")
    for piece in summary["missing"][:SHOWN]:
        lines.append(f"{piece['only_this']:>8} {piece['molecules']:>8}  {piece['smiles']}")
    if (more := summary["num_missing"] - SHOWN) > 0:
        lines.append(f"          and {more} others")
    return lines
