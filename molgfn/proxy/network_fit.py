"""Training of the networks of an ensemble by Lightning, with early stopping."""

import copy
import logging
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import EarlyStopping, Timer
from rdkit import Chem
from torch import Tensor
from torch.nn import functional
from torch.utils.data import DataLoader

from molgfn.chem.atom_features import AtomGraphs, atom_graphs
from molgfn.proxy.network import Network
from molgfn.proxy.target_model import FitSettings

MAX_EPOCHS = 50
PATIENCE = 10
BATCH_SIZE = 32
LEARNING_RATE = 3e-3
WEIGHT_DECAY = 0.01
ERROR = "error"


class NetworkFit(pl.LightningModule):
    """One network, its loss, and the weights with which it did best on molecules held out.

    Args:
        classification: cross-entropy instead of squared errors.
        num_steps: over which the learning rate falls to 0 as a cosine.
    """

    def __init__(self, network: Network, classification: bool, num_steps: int) -> None:
        super().__init__()
        self.network, self.classification, self.num_steps = network, classification, num_steps
        self.best, self.kept = float("inf"), copy.deepcopy(network.state_dict())
        self._errors: list[Tensor] = []

    def loss(self, batch: tuple[AtomGraphs, Tensor]) -> Tensor:
        """Mean over the molecules of a batch."""
        graphs, values = batch
        said = self.network(graphs)
        if self.classification:
            return functional.binary_cross_entropy_with_logits(said, values)
        return functional.mse_loss(said, values)

    def training_step(self, batch: tuple[AtomGraphs, Tensor]) -> Tensor:
        return self.loss(batch)

    def validation_step(self, batch: tuple[AtomGraphs, Tensor]) -> None:
        self._errors.append(self.loss(batch) * len(batch[1]))

    def on_validation_epoch_end(self) -> None:
        error = torch.stack(self._errors).sum().detach()
        self._errors.clear()
        self.log(ERROR, error)
        if float(error) < self.best:
            self.best, self.kept = float(error), copy.deepcopy(self.network.state_dict())

    def configure_optimizers(self) -> Any:
        optimizer = torch.optim.AdamW(
            self.network.parameters(), LEARNING_RATE, weight_decay=WEIGHT_DECAY
        )
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, self.num_steps)
        return {
            "optimizer": optimizer,
            "lr_scheduler": {"scheduler": schedule, "interval": "step"},
        }


def fit_members(
    mols: Sequence[Chem.Mol], values: Tensor, settings: FitSettings
) -> tuple[list[Network], int]:
    """Networks of an ensemble, fitted to N molecules and values [N] of about unit spread.

    Member m is held to part m modulo the number of parts. All share the time that is left evenly.

    Returns:
        the networks, and how many of them the time limit ended.
    """
    graphs = [atom_graphs([mol])[0] for mol in mols]
    ends = time.monotonic() + settings.max_seconds
    parts = torch.unique(settings.fold)
    members, cut_short = [], 0
    for number in range(settings.members):
        held_out = settings.fold == parts[number % len(parts)]
        left = max(ends - time.monotonic(), 0.0) / (settings.members - number)
        member, out_of_time = fit_one(graphs, values, held_out, settings, number, left)
        members.append(member)
        cut_short += out_of_time
    return members, cut_short


def fit_one(
    graphs: Sequence[AtomGraphs],
    values: Tensor,
    held_out: Tensor,
    settings: FitSettings,
    number: int,
    max_seconds: float,
) -> tuple[Network, bool]:
    """One network, as it was when it predicted the molecules held out [N] best.

    Returns:
        the network, and whether the time limit ended its training.
    """

    def loader(rows: Tensor, shuffle: bool) -> DataLoader[Any]:
        return DataLoader(
            [(graphs[i], values[i]) for i in rows.nonzero()[:, 0].tolist()],  # type: ignore[arg-type]
            batch_size=BATCH_SIZE,
            shuffle=shuffle,
            generator=torch.Generator().manual_seed(seed),
            collate_fn=joined,
        )

    seed = 1000 * settings.seed + number
    with torch.random.fork_rng(devices=[]), quiet():
        torch.manual_seed(seed)
        trained = loader(~held_out, shuffle=True)
        fit = NetworkFit(Network(), settings.classification, MAX_EPOCHS * len(trained))
        timer = Timer(timedelta(seconds=max_seconds), verbose=False)
        trainer_of(timer).fit(fit, trained, loader(held_out, shuffle=False))
    fit.network.load_state_dict(fit.kept)
    return fit.network.eval(), timer.time_elapsed() >= max_seconds


def trainer_of(timer: Timer) -> pl.Trainer:
    """A trainer on the CPU that writes nothing, and stops early or when the time is up."""
    return pl.Trainer(
        accelerator="cpu",
        devices=1,
        max_epochs=MAX_EPOCHS,
        callbacks=[EarlyStopping(ERROR, patience=PATIENCE), timer],
        gradient_clip_val=1.0,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
    )


@contextmanager
def quiet() -> Iterator[None]:
    """Lightning without its remarks on devices, workers and the end of each fit."""
    logger = logging.getLogger("pytorch_lightning.utilities.rank_zero")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


def joined(pairs: Sequence[tuple[AtomGraphs, Tensor]]) -> tuple[AtomGraphs, Tensor]:
    """Graphs of one molecule each as one graph of B, and their values [B]."""
    graphs = [graph for graph, _ in pairs]
    sizes = torch.tensor([len(graph.atoms) for graph in graphs])
    first = (sizes.cumsum(0) - sizes).tolist()
    batch = AtomGraphs(
        atoms=torch.cat([graph.atoms for graph in graphs]),
        molecule=torch.arange(len(graphs)).repeat_interleave(sizes),
        source=torch.cat([g.source + shift for g, shift in zip(graphs, first, strict=True)]),
        target=torch.cat([g.target + shift for g, shift in zip(graphs, first, strict=True)]),
        bond_type=torch.cat([graph.bond_type for graph in graphs]),
        num_molecules=len(graphs),
    )
    return batch, torch.stack([value for _, value in pairs])
