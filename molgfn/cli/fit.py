"""`molgfn fit | validate | test`: LightningCLI around the GFlowNet module."""

# first, because it looks through all modules that are there already, which takes a second later on
import wandb.apis.public  # noqa: F401

# isort: split
import logging
import signal
import sys
import warnings
from argparse import ArgumentError
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from lightning_fabric.utilities.exceptions import MisconfigurationException
from pytorch_lightning.cli import LightningArgumentParser, LightningCLI
from pytorch_lightning.loggers import CSVLogger
from pytorch_lightning.utilities import rank_zero_only
from pytorch_lightning.utilities.exceptions import SIGTERMException

from molgfn.callbacks.artefacts import Artefacts
from molgfn.callbacks.best_molecules import BestMolecules
from molgfn.callbacks.checkpoints import Checkpoints
from molgfn.callbacks.curves import Curves
from molgfn.callbacks.evaluation_metrics import EvaluationMetrics
from molgfn.callbacks.gradient_norms import GradientNorms
from molgfn.callbacks.progress import Progress
from molgfn.callbacks.provenance import Provenance
from molgfn.callbacks.quarantine import FILE_NAME as QUARANTINE
from molgfn.callbacks.quarantine import Quarantine
from molgfn.callbacks.sample_metrics import SampleMetrics
from molgfn.callbacks.throughput import Throughput
from molgfn.callbacks.wandb_logger import OfflineWandbLogger
from molgfn.cli.config_errors import explain
from molgfn.cli.fine_tuning import begin_from
from molgfn.cli.telling import tell
from molgfn.data import TrajectoryBatches
from molgfn.module import GFlowNet

TRAINER_DEFAULTS = {
    "default_root_dir": "runs/default",
    "max_steps": 10_000,
    "val_check_interval": 500,
    "check_val_every_n_epoch": None,
    "num_sanity_val_steps": 0,
    "gradient_clip_val": 10.0,
    "enable_model_summary": False,
}
"""What a run is unless its config says otherwise; the dataloader has no end, so steps count."""

KEYWORDS = ("best", "last", "hpc", "registry")
"""Values of --ckpt_path that Lightning resolves itself."""


class GFlowNetCLI(LightningCLI):
    """LightningCLI with a run folder, standard callbacks, and no silent override."""

    def add_arguments_to_parser(self, parser: LightningArgumentParser) -> None:
        parser.add_argument(
            "--overwrite",
            type=bool,
            default=False,
            help="Start anew in a run folder that already holds a run.",
        )
        parser.add_argument(
            "--init_from",
            type=str | None,
            default=None,
            help="Begin with the policy of this checkpoint, in a run of its own.",
        )

    def before_instantiate_classes(self) -> None:
        config = self.config[self.config.subcommand]
        if self.config.subcommand == "fit":
            claim_folder(
                Path(config.trainer.default_root_dir),
                may_hold_run=bool(config.ckpt_path) or config.overwrite,
            )

    def after_instantiate_classes(self) -> None:
        """Take over the policy of `--init_from`, but in a resumed run, which has its own.

        Raises:
            FileNotFoundError, ValueError: that checkpoint is not there, or does not fit.
        """
        config = self.config[self.config.subcommand]
        self.carried_over: str | None = None
        if config.init_from and not resumes(config):
            self.carried_over = begin_from(Path(config.init_from), self.model)
            rank_zero_only(tell)(f"molgfn: {self.carried_over}")

    def before_fit(self) -> None:
        """Drop what a replaced run left: its checkpoints, beside which Lightning would choose other
        names for ours, and its quarantine, to which we would add.

        Not before all parts of the new run are made: a mistake in a config costs nothing.
        """
        config = self.config[self.config.subcommand]
        if config.overwrite and not resumes(config):
            drop_run(Path(config.trainer.default_root_dir))

    def instantiate_trainer(self, **kwargs: Any) -> pl.Trainer:
        trainer = self.config_init[self.config.subcommand].trainer
        root = Path(trainer.default_root_dir)
        given = trainer.callbacks or []
        given = given if isinstance(given, list) else [given]
        self.trainer_defaults["callbacks"] = [
            callback
            for callback in standard_callbacks(root)
            if not any(isinstance(callback, type(other)) for other in given)
        ]
        if trainer.enable_progress_bar is not False:
            self.trainer_defaults["callbacks"].append(Progress())
        if trainer.logger is None or trainer.logger is True:
            kwargs["logger"] = [
                CSVLogger(root, name="logs"),
                OfflineWandbLogger(save_dir=str(root)),
            ]
        return super().instantiate_trainer(**kwargs)

    def _parse_ckpt_path(self) -> None:
        """Tell where the checkpoint differs from the config, instead of letting it override.

        Raises:
            FileNotFoundError, ValueError: `--ckpt_path` is not there, or is not a checkpoint.
        """
        config = self.config[self.config.subcommand]
        path = config.get("ckpt_path")
        if not path or path in KEYWORDS:
            return
        if not Path(path).is_file():
            raise FileNotFoundError(f"--ckpt_path {path} is not a file")
        try:
            checkpoint = torch.load(path, map_location="cpu", weights_only=True)
            remembered = dict(leaves(checkpoint["hyper_parameters"]))
        except Exception as error:
            reason = (str(error) or type(error).__name__).splitlines()[0]
            raise ValueError(
                f"--ckpt_path {path} is not a checkpoint of molgfn: {reason}"
            ) from error
        typed = dict(leaves(config.model.as_dict()))
        for key in sorted(remembered.keys() & typed.keys()):
            if remembered[key] != typed[key]:
                rank_zero_only(tell)(
                    f"molgfn: model.{key} is {typed[key]!r} in this run and {remembered[key]!r} in "
                    "the checkpoint; this run's value is used"
                )


