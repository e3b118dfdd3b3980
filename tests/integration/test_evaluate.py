"""What `molgfn evaluate` adds with a reference and thresholds, as a user types it."""

import json
from pathlib import Path

import pytest

from molgfn.cli.main import main
from tests.tiny import fit


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("run")
    fit(folder, []).save_checkpoint(folder / "last.ckpt")
    return str(folder / "last.ckpt")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def evaluate(checkpoint: str, *options: str) -> int:
    command = ["evaluate", "--checkpoint", checkpoint, "--device", "cpu", "--num", "50"]
    return main([*command, "--output", "metrics.json", *options])


def test_a_reference_and_thresholds_add_their_metrics(checkpoint: str, folder: Path) -> None:
    main(["sample", "--checkpoint", checkpoint, "--num", "5", "--output", "known.csv"])
    options = ["--reference", "known.csv", "--thresholds", "0.3", "5"]
    assert evaluate(checkpoint, *options) == 0
    metrics = json.loads((folder / "metrics.json").read_text())
    assert 0 < metrics["novelty"] < 1
    assert metrics["properties"]["qed"]["wasserstein"] > 0
    assert metrics["modes"]["0.3"]["num_molecules"] >= metrics["modes"]["0.3"]["num_modes"] > 0
    assert metrics["modes"]["5"]["num_molecules"] == 0
    assert 0 <= metrics["share_without_alerts"] <= 1
    assert (metrics["circle_distance"], metrics["mode_similarity"]) == (0.75, 0.7)


def test_without_a_reference_there_is_no_novelty(checkpoint: str, folder: Path) -> None:
    assert evaluate(checkpoint) == 0
    metrics = json.loads((folder / "metrics.json").read_text())
    assert "novelty" not in metrics
    assert metrics["modes"] == {}
    assert metrics["num_circles"] >= 1


@pytest.mark.parametrize(("name", "message"), [("gone.smi", "does not exist"), ("e.smi", "no mol")])
def test_a_reference_that_cannot_be_used_is_one_line(
    checkpoint: str, folder: Path, capsys: pytest.CaptureFixture[str], name: str, message: str
) -> None:
    (folder / "e.smi").touch()
    assert evaluate(checkpoint, "--reference", name) == 1
    assert message in capsys.readouterr().err
    assert not (folder / "metrics.json").exists()
