"""Measure what exactness costs: one case, one JSON line.

enumeration  all trees of the first fragments of a vocabulary, without decoding
decoding     canonical SMILES of the trees of a smaller space
symmetry     canonical keys and |Aut| of 4,096 trees of nine fragments, median of 15
likelihood   exact log p of trees of eight fragments under a policy of the default size
counting     m of molecules of eight fragments

python scripts/benchmark_exactness.py --case enumeration
python scripts/benchmark_exactness.py --case symmetry --vocabulary published
"""

import argparse
import json
import platform
import random
import resource
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch

import molgfn
from molgfn.chem.assemble import assemble
from molgfn.chem.io import load_vocabulary
from molgfn.chem.random_trees import RandomTrees
from molgfn.chem.terminal_trees import TerminalTrees
from molgfn.chem.tree import Tree
from molgfn.chem.vocabulary import Vocabulary
from molgfn.enumeration import enumerate_space
from molgfn.envs.fragments import FragmentEnvironment
from molgfn.likelihood import log_likelihood
from molgfn.policies.fragments import FragmentTransformer


def seconds(work: Callable[[], object]) -> float:
    """Processor time of one call, which other processes do not add to."""
    start = time.process_time()
    work()
    return time.process_time() - start


def random_trees(vocabulary: Vocabulary, size: int, count: int) -> list[Tree]:
    source, trees = RandomTrees(vocabulary, random.Random(0)), []
    while len(trees) < count:
        tree = source.sample(size)
        if len(tree) == size:
            trees.append(tree)
    return trees


def enumeration(
    vocabulary: Vocabulary, fragments: int, size: int, decode: bool = False
) -> dict[str, Any]:
    some = replace(vocabulary, fragments=vocabulary.fragments[:fragments])
    env = FragmentEnvironment(some, 1, size)
    wall = time.perf_counter()
    start = time.process_time()
    space = enumerate_space(env, decode=decode)
    spent = time.process_time() - start
    return {
        "fragments": fragments,
        "max_fragments": size,
        "num_trees": space.num_states,
        "num_molecules": len(space.smiles) if decode else None,
        "seconds": round(spent, 2),
        "wall_seconds": round(time.perf_counter() - wall, 2),
        "trees_per_second": round(space.num_states / spent),
    }


def symmetry(vocabulary: Vocabulary) -> dict[str, Any]:
    env = FragmentEnvironment(vocabulary, 1, 9)
    states = env.from_trees(random_trees(vocabulary, 9, 4096))
    env.symmetry(states)
    spent = [seconds(lambda: env.symmetry(states)) for _ in range(15)]
    return {
        "num_trees": len(states),
        "max_fragments": 9,
        "group_table": list(env.tables.group.shape),
        "milliseconds": round(1000 * statistics.median(spent), 1),
    }


def likelihood(vocabulary: Vocabulary) -> dict[str, Any]:
    env = FragmentEnvironment(vocabulary, 2, 8)
    torch.manual_seed(0)
    policy = FragmentTransformer(env.spec)
    states = env.from_trees(random_trees(vocabulary, 8, 200))
    beta = torch.ones(len(states))
    log_likelihood(env, policy, states[:10], beta[:10])
    spent = seconds(lambda: log_likelihood(env, policy, states, beta))
    return {
        "num_trees": len(states),
        "max_fragments": 8,
        "trees_per_second": round(len(states) / spent, 1),
        "parameters": sum(p.numel() for p in policy.parameters()),
    }


def counting(vocabulary: Vocabulary) -> dict[str, Any]:
    search = TerminalTrees(vocabulary, 2, 9)
    mols = [assemble(vocabulary, tree) for tree in random_trees(vocabulary, 8, 200)]
    found: list[int] = []
    spent = seconds(lambda: found.extend(len(search.of(mol)) for mol in mols))
    return {
        "num_molecules": len(mols),
        "molecules_per_second": round(len(mols) / spent, 1),
        "mean_num_trees": statistics.mean(found),
        "max_num_trees": max(found),
    }


CASES: dict[str, Callable[[Vocabulary], dict[str, Any]]] = {
    "enumeration": lambda vocabulary: enumeration(vocabulary, 8, 5),
    "decoding": lambda vocabulary: enumeration(vocabulary, 8, 4, decode=True),
    "symmetry": symmetry,
    "likelihood": likelihood,
    "counting": counting,
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--case", choices=CASES, default="enumeration")
    parser.add_argument("--vocabulary", default="druglike", help="a name or a YAML file")
    options = parser.parse_args()
    torch.set_num_threads(1)
    measured = CASES[options.case](load_vocabulary(options.vocabulary))
    print(
        json.dumps(
            {
                "case": options.case,
                "vocabulary": options.vocabulary,
                **measured,
                "peak_memory_gb": round(
                    resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 2
                ),
                "threads": 1,
                "torch": torch.__version__,
                "processor": platform.processor() or platform.machine(),
                "version": molgfn.__version__,
            }
        )
    )


if __name__ == "__main__":
    main()
