"""Every YAML in configs/ makes what it says."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from pytorch_lightning.cli import LightningCLI

from molgfn.chem.resources import shipped
from molgfn.data import TrajectoryBatches
from molgfn.module import GFlowNet

CONFIGS = shipped("", root="configs")
TRAINED = sorted(path for path in CONFIGS.glob("*.yaml") if "trainer:" in path.read_text())
BASES = {"ddp": ["seh"], "debug": ["quickstart"], "gpu": ["seh"]}
"""Overlays, and what they are laid over."""


def instantiate(names: Sequence[str], options: Sequence[str] = ()) -> LightningCLI:
    args = [part for name in names for part in ("--config", str(CONFIGS / f"{name}.yaml"))]
    return LightningCLI(
        GFlowNet,
        TrajectoryBatches,
        args=[*args, *options, "--trainer.accelerator", "cpu", "--trainer.logger", "false"],
        run=False,
        auto_configure_optimizers=False,
        seed_everything_default=0,
        parser_kwargs={"exit_on_error": False},
        save_config_callback=None,
    )


@pytest.mark.parametrize("name", [path.stem for path in TRAINED])
def test_every_config_plays_a_step(name: str, request: pytest.FixtureRequest) -> None:
    names = [*BASES.get(name, []), name]
    if any(name.startswith("seh") for name in names):
        request.getfixturevalue("seh_folder")
    options = []
    if name == "proxy":
        folder = request.getfixturevalue("proxy_folder")
        options = ["--model.reward.init_args.model", str(folder)]
    cli = instantiate(names, options)
    played = cli.model.training_step(4, 0)["batch"]
    assert played.log_reward.isfinite().all()


@pytest.mark.parametrize("path", TRAINED, ids=lambda path: path.stem)
def test_every_config_opens_with_what_it_gives_and_its_command(path: Path) -> None:
    lines = path.read_text().splitlines()
    header = [line for line in lines[: lines.index("trainer:")] if line.startswith("#")]
    assert len(header) >= 2
    assert f"molgfn fit -c {BASES.get(path.stem, [path.stem])[0]}" in "\n".join(header)
