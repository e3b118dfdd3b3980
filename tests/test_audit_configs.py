"""Every YAML in configs/audit/ makes what it says, in a space that can be audited exactly."""

from pathlib import Path

import pytest

from molgfn.callbacks.audit import Audit
from molgfn.chem.resources import shipped
from molgfn.enumeration import estimate_num_states
from tests.test_configs import instantiate

CONFIGS = sorted(shipped("audit", root="configs").glob("*.yaml"))


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_every_config_of_an_audit_plays_a_step_in_a_small_space(path: Path) -> None:
    cli = instantiate([f"audit/{path.stem}"])
    assert cli.model.training_step(4, 0)["batch"].valid.all()
    (callback,) = [made for made in cli.trainer.callbacks if isinstance(made, Audit)]
    assert 10_000 <= estimate_num_states(cli.model.environment) <= callback.max_states


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_every_config_of_an_audit_opens_with_its_command(path: Path) -> None:
    lines = path.read_text().splitlines()
    header = [line for line in lines[: lines.index("trainer:")] if line.startswith("#")]
    assert f"molgfn audit -c audit/{path.stem} " in "\n".join(header)


def test_each_vocabulary_of_the_audits_has_its_config() -> None:
    vocabularies = shipped("fragments/audit").glob("*.yaml")
    assert {path.stem for path in vocabularies} == {path.stem for path in CONFIGS} - {"core"}
