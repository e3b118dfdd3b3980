"""`molgfn fit | validate | test`: LightningCLI around the GFlowNet module."""

import os
import sys
from argparse import ArgumentError
from typing import Any

import torch
from pytorch_lightning.cli import ArgsType, LightningArgumentParser, LightningCLI

from molgfn.data import TrajectoryBatches
from molgfn.module import GFlowNet


class GFlowNetCLI(LightningCLI):
    """LightningCLI in which what the user typed wins over what a checkpoint remembers."""

    def _parse_ckpt_path(self) -> None:
        """Tell where the checkpoint differs from the config, instead of letting it override."""
        config = self.config[self.config.subcommand]
        path = config.get("ckpt_path")
        if not path or path in ("last", "best", "hpc", "registry"):
            return
        try:
            checkpoint = torch.load(path, map_location="cpu", weights_only=True)
        except FileNotFoundError as error:
            raise FileNotFoundError(f"--ckpt_path {path} does not exist") from error
        except Exception as error:
            reason = str(error).splitlines()[0]
            raise ValueError(f"--ckpt_path {path} is not a checkpoint: {reason}") from error
        remembered = flatten(checkpoint.get("hyper_parameters", {}))
        typed = flatten(config.model.as_dict())
        for key in sorted(remembered.keys() & typed.keys()):
            if remembered[key] != typed[key]:
                print(
                    f"molgfn: model.{key} is {typed[key]!r} in this run and {remembered[key]!r} in the "
                    "checkpoint; this run's value is used",
                    file=sys.stderr,
                )


def flatten(tree: Any, prefix: str = "") -> dict[str, Any]:
    """Nested mappings as one, with dotted keys; `init_args` is left out of the names."""
    if not isinstance(tree, dict):
        return {prefix: tree}
    flat: dict[str, Any] = {}
    for key, value in tree.items():
        name = prefix if key == "init_args" else f"{prefix}.{key}".lstrip(".")
        flat |= flatten(value, name)
    return flat


def main(args: ArgsType) -> int:
    """Run a subcommand of LightningCLI.

    Args:
        args: the subcommand and its options.
    """
    sys.argv[1:] = []  # Lightning warns of arguments given twice
    sys.path.append(os.getcwd())  # the user's own rewards and environments
    quiet = {"exit_on_error": False}
    try:
        GFlowNetCLI(
            GFlowNet,
            TrajectoryBatches,
            args=args,
            auto_configure_optimizers=False,
            parser_kwargs={"fit": quiet, "validate": quiet, "test": quiet, **quiet},
        )
    except ArgumentError as error:
        raise ValueError(str(error)) from error
    return 0
