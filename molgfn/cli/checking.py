"""The work of `molgfn check`: a config is made, its reward asked, a few steps are trained."""

import os
import resource
import statistics
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch

from molgfn.callbacks.rollout import name_of, rollout_of
from molgfn.chem.records import molecule_of
from molgfn.cli.configured import ConfiguredCLI
from molgfn.cli.landscape import Array
from molgfn.envs.base import Environment
from molgfn.envs.fragments import FragmentEnvironment
from molgfn.envs.sequences import Peptides
from molgfn.module import GFlowNet
from molgfn.rewards.base import Scores, checked
from molgfn.sampler import rollout

BATCH = 64
PATIENCE = 60.0  # seconds after which no further random objects are scored
WARM_UP = 3  # steps that are not measured: memory is allocated, kernels are chosen

DRUGS = {
    "aspirin": "CC(=O)Oc1ccccc1C(=O)O",
    "caffeine": "Cn1c(=O)c2c(ncn2C)n(C)c1=O",
    "ibuprofen": "CC(C)Cc1ccc(C(C)C(=O)O)cc1",
    "diazepam": "CN1C(=O)CN=C(c2ccccc2)c2cc(Cl)ccc21",
    "celecoxib": "Cc1ccc(-c2cc(C(F)(F)F)nn2-c2ccc(S(N)(=O)=O)cc2)cc1",
    "imatinib": "Cc1ccc(NC(=O)c2ccc(CN3CCN(C)CC3)cc2)cc1Nc1nccc(-c2cccnc2)n1",
}
PEPTIDES = {
    "magainin 2": "GIGKFLHSAKKFGKAFVGEIMNS",
    "melittin": "GIGAVLKVLTTGLPALISWIKRKRQQ",
    "oxytocin": "CYIQNCPLG",
    "polyglycine": "GGGGGGGGGG",
}


@dataclass(frozen=True)
class Scored:
    """Objects and what a reward says of them.

    Attributes:
        names: [B].
        log_reward: [B] float64, NaN where there is none.
        components: name -> [B] float64.
        failures: position -> reason.
        seconds: what the reward took.
    """

    names: Sequence[str]
    log_reward: Array
    components: Mapping[str, Array]
    failures: Mapping[int, str]
    seconds: float

    def __len__(self) -> int:
        return len(self.names)

    @property
    def reasons(self) -> list[tuple[str, int]]:
        """Why objects have no reward, and how many each; the most frequent first."""
        return Counter(self.failures.values()).most_common()


@dataclass(frozen=True)
class Cost:
    """What training costs, measured on some steps.

    Attributes:
        step_seconds: the median of the measured steps.
        trajectories: of one step, on all ranks.
        reward_seconds: of one step's trajectories, part of the step.
        validation_seconds: of one batch.
        losses: of the measured steps, NaN where every trajectory was rejected.
        device: what it was measured on.
        memory: most bytes in memory that the process has held.
        gpu_memory: most bytes that torch has held on the GPU; None without one.
    """

    step_seconds: float
    trajectories: int
    reward_seconds: float
    validation_seconds: float
    losses: Sequence[float]
    device: str
    memory: int
    gpu_memory: int | None


def known_objects(environment: Environment) -> dict[str, Any]:
    """Objects that people know, name -> what a reward sees; none where nobody knows any."""
    if isinstance(environment, FragmentEnvironment):
        return {name: molecule_of(smiles)[0] for name, smiles in DRUGS.items()}
    if isinstance(environment, Peptides):
        return dict(PEPTIDES)
    return {}


def score_known(model: GFlowNet) -> Scored:
    """Score what people know."""
    known = known_objects(model.environment)
    return joined([ask(model, list(known.values()), list(known))] if known else [])


def score_random(model: GFlowNet, num: int, seed: int) -> Scored:
    """Score different terminal objects of trajectories whose actions are uniform.

    Args:
        num: how many trajectories are played; fewer when the reward takes more than a minute.
        seed: of the trajectories.
    """
    generator = torch.Generator(model.device).manual_seed(seed)
    known: set[int] = set()
    parts: list[Scored] = []
    played = 0
    started = time.perf_counter()
    while played < num and time.perf_counter() - started < PATIENCE:
        size = min(BATCH, num - played)
        played += size
        beta = torch.full((size,), model.beta_range[1], device=model.device)
        with torch.no_grad():
            states = rollout(
                model.environment, model.policy, beta, generator, uniform_share=1.0
            ).states
        keys = model.environment.canonical_key(states).tolist()
        first = {key: i for i, key in reversed(list(enumerate(keys))) if key not in known}
        known |= first.keys()
        if first:
            kept = states[torch.tensor(sorted(first.values()), device=model.device)]
            parts.append(ask(model, model.environment.decode(kept)))
    return joined(parts)


def ask(model: GFlowNet, objects: Sequence[Any], names: Sequence[str] | None = None) -> Scored:
    """Score objects, on the clock."""
    started = time.perf_counter()
    with torch.no_grad():
        scores: Scores = checked(model.reward(objects), len(objects))
        log_reward = scores.log_reward.double().cpu().numpy()
    seconds = time.perf_counter() - started
    return Scored(
        names=[name_of(one) for one in objects] if names is None else names,
        log_reward=log_reward,
        components={n: v.double().cpu().numpy() for n, v in scores.components.items()},
        failures=scores.failures,
        seconds=seconds,
    )


