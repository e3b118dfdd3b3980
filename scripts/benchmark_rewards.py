#!/usr/bin/env python3
"""How many molecules a second each reward scores, one after the other on one core; one JSON line.

    python scripts/benchmark_rewards.py [--molecules 500] [--references 1000]

Molecules are random trees of 2 to 5 fragments of `druglike`, as the shipped configs build them. CPU
time is counted, not wall-clock time, so that other work on the machine matters little; the best of
three runs is given, each with molecules that RDKit has not seen before.
"""

import argparse
import json
import random
import tempfile
import time
from pathlib import Path

import rdkit
import torch
from machine import machine
from rdkit import Chem

from molgfn.chem.assemble import assemble
from molgfn.chem.io import load_vocabulary
from molgfn.chem.random_trees import RandomTrees
from molgfn.rewards import properties
from molgfn.rewards.alerts import Alerts
from molgfn.rewards.base import Reward
from molgfn.rewards.novelty import Novelty
from molgfn.rewards.ring_systems import RingRarity
from molgfn.rewards.seh import SEHStudent
from molgfn.rewards.similarity import Similarity
from molgfn.rewards.substructure import UnwantedSubstructure

RUNS = 3
PROPERTIES = ("QED", "SA", "LogP", "TPSA", "MolecularWeight", "HBD", "HBA", "RotatableBonds")


def random_smiles(count: int, seed: int) -> list[str]:
    """Molecules of the size that the shipped configs build."""
    vocabulary = load_vocabulary("druglike")
    rng = random.Random(seed)
    trees = RandomTrees(vocabulary, rng)
    return [
        Chem.MolToSmiles(assemble(vocabulary, trees.sample(rng.randint(2, 5))))
        for _ in range(count)
    ]


def rewards(references: list[str], file: Path) -> dict[str, Reward]:
    """Every reward of `docs/rewards.md`, by its name there."""
    file.write_text("\n".join(references))
    made: dict[str, Reward] = {name: getattr(properties, name)() for name in (*PROPERTIES, "Rings")}
    return made | {
        f"Similarity to {len(references)}": Similarity(references),
        "UnwantedSubstructure, 1 SMARTS": UnwantedSubstructure(["[N;!R]=[N;!R]"]),
        **{f"Alerts {name}": Alerts([name]) for name in ("PAINS", "BRENK", "NIH")},
        "RingRarity": RingRarity(),
        "Novelty": Novelty(str(file)),
        "SEHStudent": SEHStudent(),
    }


def rate(reward: Reward, smiles: list[str]) -> float:
    """Molecules per second of CPU time."""
    seconds = []
    for _ in range(RUNS):
        mols = [Chem.MolFromSmiles(one) for one in smiles]  # some results are kept in a molecule
        start = time.process_time()
        scores = reward(mols)
        seconds.append(time.process_time() - start)
        if scores.failures:
            raise RuntimeError(f"{type(reward).__name__}: {scores.failures}")
    return len(smiles) / min(seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--molecules", type=int, default=500, help="molecules of a batch")
    parser.add_argument("--references", type=int, default=1000, help="for similarity and novelty")
    args = parser.parse_args()
    torch.set_num_threads(1)
    smiles = random_smiles(args.molecules, seed=0)
    with tempfile.TemporaryDirectory() as folder:
        made = rewards(random_smiles(args.references, seed=1), Path(folder) / "references.smi")
        rates = {name: float(f"{rate(reward, smiles):.2g}") for name, reward in made.items()}
    atoms = sum(Chem.MolFromSmiles(one).GetNumHeavyAtoms() for one in smiles) / len(smiles)
    print(
        json.dumps(
            {
                "case": "rewards",
                "molecules": len(smiles),
                "heavy_atoms": round(atoms, 1),
                "molecules_per_second": rates,
                "rdkit": rdkit.__version__,
                **machine("cpu"),
            }
        )
    )


if __name__ == "__main__":
    main()
