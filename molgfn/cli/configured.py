"""What a config makes, without a run: nothing is trained, no folder is made."""

from collections.abc import Sequence
from typing import Any

from molgfn.cli.fit import GFlowNetCLI, launch


class ConfiguredCLI(GFlowNetCLI):
    """Makes model, data and trainer as `molgfn fit` does, and stops there."""

    def before_instantiate_classes(self) -> None:
        """No folder is claimed."""

    def fit(self, model: Any, **kwargs: Any) -> None:
        """Called in the place of the trainer's."""


def configured(configs: Sequence[str], options: Sequence[str]) -> ConfiguredCLI:
    """The command line of `molgfn fit` with its model, data and trainer.

    Args:
        configs: YAML files, later ones over earlier ones.
        options: further options of `molgfn fit`.
    Raises:
        ValueError: a config or option that cannot be understood, or asks for what is not there.
    """
    args = [part for config in configs for part in ("--config", config)]
    cli = launch(["fit", *args, *options], ConfiguredCLI)
    assert isinstance(cli, ConfiguredCLI)
    return cli
