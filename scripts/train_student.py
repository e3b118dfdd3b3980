"""Train the shipped student of the published sEH proxy, in rounds.

    MOLGFN_SEH=... python scripts/train_student.py --work runs/student --output data/models

Round 0 labels random molecules with the published proxy and fits a student. Every later round
trains GFlowNets against the last student, labels every molecule they made on their way, adds them,
and goes on with the fit. In the end GFlowNets are trained against the finished student, and those
of their samples that no round has seen are compared with the published proxy; so are held-out
molecules. Finished stages are kept in the work folder and not repeated.
"""

import argparse
import json
import math
import random
import shutil
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch
from numpy.typing import NDArray
from student_data import Labelled, Labeller
from torch import nn
from torch.nn import functional

from molgfn.chem.assemble import assemble
from molgfn.chem.io import load_vocabulary
from molgfn.chem.random_trees import RandomTrees
from molgfn.data import TrajectoryBatches
from molgfn.envs.base import Environment
from molgfn.envs.fragments import FragmentEnvironment
from molgfn.module import GFlowNet
from molgfn.policies.base import Policy
from molgfn.policies.fragments import FragmentTransformer
from molgfn.rewards.seh import SEHProxy, SEHStudent
from molgfn.rewards.seh_student import StudentNetwork, load_student, save_student
from molgfn.sampler import rollout

NUM_FRAGMENTS = (2, 9)
BATCH = 64
EVALUATED = 3000
TEST_SEED = 100
SMALL = partial(FragmentTransformer, width=64, num_layers=2)
"""The policy of the rounds; the test is made with the default one."""


def label_random(vocabulary: str, count: int, seed: int, labeller: Labeller) -> None:
    """Label distinct random trees of 2 to 9 fragments."""
    fragments, rng = load_vocabulary(vocabulary), random.Random(seed)
    trees = RandomTrees(fragments, rng)
    while len(labeller) < count:
        drawn = [trees.sample(rng.randint(*NUM_FRAGMENTS)) for _ in range(BATCH)]
        labeller.add([assemble(fragments, tree) for tree in drawn])


class Harvest(pl.Callback):
    """Labels every molecule that a run makes."""

    def __init__(self, labeller: Labeller) -> None:
        self.labeller = labeller

    def on_train_batch_end(self, trainer: Any, module: Any, outputs: Any, *_: Any) -> None:
        self.labeller.add(outputs["batch"].objects)


def train_sampler(
    student: Path,
    vocabulary: str,
    beta: float,
    steps: int,
    seed: int,
    policy: Callable[[Environment], Policy],
    callbacks: Sequence[pl.Callback] = (),
) -> GFlowNet:
    """Train a GFlowNet against a student."""
    pl.seed_everything(seed)
    module = GFlowNet(
        environment=FragmentEnvironment(vocabulary, *NUM_FRAGMENTS),
        policy=policy,
        reward=SEHStudent(str(student)),
        beta=beta,
        learning_rate=2e-3,
        log_z_learning_rate=0.5,
    )
    trainer = pl.Trainer(
        max_steps=steps,
        accelerator="cpu",
        callbacks=list(callbacks),
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        gradient_clip_val=10.0,
    )
    trainer.fit(module, TrajectoryBatches(batch_size=BATCH))
    return module


