"""`molgfn fragments show`: the picture of a vocabulary and its statistics."""

import argparse
import json
from functools import partial
from pathlib import Path
from typing import Any

from molgfn.cli.outputs import check_output, write_atomically
from molgfn.cli.telling import tell


def main(options: argparse.Namespace) -> int:
    """Print statistics; write pictures and JSON if asked."""
    for output in options.output:
        check_output(output, [".png", ".svg", ".json"], options.overwrite)

    from molgfn.chem.io import load_vocabulary
    from molgfn.chem.vocabulary_picture import MAX_CELLS, draw_vocabulary
    from molgfn.chem.vocabulary_statistics import statistics

    vocabulary = load_vocabulary(options.vocabulary)
    numbers = range(min(options.num or MAX_CELLS, len(vocabulary)))
    found = statistics(vocabulary)
    for output in options.output:
        suffix = output.suffix.lower()
        if suffix == ".json":
            content = (json.dumps(found, indent=2) + "\n").encode()
        else:
            content = draw_vocabulary(vocabulary, numbers, svg=suffix == ".svg")
            if len(numbers) < len(vocabulary):
                tell(f"{output} shows the first {len(numbers)} of {len(vocabulary)} fragments")
        write_atomically(output, partial(Path.write_bytes, data=content))
    print("\n".join(lines_of(found)))
    return 0


def lines_of(found: dict[str, Any]) -> list[str]:
    """The statistics for the terminal."""
    rules = "every site may bond to every other"
    if found["num_rules"] is not None:
        rules = f"{found['num_rules']} rules between {len(found['types'])} site types"
    lines = [
        f"{found['name']} (version {found['version']}): {found['num_fragments']} fragments, "
        f"{found['num_sites']} sites; {rules}",
        f"made from {found['source']}; licence {found['licence']}; digest {found['digest'][:16]}",
        f"{found['num_single_site']} fragments have one site, {found['num_symmetric']} have sites "
        f"that a symmetry relates ({found['num_kinds']} different sites in all), "
        f"{found['num_charged']} a net charge",
    ]
    for key in ("heavy_atoms", "rings", "sites"):
        counts = ", ".join(f"{value}: {number}" for value, number in found[key].items())
        lines.append(f"{key.replace('_', ' ')} -> fragments: {counts}")
    if found["types"]:
        types = ", ".join(f"{one} {number}" for one, number in found["types"].items())
        lines.append(f"sites of each type: {types}")
    return lines
