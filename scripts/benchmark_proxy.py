"""Time the published sEH proxy in its fast and in its plain form; prints one JSON line.

    MOLGFN_SEH=... python scripts/benchmark_proxy.py [--molecules 64] [--pairs 9] [--threads 1]

The molecules are random trees of nine published fragments, those of 40 to 60 heavy atoms. Both
forms score the same graphs, in turns; medians of the paired runs are given.
"""

import argparse
import json
import random
import statistics
import time
from collections.abc import Callable

import rdkit
import rdkit.Chem
import torch

from molgfn.chem.assemble import assemble
from molgfn.chem.atom_features import atom_graphs
from molgfn.chem.io import load_vocabulary
from molgfn.chem.published import PROXY, verify
from molgfn.chem.random_trees import RandomTrees
from molgfn.chem.resources import published
from molgfn.rewards.messages import BondMessages
from molgfn.rewards.seh_network import SEHNetwork, load_seh_weights
from molgfn.rewards.seh_reference import PlainSEHNetwork

NUM_FRAGMENTS = 9
HEAVY_ATOMS = range(40, 61)


def random_molecules(count: int, seed: int) -> list[rdkit.Chem.Mol]:
    """Molecules of the size that a trained sampler makes."""
    vocabulary = load_vocabulary("published")
    trees = RandomTrees(vocabulary, random.Random(seed))
    mols: list[rdkit.Chem.Mol] = []
    while len(mols) < count:
        mol = assemble(vocabulary, trees.sample(NUM_FRAGMENTS))
        if mol.GetNumAtoms() in HEAVY_ATOMS:
            mols.append(mol)
    return mols


def seconds(work: Callable[[], object]) -> float:
    """Wall-clock time of one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--molecules", type=int, default=64, help="molecules in a batch")
    parser.add_argument("--pairs", type=int, default=9, help="paired runs of both forms")
    parser.add_argument("--threads", type=int, default=1, help="threads of PyTorch")
    parser.add_argument("--seed", type=int, default=0, help="seed of the molecules")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)

    weights = load_seh_weights(verify(published(PROXY)))
    fast, plain = SEHNetwork(weights), PlainSEHNetwork(weights)
    mols = random_molecules(args.molecules, args.seed)
    graphs, _ = atom_graphs(mols)
    difference = (fast(graphs, BondMessages.of(graphs)) - plain(graphs)).abs().max().item()

    times: dict[str, list[float]] = {"read": [], "fast": [], "plain": []}
    for _ in range(args.pairs):
        times["read"].append(seconds(lambda: atom_graphs(mols)))
        times["fast"].append(seconds(lambda: fast(graphs, BondMessages.of(graphs))))
        times["plain"].append(seconds(lambda: plain(graphs)))
    median = {name: statistics.median(runs) for name, runs in times.items()}
    rate = {name: round(len(mols) / median[name], 1) for name in median}
    print(
        json.dumps(
            {
                "case": "seh-proxy",
                "molecules": len(mols),
                "heavy_atoms": len(graphs.atoms) / len(mols),
                "read_molecules_per_second": rate["read"],
                "fast_molecules_per_second": rate["fast"],
                "plain_molecules_per_second": rate["plain"],
                "read_and_fast_molecules_per_second": round(
                    len(mols) / (median["read"] + median["fast"]), 1
                ),
                "speedup": round(median["plain"] / median["fast"], 1),
                "largest_difference": difference,
                "threads": args.threads,
                "torch": torch.__version__,
                "rdkit": rdkit.__version__,
            }
        )
    )


if __name__ == "__main__":
    main()
