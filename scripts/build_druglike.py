#!/usr/bin/env python3
"""Makes data/fragments/druglike.yaml, byte for byte, from the screening molecules in RDKit.

Examples:
    python scripts/build_druglike.py
    python scripts/build_druglike.py --output /tmp/druglike.yaml
"""

import argparse
import csv
import sys
from pathlib import Path

from rdkit import Chem, RDConfig, rdBase

from molgfn.chem.build import build_vocabulary, parent_molecule
from molgfn.chem.io import save_vocabulary

MOLECULES = Path(RDConfig.RDDataDir) / "Pains" / "test_data" / "wehi_mols.csv"
_OUTPUT = Path(__file__).resolve().parents[1] / "data" / "fragments" / "druglike.yaml"


def screening_molecules(path: Path = MOLECULES) -> list[Chem.Mol]:
    """The molecules of the file, each without its counterions and stereo marks.

    Raises:
        FileNotFoundError: this installation of RDKit comes without the file.
    """
    with rdBase.BlockLogs(), path.open(newline="", encoding="utf-8") as file:
        found = [parent_molecule(row[0]) for row in csv.reader(file) if row]
    return [molecule for molecule in found if molecule is not None]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--output", type=Path, default=_OUTPUT, help="default: the shipped file")
    output: Path = parser.parse_args(arguments).output
    try:
        vocabulary = build_vocabulary(
            screening_molecules(),
            size=250,
            name="druglike",
            version="1",
            source=f"RDKit {rdBase.rdkitVersion}, Data/Pains/test_data/wehi_mols.csv",
            licence="BSD-3-Clause",
        )
        save_vocabulary(vocabulary, output)
    except OSError as error:
        print(f"build_druglike: {error}", file=sys.stderr)
        return 1
    print(f"{output}: {len(vocabulary)} fragments, digest {vocabulary.digest[:12]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