@torch.no_grad()
def label_samples(module: GFlowNet, beta: float, count: int, seed: int, labeller: Labeller) -> None:
    """Label molecules of a trained sampler, drawn without exploration; repeats count once."""
    generator = torch.Generator().manual_seed(seed)
    betas = torch.full((BATCH,), float(beta))
    for _ in range(count // BATCH):
        played = rollout(module.environment, module.policy, betas, generator)
        labeller.add(module.environment.decode(played.states))


def fit(
    network: StudentNetwork,
    data: Labelled,
    pools: Sequence[NDArray[np.int64]],
    steps: int,
    learning_rate: float,
    batch_size: int,
    seed: int,
) -> None:
    """Fit a network to labels; each pool of molecules gives the same share of every batch."""
    rng = np.random.default_rng(seed)
    optimizer = torch.optim.AdamW(network.parameters(), lr=learning_rate, fused=True)
    start = time.perf_counter()
    for step in range(steps):
        rate = min(1, (step + 1) / 100) * (0.5 + 0.5 * math.cos(math.pi * step / steps))
        for group in optimizer.param_groups:
            group["lr"] = learning_rate * rate
        drawn = np.concatenate([rng.choice(pool, batch_size // len(pools)) for pool in pools])
        graphs, messages, labels = data.batch(drawn)
        with torch.autocast("cpu", torch.bfloat16):  # halves the time of a step
            predictions = network(graphs, messages)
        loss = functional.smooth_l1_loss(predictions.float(), labels, beta=0.5)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        if (step + 1) % 500 == 0:
            rate = batch_size * (step + 1) / (time.perf_counter() - start)
            print(f"  step {step + 1}: loss {loss.item():.4f}, {rate:.0f} molecules/s", flush=True)


@torch.no_grad()
def agreement(network: StudentNetwork, data: Labelled, rows: NDArray[np.int64]) -> dict[str, float]:
    """How far predictions agree with the labels of some molecules."""
    predictions = np.concatenate(
        [
            network(*data.batch(part)[:2]).numpy()
            for part in np.array_split(rows, len(rows) // 64 + 1)
        ]
    )
    labels = data.label[rows]
    return {
        "molecules": len(rows),
        "pearson": round(float(np.corrcoef(predictions, labels)[0, 1]), 4),
        "mae": round(float(np.abs(predictions - labels).mean()), 4),
        "label_mean": round(float(labels.mean()), 3),
        "label_std": round(float(labels.std()), 3),
    }


def fit_student(
    path: Path, shards: Sequence[Path], last: Path | None, args: argparse.Namespace, seed: int
) -> None:
    """Fit a student to all shards, going on from the last round's if there is one."""
    parts = [Labelled.load(shard) for shard in shards]
    data = Labelled.cat(parts)
    number = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    found = number >= len(args.vocabularies)  # by samplers; the first shards are random
    pools = [np.flatnonzero(kind & ~data.held_out) for kind in (~found, found) if kind.any()]
    torch.manual_seed(seed)
    if last is None:
        network = StudentNetwork(args.width, args.num_steps)
        steps, rate = args.first_fit_steps, args.learning_rate
    else:
        network = load_student(last)
        steps, rate = args.fit_steps, args.learning_rate / 2
    fit(network, data, pools, steps, rate, args.batch_size, seed)
    save_student(network, path)
    for shard, part in zip(shards, parts, strict=True):
        rows = np.flatnonzero(part.held_out)[:EVALUATED]
        print(f"  {shard.stem}, held out: {agreement(network, part, rows)}", flush=True)


def finished(path: Path) -> bool:
    """Whether an earlier run of this command made the file; says so."""
    state = "is there" if path.exists() else "is being made"
    print(f"{time.strftime('%H:%M:%S')} {path.name} {state}", flush=True)
    return path.exists()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--work", type=Path, required=True, help="folder of stages")
    parser.add_argument("--output", type=Path, help="where the finished student is written")
    parser.add_argument("--vocabularies", nargs="+", default=["published", "druglike"])
    parser.add_argument("--random", type=int, default=80_000, help="molecules a vocabulary")
    parser.add_argument(
        "--betas", type=float, nargs="*", default=[48.0, 64.0, 32.0], help="one a round"
    )
    parser.add_argument(
        "--sampler-steps",
        type=int,
        nargs="*",
        default=[600, 600, 600],
        help="of a GFlowNet, one a round",
    )
    parser.add_argument("--first-fit-steps", type=int, default=3000, help="of the first fit")
    parser.add_argument("--fit-steps", type=int, default=2000, help="of a round's fit")
    parser.add_argument("--batch-size", type=int, default=128, help="of a fit")
    parser.add_argument("--learning-rate", type=float, default=3e-3, help="of the first fit")
    parser.add_argument("--width", type=int, default=80, help="of the student")
    parser.add_argument("--num-steps", type=int, default=10, help="of the student")
    parser.add_argument("--test-steps", type=int, default=300, help="of a GFlowNet of the test")
    parser.add_argument("--test-betas", type=float, nargs="*", default=[32.0], help="of the test")
    args = parser.parse_args()
    torch.set_num_threads(1)
    args.work.mkdir(parents=True, exist_ok=True)
    proxy = SEHProxy()

    shards = []
    for vocabulary in args.vocabularies:
        shards.append(args.work / f"random-{vocabulary}.npz")
        if not finished(shards[-1]):
            labeller = Labeller(proxy)
            label_random(vocabulary, args.random, seed=1, labeller=labeller)
            labeller.labelled.save(shards[-1])
    student = args.work / "student-0.safetensors"
    if not finished(student):
        fit_student(student, shards, None, args, seed=0)
    rounds = zip(args.betas, args.sampler_steps, strict=True)
    for number, (beta, steps) in enumerate(rounds, start=1):
        for vocabulary in args.vocabularies:
            shards.append(args.work / f"round-{number}-{vocabulary}.npz")
            if not finished(shards[-1]):
                labeller = Labeller(proxy)
                keep = [Harvest(labeller)]
                train_sampler(student, vocabulary, beta, steps, number, SMALL, keep)
                labeller.labelled.save(shards[-1])
        last, student = student, args.work / f"student-{number}.safetensors"
        if not finished(student):
            fit_student(student, shards, last, args, seed=number)

    report = {shard.stem: on_held_out(student, shard) for shard in shards}
    for vocabulary in args.vocabularies:
        for beta in args.test_betas:
            path = args.work / f"test-{student.stem}-{vocabulary}-{beta:g}.npz"
            if not finished(path):
                labeller = Labeller(proxy)
                module = train_sampler(
                    student, vocabulary, beta, args.test_steps, TEST_SEED, FragmentTransformer
                )
                label_samples(module, beta, EVALUATED, TEST_SEED, labeller)
                labeller.labelled.save(path)
            report[path.stem] = on_new(student, path, shards)
    print(json.dumps(report, indent=1))
    if args.output is not None:
        args.output.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(student, args.output / "seh_student.safetensors")


def on_held_out(student: Path, shard: Path) -> dict[str, float]:
    """Agreement on the held-out molecules of a shard."""
    data = Labelled.load(shard)
    return agreement(load_student(student), data, np.flatnonzero(data.held_out)[:EVALUATED])


def on_new(student: Path, path: Path, shards: Sequence[Path]) -> dict[str, float]:
    """Agreement on those molecules of a file that the student was not trained on."""
    data = Labelled.load(path)
    others = [Labelled.load(shard) for shard in shards]
    seen = np.concatenate([other.key[~other.held_out] for other in others])
    return agreement(load_student(student), data, np.flatnonzero(~np.isin(data.key, seen)))


if __name__ == "__main__":
    main()
