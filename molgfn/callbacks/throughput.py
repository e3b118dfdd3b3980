"""How fast training runs, and its reward."""

import time
from typing import Any

import pytorch_lightning as pl
from torch.utils.hooks import RemovableHandle

from molgfn.callbacks.every_nth import four_pillars
from molgfn.callbacks.rollout import rollout_of
from molgfn.callbacks.run import logs_this_step, shows_this_step
from molgfn.rewards.remembered import Remembered


class Throughput(pl.Callback):
    """Logs `trajectories_per_second`: trained trajectories of all ranks over
    wall-clock time, smoothed.

        sum_t s^(now - t) trajectories_t / sum_t s^(now - t) seconds_t

    A step's time runs from the end of the step before: reward, logging and checkpoints count, only
    validation does not. In the same way `rewards_per_second`: objects that this rank scored over
    the time that its reward took. `remembered_share`, where the reward remembers: of the objects
    that it was asked about in this run, those whose values were known.

    Args:
        smoothing: s, in [0, 1); 0 shows each step alone.
    Raises:
        ValueError: smoothing is outside [0, 1).
    """

    def __init__(self, smoothing: float = 0.95) -> None:
        if not 0 <= smoothing < 1:
            raise ValueError(f"smoothing is {smoothing}; accepted is 0 <= smoothing < 1")
        self.smoothing = smoothing
        self._since = 0.0
        self._trajectories = 0.0
        self._seconds = 0.0
        self._scored = 0.0
        self._reward_seconds = 0.0
        self._asked_at = 0.0
        self._hooks: list[RemovableHandle] = []

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._since = time.perf_counter()
        reward = four_pillars(pl_module).reward
        self._hooks = [
            reward.register_forward_pre_hook(self._reward_begins),
            reward.register_forward_hook(self._reward_ends),
        ]

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._unhook()

    def on_exception(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException
    ) -> None:
        self._unhook()

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._since = time.perf_counter()

    def on_train_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
    ) -> None:
        now = time.perf_counter()
        trajectories = len(rollout_of(outputs).objects) * trainer.world_size
        self._trajectories = self.smoothing * self._trajectories + trajectories
        self._seconds = self.smoothing * self._seconds + (now - self._since)
        self._since = now
        if shows_this_step(trainer):
            speed = self._trajectories / self._seconds
            pl_module.log("trajectories_per_second", speed, prog_bar=True)
        if logs_this_step(trainer):
            self._log_reward(pl_module)

    def _log_reward(self, pl_module: pl.LightningModule) -> None:
        if self._reward_seconds > 0:
            pl_module.log("rewards_per_second", self._scored / self._reward_seconds)
        parts = four_pillars(pl_module).reward.modules()
        remembering = [part for part in parts if isinstance(part, Remembered)]
        hits = sum(part.hits for part in remembering)
        if asked := hits + sum(part.misses for part in remembering):
            pl_module.log("remembered_share", hits / asked)

    def _reward_begins(self, reward: Any, arguments: tuple[Any, ...]) -> None:
        self._asked_at = time.perf_counter()

    def _reward_ends(self, reward: Any, arguments: tuple[Any, ...], scores: Any) -> None:
        seconds = time.perf_counter() - self._asked_at
        self._scored = self.smoothing * self._scored + len(arguments[0])
        self._reward_seconds = self.smoothing * self._reward_seconds + seconds

    def _unhook(self) -> None:
        while self._hooks:
            self._hooks.pop().remove()
