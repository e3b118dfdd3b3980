"""The three places that say how to install (pyproject, constraints, environment) say the same."""

import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

CHECKOUT = Path(__file__).resolve().parents[1]
INSTALL_ARGUMENTS = ["-c constraints.txt", "-e .[test]"]


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    return tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]


@pytest.fixture(scope="module")
def environment() -> list[Any]:
    return yaml.safe_load((CHECKOUT / "environment.yml").read_text())["dependencies"]


@pytest.fixture(scope="module")
def pinned() -> dict[str, str]:
    lines = (CHECKOUT / "constraints.txt").read_text().splitlines()
    pins = [line.split("==") for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(name): version for name, version in pins}


def direct_requirements() -> list[Requirement]:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())
    return [
        Requirement(text)
        for text in (
            *project["build-system"]["requires"],
            *project["project"]["dependencies"],
            *project["project"]["optional-dependencies"]["test"],
        )
    ]


def test_environment_installs_with_the_arguments_of_the_makefile(environment: list[Any]) -> None:
    (pip_section,) = [entry["pip"] for entry in environment if isinstance(entry, dict)]
    assert pip_section == INSTALL_ARGUMENTS
    assert (
        '.venv/bin/pip install -c constraints.txt -e ".[test]"'
        in (CHECKOUT / "Makefile").read_text()
    )


def test_environment_holds_only_python_pip_and_the_pip_section(environment: list[Any]) -> None:
    names = [re.split("[<>=]", entry)[0] for entry in environment if isinstance(entry, str)]
    assert names == ["python", "pip"]
    assert len(environment) == 3


def test_environment_and_pyproject_accept_the_same_pythons(
    project: dict[str, Any], environment: list[Any]
) -> None:
    python = environment[0].removeprefix("python")
    assert SpecifierSet(python) == SpecifierSet(project["requires-python"])


@pytest.mark.parametrize("requirement", direct_requirements(), ids=lambda r: r.name)
def test_every_direct_dependency_is_pinned_within_its_bounds(
    requirement: Requirement, pinned: dict[str, str]
) -> None:
    assert requirement.specifier.contains(pinned[canonicalize_name(requirement.name)])


def test_the_tested_torch_is_2_13_without_a_local_tag(pinned: dict[str, str]) -> None:
    assert pinned["torch"] == "2.13.0"


def test_no_pin_has_a_local_tag(pinned: dict[str, str]) -> None:
    assert [name for name, version in pinned.items() if "+" in version] == []


def test_ci_runs_the_test_command_of_the_readme() -> None:
    script = (CHECKOUT / ".ci" / "run").read_text()
    assert "set -euo pipefail" in script
    assert "make test" in script
    assert "make test" in (CHECKOUT / "README.md").read_text()


def test_ci_script_is_executable_in_git() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "--stage", ".ci/run"], cwd=CHECKOUT, capture_output=True, text=True
    )
    if listed.returncode or not listed.stdout:
        pytest.skip("not a git checkout")
    assert listed.stdout.startswith("100755")


def test_no_file_names_a_path_of_one_machine() -> None:
    pattern = "|".join(f"/{folder}/" for folder in ("work", "root", "home", "mnt"))
    found = subprocess.run(
        ["git", "grep", "-nIE", f"(^|[^A-Za-z0-9_.-])({pattern})"],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
    )
    if found.returncode > 1:
        pytest.skip("not a git checkout")
    assert found.stdout == ""
