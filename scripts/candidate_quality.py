"""Measure the best of a triaged file: validity, repeats, alerts, how drug-like, and how diverse.

Only order and reward are taken from the file: descriptors are computed from the SMILES.

Example:
    molgfn sample --checkpoint runs/quickstart/checkpoints/last.ckpt --num 10000 --unique \
        --triage triage --output candidates.csv
    python scripts/candidate_quality.py --input candidates.triaged.csv --top 1000
"""

import argparse
import json
import statistics
from itertools import islice
from pathlib import Path
from typing import Any

from rdkit import Chem
from rdkit.Chem import QED
from rdkit.Contrib.SA_Score import sascorer

import molgfn
from molgfn.chem.alerts import CATALOGUES, USUAL, alerts
from molgfn.chem.descriptors import inchikey
from molgfn.chem.records import molecule_of
from molgfn.chem.similarity import internal_diversity
from molgfn.triage.candidate import number
from molgfn.triage.files import read_candidates


def quality(path: Path, top: int, catalogues: tuple[str, ...] = USUAL) -> dict[str, Any]:
    """Figures of the first `top` rows of a file, shares among those that are there.

    Raises:
        ValueError: no row holds a molecule.
    """
    rows = list(islice(read_candidates(path), top))
    read = [molecule_of(str(row.get("smiles") or ""))[0] for row in rows]
    mols: list[Chem.Mol] = [mol for mol in read if mol is not None]
    if not mols:
        raise ValueError(f"none of the first {top} rows of {path} holds a molecule")
    rewards = [value for row in rows if (value := number(row, "reward")) is not None]
    return {
        "num": len(rows),
        "validity": len(mols) / len(rows),
        "uniqueness": len({inchikey(mol) or Chem.MolToSmiles(mol) for mol in mols}) / len(mols),
        "share_without_alerts": statistics.mean(not alerts(mol, catalogues) for mol in mols),
        "mean_sa": statistics.mean(map(sascorer.calculateScore, mols)),
        "mean_qed": statistics.mean(map(QED.qed, mols)),
        "diversity": internal_diversity(mols) if len(mols) > 1 else None,
        "mean_reward": statistics.mean(rewards) if rewards else None,
        "alerts": list(catalogues),
        "version": molgfn.__version__,
    }


def main(argv: list[str] | None = None) -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--input", type=Path, required=True, help="what a triage has kept")
    parser.add_argument("--top", type=int, default=1000, help="rows from the first (default 1000)")
    parser.add_argument("--alerts", nargs="+", choices=CATALOGUES, default=list(USUAL))
    options = parser.parse_args(argv)
    print(json.dumps(quality(options.input, options.top, tuple(options.alerts)), indent=2))


if __name__ == "__main__":
    main()
