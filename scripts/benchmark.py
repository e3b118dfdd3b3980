"""Measure training: one case, one JSON line.

Real training by Lightning's Trainer with the standard callbacks and the CSV logger, in a temporary
folder. Every second of the measured steps is put to the account of the innermost part that was
running; shares sum to one. Medians are over steps.

    python scripts/benchmark.py --case seh-cpu
"""

import argparse
import json
import logging
import platform
import resource
import statistics
import tempfile
import time
import warnings
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.loggers import CSVLogger

import molgfn
from molgfn.cli.fit import TRAINER_DEFAULTS, standard_callbacks
from molgfn.data import TrajectoryBatches
from molgfn.envs.fragments import FragmentEnvironment
from molgfn.module import GFlowNet
from molgfn.policies.fragments import FragmentTransformer
from molgfn.rewards import seh

CASES: dict[str, dict[str, Any]] = {
    "seh-cpu": {"accelerator": "cpu", "vocabulary": "published", "reward": "SEHProxy"},
    "seh-gpu": {"accelerator": "gpu", "vocabulary": "published", "reward": "SEHProxy"},
    "quickstart-cpu": {"accelerator": "cpu", "vocabulary": "druglike", "reward": "SEHStudent"},
}


class Stopwatch(pl.Callback):
    """Exclusive time of named parts: what runs inside another part is not counted there."""

    def __init__(self, warmup: int) -> None:
        self.warmup = warmup
        self.seconds: dict[str, float] = defaultdict(float)
        self.steps: list[float] = []
        self.running = ["lightning_and_logging"]
        self.since = self.step_since = time.perf_counter()

    def enter(self, name: str) -> None:
        self._account()
        self.running.append(name)

    def leave(self) -> None:
        self._account()
        self.running.pop()

    def _account(self) -> None:
        now = time.perf_counter()
        self.seconds[self.running[-1]] += now - self.since
        self.since = now

    def watch(self, owner: Any, attribute: str, name: str) -> None:
        """Put the time of `owner.attribute(...)` to the account of `name`."""
        original: Callable[..., Any] = getattr(owner, attribute)

        def timed(*args: Any, **kwargs: Any) -> Any:
            self.enter(name)
            try:
                return original(*args, **kwargs)
            finally:
                self.leave()

        setattr(owner, attribute, timed)

    def on_before_backward(self, *_: Any) -> None:
        self.enter("policy_backward")

    def on_after_backward(self, *_: Any) -> None:
        self.leave()

    def on_train_batch_end(self, trainer: pl.Trainer, *_: Any) -> None:
        self._account()
        now = time.perf_counter()
        self.steps.append(now - self.step_since)
        self.step_since = now
        if trainer.global_step == self.warmup:
            self.seconds.clear()
            self.steps.clear()


def measure(case: str, batch_size: int, steps: int, warmup: int, threads: int) -> dict[str, Any]:
    """Train a case and say how fast it was."""
    settings = CASES[case]
    torch.set_num_threads(threads)
    pl.seed_everything(0, verbose=False)
    environment = FragmentEnvironment(settings["vocabulary"], 2, 9)
    reward = getattr(seh, settings["reward"])()
    module = GFlowNet(environment, FragmentTransformer, reward, beta=32.0)
    watch = Stopwatch(warmup)
    for method in ("reset", "step", "backward_mask", "observe"):
        watch.watch(environment, method, "environment")
    watch.watch(environment, "log_reward_correction", "environment")
    watch.watch(environment, "decode", "decoding")
    watch.watch(seh, "atom_graphs", "featurising")
    watch.watch(reward, "forward", "proxy")
    watch.watch(module.policy, "forward", "policy_forward")
    watch.watch(module, "training_step", "sampling_and_objective")
    watch.watch(torch.optim.Adam, "step", "optimizer")
    with tempfile.TemporaryDirectory() as folder:
        trainer = pl.Trainer(
            **{
                **TRAINER_DEFAULTS,
                "default_root_dir": folder,
                "max_steps": warmup + steps,
                "val_check_interval": warmup + steps + 1,
            },
            accelerator=settings["accelerator"],
            devices=1,
            logger=CSVLogger(folder, name="logs"),
            callbacks=[*standard_callbacks(Path(folder)), watch],
            enable_progress_bar=False,
        )
        trainer.fit(module, TrajectoryBatches(batch_size))
    step = statistics.median(watch.steps)
    total = sum(watch.seconds.values())
    return {
        "case": case,
        "trajectories_per_second": round(batch_size / step, 1),
        "train_step_seconds": round(step, 5),
        "mean_trajectories_per_second": round(batch_size * len(watch.steps) / sum(watch.steps), 1),
        "shares": {
            name: round(seconds / total, 4)
            for name, seconds in sorted(watch.seconds.items(), key=lambda item: -item[1])
        },
        "peak_memory_gb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 3),
        "batch_size": batch_size,
        "steps": len(watch.steps),
        "threads": threads,
        "parameters": sum(p.numel() for p in module.policy.parameters()),
        "torch": torch.__version__,
        "processor": platform.processor() or platform.machine(),
        "version": molgfn.__version__,
        "seed": 0,
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--case", choices=CASES, default="seh-cpu")
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--steps", type=int, default=100, help="measured steps")
    parser.add_argument("--warmup", type=int, default=10, help="steps before them")
    parser.add_argument("--threads", type=int, default=1, help="of torch on the CPU")
    options = parser.parse_args()
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    warnings.simplefilter("ignore")
    result = measure(
        options.case, options.batch_size, options.steps, options.warmup, options.threads
    )
    print(json.dumps(result))


if __name__ == "__main__":
    main()
