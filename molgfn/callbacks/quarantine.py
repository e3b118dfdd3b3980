"""Objects without a reward: kept in a file, with the reason."""

import csv
from collections import Counter
from pathlib import Path
from typing import Any

import pytorch_lightning as pl

from molgfn.callbacks.rollout import name_of, rollout_of
from molgfn.callbacks.run import logs_this_step, run_folder, shares_this_step
from molgfn.ranks import gathered
from molgfn.types import RolloutBatch

COLUMNS = ("step", "object", "reason")
FILE_NAME = "quarantine.csv"
NUM_REASONS = 3
NUM_EXAMPLES = 3
Row = tuple[int, str, str]
"""As `COLUMNS`."""


class Quarantine(pl.Callback):
    """Appends each object that has no reward to `quarantine.csv`; logs how many there were.

    One file holds those of all ranks. A molecule is its SMILES there; the column is empty where
    nothing could be decoded. Where a rank meets too many of them in a row, nothing is learnt any
    more and the run ends, after they are in the file; its checkpoints stay.

    Args:
        stop_after: objects without a reward, one after the other, that end the run; None: never.
    Raises:
        ValueError: stop_after is below 1; while training: there were that many.
    """

    def __init__(self, stop_after: int | None = 1000) -> None:
        if stop_after is not None and stop_after < 1:
            raise ValueError(f"stop_after = {stop_after}: accepted are integers from 1, and null")
        self.stop_after = stop_after
        self.count = 0
        self._unwritten: list[Row] = []
        self._in_a_row: list[Row] = []

    def on_train_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
    ) -> None:
        rollout = rollout_of(outputs)
        rows = [
            (trainer.global_step, name_of(rollout.objects[position]), reason)
            for position, reason in sorted(rollout.scores.failures.items())
        ]
        self._unwritten += rows
        self._follow(rollout, rows)
        if shares_this_step(trainer):
            self._write(trainer)
            self._stop_if_hopeless(trainer)
        if logs_this_step(trainer):
            pl_module.log("quarantined", float(self.count), reduce_fx="max")

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._write(trainer)

    def _follow(self, rollout: RolloutBatch, rows: list[Row]) -> None:
        """Keep what had no reward since the last object that had one."""
        if self.stop_after is None:
            return
        has_one = [i for i in range(len(rollout.objects)) if i not in rollout.scores.failures]
        if has_one:
            self._in_a_row.clear()
            rows = rows[len(rows) - (len(rollout.objects) - 1 - has_one[-1]) :]
        self._in_a_row += rows

    def _stop_if_hopeless(self, trainer: pl.Trainer) -> None:
        """End the run on all ranks if one of them met too many in a row."""
        if self.stop_after is None:
            return
        rows = max(gathered(self._in_a_row), key=len)
        if len(rows) >= self.stop_after:
            raise ValueError(
                f"{len(rows):,} objects in a row have no reward: {summary(rows)}. "
                f"All are in {run_folder(trainer) / FILE_NAME}; "
                f"molgfn.callbacks.quarantine.Quarantine(stop_after={self.stop_after}) ended the "
                "run, which can be continued with --ckpt_path when the reward works"
            )

    def _write(self, trainer: pl.Trainer) -> None:
        """Count and write what all ranks have met since they last did this together."""
        rows = [row for part in gathered(self._unwritten) for row in part]
        self._unwritten = []
        self.count += len(rows)
        if rows and trainer.is_global_zero:
            append(run_folder(trainer) / FILE_NAME, rows)

    def state_dict(self) -> dict[str, Any]:
        return {"count": self.count}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.count = state_dict["count"]


def summary(rows: list[Row]) -> str:
    """The most frequent reasons with their counts, and the latest distinct objects."""
    reasons = Counter(reason for _, _, reason in rows)
    listed = [f"{count:,} times {reason!r}" for reason, count in reasons.most_common(NUM_REASONS)]
    others = len(reasons) - len(listed)
    distinct = dict.fromkeys(name or "(nothing decoded)" for _, name, _ in reversed(rows))
    latest = list(distinct)[:NUM_EXAMPLES]
    return (
        f"{', '.join(listed)}{f' and {others:,} other reasons' if others else ''}; "
        f"the latest are {', '.join(latest)}"
    )


def append(path: Path, rows: list[Row]) -> None:
    """Append rows to a CSV file, which begins with its header."""
    is_new = not path.exists()
    with path.open("a", newline="") as file:
        writer = csv.writer(file)
        if is_new:
            writer.writerow(COLUMNS)
        writer.writerows(rows)
