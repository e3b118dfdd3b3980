"""A run knows what made it."""

import json
import subprocess
from pathlib import Path

import torch

import molgfn
from molgfn.callbacks.provenance import git_state, provenance


def git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    subprocess.run(["git", "-C", folder, *identity, *arguments], check=True, capture_output=True)


def committed(folder: Path) -> Path:
    """A git repository with one committed package."""
    (folder / "__init__.py").write_text("")
    git(folder, "init")
    git(folder, "add", ".")
    git(folder, "commit", "-m", "first")
    return folder


def test_versions_are_those_in_use() -> None:
    facts = provenance()
    assert facts["version"] == molgfn.__version__
    assert facts["torch"].split("+")[0] == torch.__version__.split("+")[0]


def test_provenance_is_json() -> None:
    assert json.loads(json.dumps(provenance())).keys() == provenance().keys()


def test_a_clean_checkout_has_a_revision_and_no_changes(tmp_path: Path) -> None:
    state = git_state(committed(tmp_path))
    assert len(state["git_revision"]) == 40
    assert state["git_modified"] is False


def test_a_changed_file_is_told(tmp_path: Path) -> None:
    (committed(tmp_path) / "__init__.py").write_text("changed = True\n")
    assert git_state(tmp_path)["git_modified"] is True


def test_a_package_installed_inside_a_foreign_checkout_has_no_revision(tmp_path: Path) -> None:
    package = committed(tmp_path) / "site-packages"
    package.mkdir()
    (package / "__init__.py").write_text("")
    assert git_state(package) == {"git_revision": None, "git_modified": None}


def test_outside_a_checkout_there_is_no_revision(tmp_path: Path) -> None:
    assert git_state(tmp_path)["git_revision"] is None
