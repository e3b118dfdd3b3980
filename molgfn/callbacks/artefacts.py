"""A run's checkpoint and candidates, as artefacts of Weights & Biases."""

from pathlib import Path
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.callbacks import ModelCheckpoint

from molgfn.callbacks.best_molecules import FILE_NAME
from molgfn.callbacks.run import run_folder, wandb_loggers


class Artefacts(pl.Callback):
    """Logs the last checkpoint (type model) and `best_molecules.csv` (type candidates) at the end.

    Both are kept offline too, and are uploaded with the run by `wandb sync`.
    """

    def on_fit_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if not trainer.is_global_zero:
            return
        files = {"model": last_checkpoint(trainer), "candidates": run_folder(trainer) / FILE_NAME}
        for logger in wandb_loggers(trainer):
            for kind, path in files.items():
                if path is not None and path.is_file():
                    log_file(logger.experiment, kind, path)


def last_checkpoint(trainer: pl.Trainer) -> Path | None:
    """Path of the newest checkpoint that a `ModelCheckpoint` of this run has written."""
    paths = [
        callback.last_model_path or callback.best_model_path
        for callback in trainer.checkpoint_callbacks
        if isinstance(callback, ModelCheckpoint)
    ]
    return next((Path(path) for path in paths if path), None)


def log_file(run: Any, kind: str, path: Path) -> None:
    """Log one file as the artefact `KIND-RUNID` of type `kind`."""
    import wandb

    artefact = wandb.Artifact(f"{kind}-{run.id}", type=kind)
    artefact.add_file(str(path))
    run.log_artifact(artefact)
