"""The work of `molgfn score`: records of a file to rows with rewards."""

import itertools
from argparse import Namespace
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from molgfn.chem.descriptors import canonical_smiles, molecule_id
from molgfn.chem.records import Record, molecule_of
from molgfn.cli.candidates import BUILT_BY, built_by, load, place_of
from molgfn.cli.configured import configured
from molgfn.cli.draws import sequence_id
from molgfn.cli.outputs import WRITERS
from molgfn.envs.sequences import Sequences
from molgfn.module import GFlowNet
from molgfn.rewards.base import Scores, checked

KEYS = {"molecules": "smiles", "sequences": "sequence"}


def load_reward(options: Namespace, overrides: Sequence[str]) -> GFlowNet:
    """The module whose reward scores, on the device asked for.

    Raises:
        ValueError: a config, checkpoint or device that cannot be used, or of something else than
            molecules and sequences.
    """
    if options.checkpoint is not None:
        return load(options.checkpoint, options.device, list(BUILT_BY))
    alone = ["--trainer.accelerator", "cpu", "--trainer.devices", "1"]
    alone += ["--trainer.strategy", "auto", "--trainer.callbacks", "null"]
    alone += ["--trainer.logger", "false", "--init_from", "null"]
    model = configured(options.config, [*overrides, *alone]).model
    if not isinstance(model.environment, tuple(BUILT_BY.values())):
        raise ValueError(
            f"{' and '.join(options.config)} has {type(model.environment).__name__}, which builds "
            f"neither {' nor '.join(BUILT_BY)}: a file cannot hold what it builds"
        )
    loaded: GFlowNet = model.to(place_of(options.device)).eval()
    return loaded


class Scorer:
    """Scores records of what a module builds.

    Args:
        model: on its device.
    """

    def __init__(self, model: GFlowNet) -> None:
        self.model = model
        self.built = built_by(model)

    def check_format(self, output: Path) -> None:
        """Refuse a format that cannot hold what is scored.

        Raises:
            ValueError: for instance an SD file of sequences; the formats that can are named.
        """
        if output.suffix.lower() not in WRITERS[self.built]:
            raise ValueError(
                f"the reward is of {self.built}, which {output} cannot hold; accepted are "
                f"{', '.join(WRITERS[self.built])}"
            )

    def rows(self, records: Iterator[Record], batch_size: int) -> Any:
        """A data frame with one row a record, in their order; `read` says what could be read.

        There is at least one. They are read and scored batch by batch; no more molecules than
        those of a batch are in memory.
        """
        frames = []
        while batch := list(itertools.islice(records, batch_size)):
            frames.append(self._frame(batch))
        table = pd.concat(frames, ignore_index=True)
        table["reason"] = table.pop("reason")  # behind all components
        return table

    def _frame(self, batch: Sequence[Record]) -> Any:
        read = [self._read(record) for record in batch]
        found = [i for i, (one, _) in enumerate(read) if one is not None]
        scores = Scores(torch.zeros(0))
        if found:
            with torch.no_grad():
                scores = checked(self.model.reward([read[i][0] for i in found]), len(found))
        reasons = [reason or "" for _, reason in read]
        for position, reason in scores.failures.items():
            reasons[found[position]] = reason
        log_reward = spread(scores.log_reward, found, len(batch))
        return pd.DataFrame(
            {
                "row": [record.row for record in batch],
                "id": [self._id(r, one) for r, (one, _) in zip(batch, read, strict=True)],
                KEYS[self.built]: [record.text for record in batch],
                "log_reward": log_reward,
                "reward": np.exp(log_reward),
                **{
                    name: spread(values, found, len(batch))
                    for name, values in scores.components.items()
                },
                "read": [one is not None for one, _ in read],
                "reason": reasons,
            }
        )

    def _read(self, record: Record) -> tuple[Any, str | None]:
        """What a reward sees of a record; None with the reason where that is nothing."""
        if record.reason is not None:
            return None, record.reason
        env = self.model.environment
        if not isinstance(env, Sequences):
            return (record.mol, None) if record.mol is not None else molecule_of(record.text)
        try:
            env.from_texts([record.text])
        except ValueError as error:
            return None, str(error)
        return record.text, None

    def _id(self, record: Record, one: Any) -> str:
        """What the file calls it; else the id that a candidate would have, or the row's number."""
        if record.name:
            return record.name
        if one is None:
            return f"row {record.row}"
        return sequence_id(one) if isinstance(one, str) else molecule_id(canonical_smiles(one))


def spread(values: torch.Tensor, places: Sequence[int], size: int) -> Any:
    """[len(places)] values -> [size], NaN elsewhere."""
    column = np.full(size, np.nan)
    column[list(places)] = values.detach().double().cpu().numpy()
    return column