def joined(parts: Sequence[Scored]) -> Scored:
    """Several as one; a component that a part has not is NaN there."""
    starts = np.cumsum([0, *(len(part) for part in parts)])
    components = dict.fromkeys(name for part in parts for name in part.components)
    none = np.zeros(0)
    return Scored(
        names=[name for part in parts for name in part.names],
        log_reward=np.concatenate([none, *(part.log_reward for part in parts)]),
        components={
            name: np.concatenate(
                [part.components.get(name, np.full(len(part), np.nan)) for part in parts]
            )
            for name in components
        },
        failures={
            int(start) + i: reason
            for start, part in zip(starts, parts, strict=False)
            for i, reason in part.failures.items()
        },
        seconds=sum(part.seconds for part in parts),
    )


class Stopwatch(pl.Callback):
    """Times steps, from the end of one to the end of the next, and keeps their losses."""

    def __init__(self) -> None:
        self.ends: list[float] = []
        self.losses: list[float] = []
        self.batch_size = 0

    def on_train_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
    ) -> None:
        played = rollout_of(outputs)
        self.losses.append(float(played.loss.detach().nanmean()))  # which waits for a GPU to finish
        self.ends.append(time.perf_counter())
        self.batch_size = len(played.loss)


def measure_cost(cli: ConfiguredCLI, num_steps: int) -> Cost:
    """Train some steps as the config says, in a folder that is thrown away.

    Nothing is logged, saved or validated, and the callbacks of the run are left out. Of several
    ranks one is measured, alone.

    Args:
        num_steps: how many are measured, after `WARM_UP` others.
    """
    model, data = cli.model, cli.datamodule
    assert isinstance(model, GFlowNet)
    watch = Stopwatch()
    with tempfile.TemporaryDirectory() as folder:
        trainer = _small_trainer(cli, watch, WARM_UP + num_steps, folder)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a run says them; they are nobody's news here
            trainer.fit(model, data)
    step = statistics.median(np.diff(watch.ends)[WARM_UP - 1 :].tolist())
    device = trainer.strategy.root_device
    gpu_memory = torch.cuda.max_memory_allocated(device) if device.type == "cuda" else None
    model = model.to(device)
    started = time.perf_counter()
    with torch.no_grad():
        played = model.validation_step(watch.batch_size, 0)["batch"]
    validation = time.perf_counter() - started
    return Cost(
        step_seconds=step,
        trajectories=watch.batch_size * cli.trainer.world_size,
        reward_seconds=ask(model, model.environment.decode(_terminal(model, played))).seconds,
        validation_seconds=validation,
        losses=watch.losses[WARM_UP:],
        device=str(device),
        memory=peak_memory(),
        gpu_memory=gpu_memory,
    )


def _terminal(model: GFlowNet, played: Any) -> Any:
    """The terminal states of what was played, anew: its objects may have been made already."""
    env = model.environment
    states = env.reset(len(played.loss))
    for t in range(int(played.trajectories.lengths.max())):
        states = env.step(states, played.trajectories.actions[:, t])
    return states


def _small_trainer(cli: ConfiguredCLI, watch: Stopwatch, num_steps: int, folder: str) -> pl.Trainer:
    """The trainer of a config, without all that writes."""
    chosen = cli.config_init["fit"].trainer.as_dict()
    chosen.update(
        max_steps=num_steps,
        max_epochs=None,
        max_time=None,
        min_steps=None,
        min_epochs=None,
        fast_dev_run=False,
        strategy="auto",
        devices=1,
        num_nodes=1,
        logger=False,
        callbacks=[watch],
        default_root_dir=folder,
        profiler=None,
        limit_val_batches=0,
        val_check_interval=None,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    return pl.Trainer(**chosen)


def peak_memory() -> int:
    """Most bytes in memory that this process has held."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def run_seconds(cost: Cost, trainer: pl.Trainer, num_validation_batches: int) -> float | None:
    """How long a run takes, callbacks not counted; None when it has no last step."""
    if trainer.max_steps < 1:
        return None
    every = trainer.val_check_interval
    validations = trainer.max_steps // every if isinstance(every, int) and every else 0
    validating = validations * num_validation_batches * cost.validation_seconds
    return trainer.max_steps * cost.step_seconds + validating


def folder_problem(cli: ConfiguredCLI) -> str | None:
    """What `molgfn fit` would ask about the run's folder; None where it would ask nothing.

    Raises:
        OSError: the folder cannot be made or written to.
    """
    config = cli.config["fit"]
    root = Path(config.trainer.default_root_dir)
    there = next(p for p in (root.absolute(), *root.absolute().parents) if p.exists())
    if not there.is_dir() or not os.access(there, os.W_OK):
        raise OSError(
            f"the run's folder {root} cannot be made or written to: {there} is in the way; choose "
            "another with --trainer.default_root_dir"
        )
    if (root / "checkpoints" / "last.ckpt").exists() and not (config.ckpt_path or config.overwrite):
        return (
            f"{root} already holds a run: `molgfn fit` will want --overwrite true, --ckpt_path, or "
            "another --trainer.default_root_dir"
        )
    return None
