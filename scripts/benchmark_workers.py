#!/usr/bin/env python3
"""What worker processes, caches and external programs cost for a batch; one JSON line.

    python scripts/benchmark_workers.py [--batch 64] [--repeats 20] [--workers 1 2 ...]

Molecules are random trees of 2 to 5 fragments of `druglike`, new ones in every repeat. Two times of
a batch are given, the best of the repeats: [CPU time of this process, wall-clock time] in
milliseconds. Other work on the machine spoils the second.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import rdkit
import torch
from benchmark_rewards import random_smiles
from machine import machine
from rdkit import Chem

from molgfn.rewards.base import Reward, Scores
from molgfn.rewards.program import Program
from molgfn.rewards.properties import QED
from molgfn.rewards.remembered import Remembered
from molgfn.rewards.workers import Workers

PROGRAM = "import json, sys; print(json.dumps({line.strip(): 0.5 for line in sys.stdin}))"


class Nothing(Reward):
    """Takes no time: what is left is what passes molecules around."""

    def forward(self, objects: Sequence[object]) -> Scores:
        return Scores(torch.zeros(len(objects)), {"nothing": torch.zeros(len(objects))})


def milliseconds(reward: Reward, batches: Sequence[Sequence[str]]) -> list[float]:
    """Least CPU and wall-clock time of a batch, apart from the first, in which processes start."""
    cpu, wall = [], []
    for smiles in batches:
        mols = [Chem.MolFromSmiles(one) for one in smiles]  # some results are kept in a molecule
        begin, began = time.process_time(), time.perf_counter()
        scores = reward(mols)
        cpu.append(time.process_time() - begin)
        wall.append(time.perf_counter() - began)
        if scores.failures:
            raise RuntimeError(f"{type(reward).__name__}: {scores.failures}")
    return [round(1000 * min(times[1:]), 2) for times in (cpu, wall)]


def with_workers(
    make: Callable[[], Reward], num: int, batches: Sequence[Sequence[str]]
) -> list[float]:
    reward = Workers(make(), num)
    try:
        return milliseconds(reward, batches)
    finally:
        reward.close()


def start_of_workers(num: int, smiles: Sequence[str]) -> dict[str, float]:
    """Seconds until the first batch is scored, and until it is again after a worker died."""
    reward = Workers(Nothing(), num)
    mols = [Chem.MolFromSmiles(one) for one in smiles]
    taken = []
    for _ in range(2):
        begin = time.perf_counter()
        reward(mols)
        taken.append(time.perf_counter() - begin)
        os.kill(reward.pids()[0], 9)
        time.sleep(0.5)
    reward.close()
    return {"first_batch_s": taken[0], "batch_after_a_death_s": taken[1]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batch", type=int, default=64, help="molecules of a batch (default 64)")
    parser.add_argument("--repeats", type=int, default=20, help="batches (default 20)")
    parser.add_argument(
        "--workers",
        type=int,
        nargs="+",
        default=sorted({1, len(os.sched_getaffinity(0))}),
        help="numbers of worker processes (default 1 and the number of cores)",
    )
    options = parser.parse_args()
    size = options.batch
    torch.set_num_threads(1)
    smiles = random_smiles(size * (options.repeats + 1), seed=0)
    batches = [smiles[start : start + size] for start in range(0, len(smiles), size)]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "known.sqlite"
        program = Program([sys.executable, "-S", "-E", "-c", PROGRAM])
        milliseconds(Remembered(Nothing(), file=str(file)), batches)
        remembering = Remembered(Nothing())
        milliseconds(remembering, batches)
        found = {
            "qed_ms": milliseconds(QED(), batches),
            "qed_in_workers_ms": {n: with_workers(QED, n, batches) for n in options.workers},
            "nothing_in_workers_ms": {
                n: with_workers(Nothing, n, batches) for n in options.workers
            },
            "new_in_memory_ms": milliseconds(Remembered(Nothing()), batches),
            "known_in_memory_ms": milliseconds(remembering, batches),
            "new_in_file_ms": milliseconds(
                Remembered(Nothing(), file=str(file.with_name("new"))), batches
            ),
            "known_in_file_ms": milliseconds(Remembered(Nothing(), file=str(file)), batches),
            "program_ms": milliseconds(program, batches),
            **start_of_workers(options.workers[-1], batches[0]),
        }
    print(
        json.dumps(
            {
                "case": "workers",
                "batch": size,
                **found,
                "rdkit": rdkit.__version__,
                **machine("cpu"),
            }
        )
    )


if __name__ == "__main__":
    main()
