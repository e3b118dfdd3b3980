"""What made a run: its whole config, the code's revision, the versions of what it stands on."""

import json
import platform
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol, cast

import pytorch_lightning as pl
import yaml
from pytorch_lightning.cli import SaveConfigCallback

import molgfn
from molgfn.callbacks.run import run_folder

LIBRARIES = ("torch", "pytorch-lightning", "torch-geometric", "rdkit", "numpy")


class HasParent(Protocol):
    """A module that knows the checkpoint which its policy began with."""

    parent: dict[str, Any] | None


class Provenance(SaveConfigCallback):
    """Writes `config.yaml` and `provenance.json` into the run's folder, and both to every logger.

    Made by LightningCLI (`save_config_callback=Provenance`), with `save_to_log_dir=False`.
    `molgfn fit -c RUN/config.yaml` repeats the run. `parent` is the checkpoint that the run's
    policy began with, if any.
    """

    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        """Nothing yet: a resumed run learns its parent from its checkpoint, which is read next."""

    def on_fit_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        super().setup(trainer, pl_module, "fit")

    def save_config(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        config = self.parser.dump(self.config, skip_none=False)
        facts = {
            **provenance(),
            "num_processes": trainer.world_size,
            "parent": cast(HasParent, pl_module).parent,
        }
        folder = run_folder(trainer)
        (folder / self.config_filename).write_text(config)
        (folder / "provenance.json").write_text(json.dumps(facts, indent=2) + "\n")
        for logger in trainer.loggers:
            logger.log_hyperparams({"config": yaml.safe_load(config), "provenance": facts})


def provenance() -> dict[str, Any]:
    """Versions, git revision, platform, command and time of this process."""
    return {
        "version": molgfn.__version__,
        **git_state(Path(molgfn.__file__).parent),
        "python": platform.python_version(),
        "platform": platform.platform(),
        **{library: version(library) for library in LIBRARIES},
        "command": sys.orig_argv,
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def git_state(folder: Path) -> dict[str, Any]:
    """Revision of the checkout that holds `folder`, and whether files differ from it.

    Both are None outside a checkout, as for an installed wheel, and without git.
    """
    revision = _git(folder, "rev-parse", "HEAD")
    if revision is None or _git(folder, "ls-files", "--error-unmatch", "__init__.py") is None:
        return {"git_revision": None, "git_modified": None}
    return {
        "git_revision": revision,
        "git_modified": bool(_git(folder, "status", "--porcelain", "--untracked-files=no")),
    }


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        result = subprocess.run(
            ["git", "-C", str(folder), *arguments], capture_output=True, text=True, timeout=10
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return result.stdout.strip() if result.returncode == 0 else None
