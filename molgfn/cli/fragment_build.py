"""`molgfn fragments build`: from a file of molecules to a vocabulary and its card."""

import argparse
import shlex
import time
from functools import partial
from typing import TYPE_CHECKING

from molgfn.cli.fragment_records import STEP, work
from molgfn.cli.outputs import check_output, write_atomically
from molgfn.cli.progress import progress_bar
from molgfn.cli.telling import tell

if TYPE_CHECKING:
    from molgfn.chem.harvest import Harvest
    from molgfn.chem.vocabulary import Vocabulary

MEASURED = 2000  # molecules at most, evenly spaced, on which coverage is measured for the card


def main(options: argparse.Namespace) -> int:
    """From a file of molecules to a vocabulary and its card."""
    card_path = options.output.with_suffix(".md")
    check_output(options.output, [".yaml", ".yml"], options.overwrite)
    check_output(card_path, [".md"], options.overwrite)

    from molgfn.chem.build import vocabulary_of
    from molgfn.chem.io import save_vocabulary
    from molgfn.chem.one_tree import has_one_tree
    from molgfn.cli.fragment_card import card, sha256

    started = time.perf_counter()
    found = read(options)
    for line in told(found):
        tell(f"- {line}")
    if not found.molecules:
        row, reason = found.unread[0]
        raise ValueError(f"{options.input} has no molecule: row {row}: {reason}")
    if not found.whole and (options.by == "coverage" or not any(found.wanted)):
        raise ValueError(
            f"{options.input} gives no vocabulary: none of {len(found.molecules)} molecules is cut "
            f"into wanted pieces ({reasons(found)})"
        )
    digest = sha256(options.input)
    tell(f"choosing fragments among {num_pieces(found)} pieces")
    vocabulary = vocabulary_of(
        found,
        options.size,
        by=options.by,
        irreducible=options.irreducible,
        name=options.name or options.output.stem,
        version="1",
        source=f"{options.input.name}, SHA-256 {digest[:16]}",
        licence=options.licence,
    )
    one_tree = False
    if vocabulary.rules is not None or options.irreducible:
        tell("proving that each molecule has one tree")
        one_tree = has_one_tree(vocabulary)
    covered = measure(vocabulary, list(found.molecules))
    text = card(vocabulary, found, covered, one_tree, digest, command(options))
    save_vocabulary(vocabulary, options.output)
    write_atomically(card_path, lambda part: part.write_text(text, encoding="utf-8"))
    built, undecided, measured = covered
    print(
        f"{options.output}: {len(vocabulary)} fragments; it builds {built} of {measured} molecules "
        f"({built / measured:.1%}{f', {undecided} undecided' if undecided else ''}); "
        f"{'one tree' if one_tree else 'perhaps several trees'} a molecule; "
        f"read {card_path}. {time.perf_counter() - started:.0f} s"
    )
    return 0


def read(options: argparse.Namespace) -> "Harvest":
    """The pieces of all records.

    Raises:
        ValueError: there is no record, or limits that no piece satisfies.
    """
    from molgfn.chem.cuts import CUTS
    from molgfn.chem.harvest import Harvest, cut_record
    from molgfn.chem.unwanted import Limits

    limits = Limits(
        options.min_atoms,
        options.max_atoms,
        options.max_rings,
        options.max_ring_size,
        frozenset(options.keep),
    )
    cuts = CUTS[options.cuts]
    found = Harvest(cuts, limits)
    work(
        options.input,
        options.column,
        partial(cut_record, bonds=cuts.bonds),
        found.add_record,
        title="molecules cut",
        workers=options.workers,
    )
    return found


def told(found: "Harvest") -> list[str]:
    """What became of the records, a line each."""
    lines = [
        f"{found.num_records} records: {len(found.molecules)} different molecules, "
        f"{found.num_repeated} repeated, {len(found.unread)} that cannot be read",
        f"{len(found.whole)} molecules are cut into wanted pieces throughout",
    ]
    if found.unread:
        row, reason = found.unread[0]
        lines.insert(1, f"the first that cannot be read is row {row}: {reason}")
    if found.num_salts:
        lines.append(f"{found.num_salts} have several components, of which the largest counts")
    lines += [f"{count}: {reason}" for reason, count in found.set_aside.most_common(8)]
    if len(found.set_aside) > 8:
        lines.append(f"and {len(found.set_aside) - 8} further reasons, see the card")
    return lines


def num_pieces(found: "Harvest") -> int:
    """How many different wanted pieces there are."""
    return len({piece.smiles for recipe in found.whole + found.wanted for piece in recipe})


def reasons(found: "Harvest") -> str:
    """Why molecules were set aside, the commonest first."""
    return "; ".join(f"{count}: {reason}" for reason, count in found.set_aside.most_common(3))


def measure(vocabulary: "Vocabulary", molecules: list[str]) -> tuple[int, int, int]:
    """How many of at most `MEASURED` molecules are built, undecided, and measured."""
    from rdkit import Chem

    from molgfn.chem.covering import Covering

    number = min(MEASURED, len(molecules))
    measured = [molecules[place * len(molecules) // number] for place in range(number)]
    covering = Covering(vocabulary)
    built = undecided = 0
    with progress_bar(number, "coverage measured") as progress:
        for done, smiles in enumerate(measured, start=1):
            cover = covering.cover(Chem.MolFromSmiles(smiles))
            built += cover.is_built
            undecided += cover.undecided is not None
            if done % STEP == 0 or done == number:
                progress(done)
    return built, undecided, number


def command(options: argparse.Namespace) -> str:
    """The command line that was given, without the folders of its files."""
    from molgfn.cli.fragments import parser

    given = ["--input", options.input.name, "--output", options.output.name]
    plain = parser().parse_args(["build", *given])
    parts = ["molgfn", "fragments", "build", *given]
    for name, value in vars(options).items():
        if name in ("verb", "input", "output", "overwrite", "workers") or value == getattr(
            plain, name
        ):
            continue
        parts.append(f"--{name.replace('_', '-')}")
        if value is not True:
            parts += [str(one) for one in (value if isinstance(value, list) else [value])]
    return shlex.join(parts)