def standard_callbacks(root: Path) -> list[pl.Callback]:
    """What every run has; a config that names one of them replaces it."""
    return [
        Throughput(),
        Curves(),
        GradientNorms(),
        SampleMetrics(),
        EvaluationMetrics(),
        BestMolecules(),
        Quarantine(),
        Checkpoints(
            dirpath=root / "checkpoints",
            filename="{step}",
            save_last=True,
            every_n_train_steps=250,
            save_on_exception=True,
        ),
        Artefacts(),
    ]


def last_checkpoint(root: Path) -> Path:
    """Where a run in this folder keeps its newest checkpoint."""
    return root / "checkpoints" / "last.ckpt"


def resumes(config: Any) -> bool:
    """Whether a run continues another one; a keyword, such as "last", finds one or starts anew."""
    if config.ckpt_path in KEYWORDS:
        return last_checkpoint(Path(config.trainer.default_root_dir)).exists()
    return bool(config.ckpt_path)


def claim_folder(root: Path, *, may_hold_run: bool) -> None:
    """Make the run folder and see that it can be written to.

    Raises:
        ValueError: it already holds a run, which nobody asked to continue or to replace.
        OSError: it cannot be made or written to.
    """
    last = last_checkpoint(root)
    if last.exists() and not may_hold_run:
        raise ValueError(
            f"{root} already holds a run. Continue it with --ckpt_path {last}, replace it with "
            "--overwrite true, or choose another folder with --trainer.default_root_dir"
        )
    root.mkdir(parents=True, exist_ok=True)
    probe = root / ".writable"
    probe.touch()
    probe.unlink(missing_ok=True)  # another rank may have been faster


@rank_zero_only
def drop_run(root: Path) -> None:
    """Remove the checkpoints and the quarantine of the run in a folder; its logs stay."""
    for path in (root / "checkpoints").glob("*.ckpt"):
        path.unlink()
    (root / QUARANTINE).unlink(missing_ok=True)


def leaves(tree: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Dotted names and values of nested mappings; `init_args` is not part of a name."""
    if isinstance(tree, dict):
        for key, value in tree.items():
            inner = name if key == "init_args" else f"{name}.{key}".lstrip(".")
            yield from leaves(value, inner)
    else:
        yield name, tree


def _quieten() -> None:
    """Keep Lightning's advertisements and its notes to its own developers off the screen."""
    logging.getLogger("pytorch_lightning.utilities.rank_zero").setLevel(logging.WARNING)
    logging.getLogger("lightning_fabric.utilities.seed").setLevel(logging.WARNING)
    warnings.filterwarnings("ignore", message=".*treespec.*", module="pytorch_lightning")
    warnings.filterwarnings("ignore", message=".*does not have many workers.*")
    # a reward's network, which nobody trains
    warnings.filterwarnings("ignore", message=r".*module\(s\) in eval mode.*")


def launch(args: Sequence[str], cli: type[GFlowNetCLI] = GFlowNetCLI) -> GFlowNetCLI:
    """Run a subcommand of LightningCLI.

    Args:
        args: the subcommand and its options.
        cli: what runs it.
    Returns:
        The command line after its work, with its model and trainer.
    Raises:
        ValueError: an option or key that cannot be understood, or a checkpoint of another model.
        SIGTERMException: SIGTERM ended the run.
    """
    _quieten()
    sys.argv[1:] = args  # what Lightning starts the other ranks of this machine with
    quiet = {"exit_on_error": False}
    try:
        return cli(
            GFlowNet,
            TrajectoryBatches,
            auto_configure_optimizers=False,
            trainer_defaults=TRAINER_DEFAULTS,
            seed_everything_default=0,
            save_config_callback=Provenance,
            save_config_kwargs={"save_to_log_dir": False},
            parser_kwargs={"fit": quiet, "validate": quiet, "test": quiet, **quiet},
        )
    except ArgumentError as error:
        raise ValueError(explain(str(error), args)) from error
    except MisconfigurationException as error:
        raise ValueError(str(error)) from error
    except RuntimeError as error:
        if "loading state_dict" not in str(error):
            raise
        raise ValueError(f"the checkpoint does not fit the model of this run: {error}") from error


def main(args: Sequence[str]) -> int:
    """Run `molgfn fit | validate | test`.

    Returns:
        Exit code: 0, or 143 when SIGTERM ended the run.
    """
    try:
        launch(args)
    except SIGTERMException:
        print("molgfn: ended by SIGTERM, after saving a checkpoint", file=sys.stderr)
        return 128 + signal.SIGTERM
    return 0
