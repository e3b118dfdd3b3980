"""The curves every run is judged by: loss, log Z, reward."""

from typing import Any, Protocol, cast

import pytorch_lightning as pl
import torch

from molgfn.callbacks.rollout import rollout_of
from molgfn.objectives.base import Objective
from molgfn.types import RolloutBatch


class HasObjective(Protocol):
    """A module whose objective estimates log Z."""

    objective: Objective


class Curves(pl.Callback):
    """Logs `loss`, `log_reward`, `reward` and `log_z` of each step; the last two while it runs.

    Means over the trajectories that were not rejected: the loss in squared nats, log Z at the betas
    of the batch, the reward at beta = 1. `val/` and `test/` stand before those of the other loops.
    """

    def on_train_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
    ) -> None:
        rollout = rollout_of(outputs)
        beta = rollout.trajectories.beta
        objective = cast(HasObjective, pl_module).objective
        with torch.no_grad():
            log_z = objective.log_z(beta).mean()
        means = batch_means(rollout)
        pl_module.log("loss", means["loss"])
        pl_module.log("log_reward", means["log_reward"])
        pl_module.log("reward", means["reward"], prog_bar=True)
        pl_module.log("log_z", log_z, prog_bar=True)

    def on_validation_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        log_means(pl_module, "val", rollout_of(outputs))

    def on_test_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        log_means(pl_module, "test", rollout_of(outputs))


def batch_means(rollout: RolloutBatch) -> dict[str, torch.Tensor]:
    """Means over the trajectories that were not rejected; NaN when all were."""
    log_reward = rollout.scores.log_reward.to(rollout.valid.device)[rollout.valid]
    return {
        "loss": rollout.loss.nanmean(),
        "log_reward": log_reward.mean(),
        "reward": log_reward.exp().mean(),
    }


def log_means(pl_module: pl.LightningModule, stage: str, rollout: RolloutBatch) -> None:
    """Log the means of an evaluation batch, to be averaged over the loop."""
    means = {f"{stage}/{name}": value for name, value in batch_means(rollout).items()}
    pl_module.log_dict(means, batch_size=len(rollout.objects), sync_dist=True)
