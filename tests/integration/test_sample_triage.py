"""`molgfn sample --triage`: one command from a checkpoint to a triaged list."""

import base64
import gzip
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch

from molgfn.cli import sampling
from molgfn.cli.main import main
from tests.tiny import fit

LENIENT = "{properties: {heavy_atoms: {min: 3}}, best_of_scaffold: 3}"
TRIAGED = (".csv", ".removed.csv", ".funnel.json")


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("run")
    fit(folder, [], steps=1).save_checkpoint(folder / "last.ckpt")
    return str(folder / "last.ckpt")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("mine.yaml").write_text(LENIENT)
    return tmp_path


def sample(checkpoint: str, *options: str, triage: str = "mine.yaml", output: str = "a.csv") -> int:
    common = ("--device", "cpu", "--num", "40", "--batch-size", "16", "--triage", triage)
    return main(["sample", "--checkpoint", checkpoint, *common, "--output", output, *options])


def test_one_command_writes_candidates_and_those_worth_looking_at(
    checkpoint: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sample(checkpoint) == 0
    drawn, kept = pd.read_csv("a.csv"), pd.read_csv("a.triaged.csv")
    removed = pd.read_csv("a.triaged.removed.csv")
    assert len(drawn) == len(kept) + len(removed) == 40
    assert {"log_p", "fragments", "cluster"} <= set(kept.columns)
    funnel = json.loads(Path("a.triaged.funnel.json").read_text())
    assert sum(step["removed"] for step in funnel) == len(removed)
    assert funnel[-1]["left"] == len(kept)
    assert f"{len(kept)} of 40 candidates in a.triaged.csv" in capsys.readouterr().out
    assert not list(folder.glob("*.part.*"))


def test_it_gives_what_two_commands_give(checkpoint: str, folder: Path) -> None:
    assert sample(checkpoint) == 0
    command = ["triage", "--input", "a.csv", "-c", "mine.yaml", "--output", "b.csv"]
    assert main(command) == 0
    for kind in TRIAGED:
        assert (folder / f"a.triaged{kind}").read_text() == (folder / f"b{kind}").read_text()


def test_provenance_says_which_checkpoint_how_and_what_was_triaged(
    checkpoint: str, folder: Path
) -> None:
    assert sample(checkpoint, "--seed", "5", "--temperature", "2") == 0
    drawn = json.loads(Path("a.provenance.json").read_text())
    assert drawn["checkpoint"]["path"] == checkpoint
    assert drawn["checkpoint"]["step"] == 1
    assert len(drawn["checkpoint"]["sha256"]) == 64
    assert (drawn["seed"], drawn["beta"], drawn["temperature"]) == (5, 1.0, 2.0)
    triaged = json.loads(Path("a.triaged.provenance.json").read_text())
    assert triaged["triage"]["settings"]["best_of_scaffold"] == 3
    assert {name: triaged[name] for name in drawn} == drawn


def test_the_report_of_the_triaged_file_shows_its_checkpoint_and_funnel(checkpoint: str) -> None:
    assert sample(checkpoint, "--seed", "5") == 0
    assert main(["report", "--input", "a.triaged.csv", "--output", "r.html"]) == 0
    packed = max(re.findall(r"[A-Za-z0-9+/=]{500,}", Path("r.html").read_text()), key=len)
    shown = json.loads(gzip.decompress(base64.b64decode(packed)))
    assert "step 1" in shown["identity"]["checkpoint"]
    assert shown["identity"]["seed"] == "5"
    assert shown["funnel"] == json.loads(Path("a.triaged.funnel.json").read_text())


@pytest.mark.parametrize("when", ["before", "within", "after"])
def test_a_kill_during_triage_loses_nothing(
    checkpoint: str, folder: Path, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    assert sample(checkpoint, output="whole.csv") == 0
    work, write = sampling.triage, sampling.write_triaged

    def killed(*args: Any, **options: Any) -> Any:
        if when == "after":
            write(*args, **options)
        raise KeyboardInterrupt

    def killed_within(rows: Iterator[Any], *args: Any) -> Any:
        next(rows)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        if when == "within":
            patch.setattr(sampling, "triage", killed_within)
        else:
            patch.setattr(sampling, "write_triaged", killed)
        assert sample(checkpoint) == 130
    assert sampling.triage is work
    assert (folder / "a.csv").read_bytes() == (folder / "whole.csv").read_bytes()
    assert sample(checkpoint, "--resume") == 0
    for kind in TRIAGED:
        ours, theirs = folder / f"a.triaged{kind}", folder / f"whole.triaged{kind}"
        assert ours.read_bytes() == theirs.read_bytes()
    assert not list(folder.glob("*.part.*"))


def test_nothing_is_drawn_again_after_a_kill_during_triage(
    checkpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*args: Any) -> Any:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(sampling, "triage", killed)
        assert sample(checkpoint) == 130
    monkeypatch.setattr(sampling.Stream, "append", lambda *args: pytest.fail("it draws"))
    assert sample(checkpoint, "--resume") == 0


def test_a_triage_that_removes_everything_says_which_step_did_and_keeps_the_candidates(
    checkpoint: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "harsh.yaml").write_text("min_reward: 2")
    assert sample(checkpoint, triage="harsh.yaml") == 1
    assert "triage removed all 40 candidates, the last in step 'reward'" in capsys.readouterr().err
    assert len(pd.read_csv("a.csv")) == 40
    assert len(pd.read_csv("a.triaged.removed.csv")) == 40
    assert not (folder / "a.triaged.csv").exists()
    assert not list(folder.glob("*.part.*"))


def test_a_folder_that_vanishes_during_triage_is_one_line(
    checkpoint: str,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (folder / "out").mkdir()
    work = sampling.triage

    def and_vanish(*args: Any) -> Any:
        found = work(*args)
        shutil.rmtree("out")
        return found

    monkeypatch.setattr(sampling, "triage", and_vanish)
    assert sample(checkpoint, output="out/a.csv") == 1
    errors = [line for line in capsys.readouterr().err.splitlines() if "error" in line]
    assert len(errors) == 1
    assert "out" in errors[0]


def test_conformers_of_what_is_kept_are_in_the_triaged_file(checkpoint: str, folder: Path) -> None:
    assert sample(checkpoint, "--num", "4", "--conformers", output="a.sdf") == 0
    assert " 3D" in (folder / "a.triaged.sdf").read_text()


@pytest.mark.parametrize(
    ("triage", "message"),
    [
        ("gone.yaml", "config 'gone.yaml' is neither a file nor a shipped config"),
        ("wrong.yaml", "colour"),
        ("lost.yaml", "known.smi does not exist"),
    ],
)
def test_a_bad_triage_is_one_line_before_anything_is_drawn(
    checkpoint: str, folder: Path, capsys: pytest.CaptureFixture[str], triage: str, message: str
) -> None:
    (folder / "wrong.yaml").write_text("colour: red")
    (folder / "lost.yaml").write_text("reference: known.smi")
    before = sorted(path.name for path in folder.iterdir())
    assert sample(checkpoint, triage=triage) == 1
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert sorted(path.name for path in folder.iterdir()) == before


@pytest.mark.parametrize("kind", [".triaged.csv", ".triaged.removed.csv", ".provenance.json"])
def test_no_file_is_replaced_unasked(
    checkpoint: str, folder: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    (folder / f"a{kind}").write_text("precious")
    assert sample(checkpoint) == 1
    assert f"a{kind} exists already" in capsys.readouterr().err
    assert (folder / f"a{kind}").read_text() == "precious"


def test_a_checkpoint_of_another_version_that_cannot_be_loaded_is_named(
    checkpoint: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    held = torch.load(checkpoint, weights_only=True)
    held["molgfn"]["version"] = "0.0.1"
    held["state_dict"].pop(next(iter(held["state_dict"])))
    torch.save(held, "old.ckpt")
    assert sample("old.ckpt") == 1
    error = capsys.readouterr().err
    assert "old.ckpt" in error
    assert "it is of molgfn 0.0.1, and this is" in error
    assert error.count("\n") == 1


def test_a_checkpoint_of_another_version_that_can_be_loaded_is_told(
    checkpoint: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    held = torch.load(checkpoint, weights_only=True)
    held["molgfn"]["version"] = "0.0.1"
    torch.save(held, "old.ckpt")
    assert sample("old.ckpt") == 0
    assert "old.ckpt is of molgfn 0.0.1, and this is" in capsys.readouterr().err
    assert json.loads(Path("a.provenance.json").read_text())["checkpoint"]["version"] == "0.0.1"
