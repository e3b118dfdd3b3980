"""The card of a vocabulary that was made from a file of molecules."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import molgfn
from molgfn.chem.vocabulary_statistics import statistics

if TYPE_CHECKING:
    from molgfn.chem.harvest import Harvest
    from molgfn.chem.vocabulary import Vocabulary

SHOWN = 20  # unread rows, and
EXAMPLES = 3  # pieces of a kind that are named
ONE_TREE = "Each molecule of these fragments has one tree: proved for all of them, not sampled."
SEVERAL_TREES = "A molecule may be built by several trees: `target: molecules` counts it once."
SET_ASIDE = "molecules set aside (one may be in several rows)"


def sha256(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def card(
    vocabulary: "Vocabulary",
    found: "Harvest",
    covered: tuple[int, int, int],
    one_tree: bool,
    digest: str,
    command: str,
) -> str:
    """The card as Markdown.

    Args:
        covered: molecules that are built, undecided, and measured.
        one_tree: whether it is proved that no molecule has two trees.
        digest: of the file of molecules.
        command: that made the vocabulary.
    """
    numbers = statistics(vocabulary)
    built, undecided, measured = covered
    rules = "no bonding rules" if vocabulary.rules is None else f"{len(vocabulary.rules)} rules"
    return f"""\
# The vocabulary `{vocabulary.name}`

{len(vocabulary)} fragments with {numbers["num_sites"]} attachment sites and {rules}; \
digest {vocabulary.digest[:16]}. Made by molgfn {molgfn.__version__}:

```bash
{command}
```

## What it is made from

{vocabulary.source.partition(",")[0]}, SHA-256 {digest}; licence: {vocabulary.licence}.

| records | |
|---|---|
| in the file | {found.num_records} |
| that cannot be read | {len(found.unread)} |
| of several components, of which the largest counts | {found.num_salts} |
| repeated | {found.num_repeated} |
| different molecules, without stereo | {len(found.molecules)} |
| cut into wanted pieces throughout | {len(found.whole)} |
{_unread(found)}
## How

Cut: {found.cuts.words}.
{_limits(found)}
{ONE_TREE if one_tree else SEVERAL_TREES}

{_table(SET_ASIDE, "number", found.set_aside.most_common())}
{_pieces(found)}
## What it builds

| molecules | number | share |
|---|---|---|
| measured, evenly spaced among the {len(found.molecules)} | {measured} | |
| built exactly | {built} | {built / measured:.1%} |
| undecided within 0.1 s | {undecided} | {undecided / measured:.1%} |

`molgfn fragments coverage` names each molecule of a file that is not built, and what is missing.

## What it consists of

| | fragments |
|---|---|
| with one site | {numbers["num_single_site"]} |
| with sites that a symmetry relates | {numbers["num_symmetric"]} |
| with a net charge | {numbers["num_charged"]} |

{_histogram("heavy atoms", numbers["heavy_atoms"])}
{_histogram("rings", numbers["rings"])}
{_histogram("sites", numbers["sites"])}"""


def _unread(found: "Harvest") -> str:
    if not found.unread:
        return ""
    rows = [(f"row {row}", escaped(reason)) for row, reason in found.unread[:SHOWN]]
    more = len(found.unread) - len(rows)
    return "\n" + _table("cannot be read", "reason", [*rows, *([("more", more)] if more else [])])


def _limits(found: "Harvest") -> str:
    limits = found.limits
    rings = "any number of rings" if limits.max_rings is None else f"{limits.max_rings} rings"
    removed = [kind for kind in ("charged", "reactive") if kind not in limits.keep]
    if "elements" not in limits.keep:
        removed.append("of elements beyond C, N, O, S and the halogens")
    return (
        f"Pieces of {limits.min_atoms} to {limits.max_atoms} heavy atoms, up to {rings} of at most "
        f"{limits.max_ring_size} atoms. Removed are pieces that are: "
        f"{', '.join(removed) or 'of no kind'}; and always isotopes and radicals."
    )


def _pieces(found: "Harvest") -> str:
    rows = [
        (reason, len(counts), ", ".join(f"`{one}`" for one, _ in counts.most_common(EXAMPLES)))
        for reason, counts in sorted(
            found.unwanted.items(), key=lambda item: (-item[1].total(), item[0])
        )
    ]
    if not rows:
        return ""
    lines = [f"| {escaped(reason)} | {number} | {names} |" for reason, number, names in rows]
    return "\n".join(["| pieces removed | different | such as |", "|---|---|---|", *lines, ""])


def _histogram(name: str, counts: Mapping[str, int]) -> str:
    head = " | ".join([name, *counts])
    rule = "|".join(["---"] * (len(counts) + 1))
    values = " | ".join(["fragments", *map(str, counts.values())])
    return f"| {head} |\n|{rule}|\n| {values} |\n"


def _table(first: str, second: str, rows: list[tuple[str, object]] | list[tuple[str, int]]) -> str:
    if not rows:
        return ""
    lines = [f"| {name} | {value} |" for name, value in rows]
    return "\n".join([f"| {first} | {second} |", "|---|---|", *lines, ""])


def escaped(text: str) -> str:
    """Text of a file, as a cell of a Markdown table."""
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")
