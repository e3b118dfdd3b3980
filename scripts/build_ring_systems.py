#!/usr/bin/env python3
"""Makes data/ring_systems/collection.json, byte for byte, from molecules in RDKit; or your own.

Examples:
    python scripts/build_ring_systems.py
    python scripts/build_ring_systems.py --input ours.smi --licence internal --output ours.json
"""

import argparse
import itertools
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

from rdkit import Chem, RDConfig, rdBase

from molgfn.chem.molecule_file import molecules, named_molecules
from molgfn.chem.ring_systems import count_ring_systems, save_ring_table

FILES = ("Pains/test_data/wehi_mols.csv", "NCI/first_5K.smi")
_OUTPUT = Path(__file__).resolve().parents[1] / "data" / "ring_systems" / "collection.json"


def collection(folder: Path) -> Iterator[Chem.Mol]:
    """The distinct molecules of RDKit's files, without counterions and stereo marks.

    Raises:
        FileNotFoundError: this installation of RDKit comes without them.
    """
    known = set()
    paths = [folder / name for name in FILES]
    for mol in itertools.chain.from_iterable(molecules(named_molecules(p), p.name) for p in paths):
        smiles = Chem.MolToSmiles(mol, isomericSmiles=False)
        if smiles not in known:
            known.add(smiles)
            yield mol


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--input", type=Path, help="your molecules; default: those in RDKit")
    parser.add_argument("--licence", default="not stated", help="of your molecules")
    parser.add_argument("--output", type=Path, default=_OUTPUT, help="default: the shipped file")
    options = parser.parse_args(arguments)
    if options.input is not None and options.output == _OUTPUT:
        parser.error("--input needs an --output: the shipped table is of RDKit's molecules")
    try:
        if options.input is None:
            source = f"RDKit {rdBase.rdkitVersion}, Data/{' and Data/'.join(FILES)}"
            mols, licence = collection(Path(RDConfig.RDDataDir)), "BSD-3-Clause"
        else:
            source, licence = options.input.name, options.licence
            mols = molecules(named_molecules(options.input), str(options.input))
        with rdBase.BlockLogs(), warnings.catch_warnings(record=True) as unread:
            warnings.simplefilter("always")
            table = count_ring_systems(mols, source, licence)
        for warning in unread:
            print(f"build_ring_systems: {warning.message}", file=sys.stderr)
        save_ring_table(table, options.output)
    except (OSError, ValueError) as error:
        print(f"build_ring_systems: {error}", file=sys.stderr)
        return 1
    print(f"{options.output}: {len(table.counts)} ring systems of {table.num_molecules} molecules")
    return 0


if __name__ == "__main__":
    sys.exit(main())
