"""Weights & Biases that never asks: offline unless the user says otherwise."""

import os
from pathlib import Path
from typing import Any, Literal

from lightning_fabric.loggers.logger import rank_zero_experiment
from pytorch_lightning.loggers import WandbLogger

Mode = Literal["offline", "online", "disabled"]


class OfflineWandbLogger(WandbLogger):
    """Writes a run to `save_dir/wandb`, to be uploaded later by `wandb sync`, or never.

    Args:
        project: the project's name.
        save_dir: the run's folder; it is made when it does not exist.
        mode: "online" uploads while training and needs `wandb login` or WANDB_API_KEY beforehand;
            "disabled" writes nothing. None takes $WANDB_MODE, else "offline".
        **kwargs: further arguments of `wandb.init`, such as name, group, tags or id.
    Raises:
        ValueError: a mode that is none of the three; "online" without a key, where W&B would ask.
    """

    def __init__(
        self,
        project: str = "molgfn",
        save_dir: str = ".",
        mode: Mode | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        chosen = mode or os.environ.get("WANDB_MODE") or "offline"
        _check(chosen)
        settings = {"silent": True, "console": "off"}
        super().__init__(
            name=name, save_dir=save_dir, project=project, mode=chosen, settings=settings, **kwargs
        )
        # the base class always passes it on, and W&B warns at every start that it has no effect
        self._wandb_init.pop("anonymous", None)

    @property
    @rank_zero_experiment
    def experiment(self) -> Any:
        """The W&B run, started at the first call."""
        if self._experiment is None and self.save_dir is not None:
            # W&B writes to the system's temporary folder when its own does not exist, and puts
            # copies of artefacts into the user's home
            folder = Path(self.save_dir).resolve() / "wandb"
            folder.mkdir(parents=True, exist_ok=True)
            os.environ.setdefault("WANDB_DATA_DIR", str(folder / "data"))
        return super().experiment


def _check(mode: str) -> None:
    if mode not in ("offline", "online", "disabled"):
        raise ValueError(
            f"Weights & Biases mode is {mode!r}; accepted are offline, online and disabled "
            "(from the option `mode` of the logger, or WANDB_MODE)"
        )
    if mode == "online":
        import wandb

        if wandb.api.api_key is None:
            raise ValueError(
                "Weights & Biases mode is 'online' but there is no API key: run `wandb login` or "
                "set WANDB_API_KEY, or leave the mode at 'offline' and upload later by `wandb sync`"
            )
