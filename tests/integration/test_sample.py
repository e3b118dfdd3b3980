"""`molgfn sample` and `molgfn evaluate` on a small checkpoint, as a user types them."""

import json
import pickle
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image
from rdkit import Chem

import molgfn
from molgfn.cli.main import main
from tests.tiny import Picky, fit


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("run")
    fit(folder, []).save_checkpoint(folder / "last.ckpt")
    return str(folder / "last.ckpt")


@pytest.fixture(scope="module")
def picky(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("picky")
    fit(folder, [], reward=Picky()).save_checkpoint(folder / "last.ckpt")
    return str(folder / "last.ckpt")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def sample(checkpoint: str, *options: str) -> int:
    return main(["sample", "--checkpoint", checkpoint, "--device", "cpu", *options])


def evaluate(checkpoint: str, *options: str) -> int:
    return main(["evaluate", "--checkpoint", checkpoint, "--device", "cpu", *options])


def test_the_installed_command_writes_candidates(checkpoint: str) -> None:
    command = [sys.executable, "-m", "molgfn", "sample", "--checkpoint", checkpoint]
    result = subprocess.run(
        [*command, "--num", "20", "--output", "a.csv"], capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("20 molecules in a.csv, from 20 drawn; reward: mean 0.")
    assert "20/20" in result.stderr


def test_candidates_are_valid_and_the_best_come_first(checkpoint: str) -> None:
    assert sample(checkpoint, "--num", "30", "--output", "a.csv") == 0
    table = pd.read_csv("a.csv")
    assert len(table) == 30
    assert table.reward.is_monotonic_decreasing
    assert all(Chem.MolFromSmiles(smiles) is not None for smiles in table.smiles)
    assert table.reward.to_numpy() == pytest.approx(table.qed.to_numpy(), rel=1e-5)


def test_the_build_route_names_as_many_fragments_as_there_are(checkpoint: str) -> None:
    sample(checkpoint, "--num", "30", "--output", "a.csv")
    table = pd.read_csv("a.csv")
    assert list(table.fragments.str.count(r" \| ") + 1) == list(table.num_fragments)


def test_unique_candidates_are_different(checkpoint: str) -> None:
    assert sample(checkpoint, "--num", "30", "--unique", "--output", "a.csv") == 0
    table = pd.read_csv("a.csv")
    assert table.smiles.nunique() == table.id.nunique() == 30


def test_more_unique_candidates_than_exist_is_an_error_that_keeps_those_found(
    checkpoint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sample(checkpoint, "--num", "110", "--unique", "--output", "a.csv") == 1
    assert f"only {len(pd.read_csv('a.csv'))} of 110 molecules" in capsys.readouterr().err


def test_the_seed_decides_the_candidates(checkpoint: str, folder: Path) -> None:
    for name, seed in (("a", "1"), ("b", "1"), ("c", "2")):
        sample(checkpoint, "--num", "10", "--seed", seed, "--output", f"{name}.csv")
    first, again, other = ((folder / f"{name}.csv").read_text() for name in "abc")
    assert first == again != other


@pytest.mark.parametrize("suffix", [".csv", ".smi", ".sdf", ".parquet"])
def test_every_format_holds_every_candidate(checkpoint: str, suffix: str) -> None:
    path = f"a{suffix}"
    assert sample(checkpoint, "--num", "7", "--output", path) == 0
    readers = {
        ".csv": pd.read_csv,
        ".parquet": pd.read_parquet,
        ".smi": lambda name: Path(name).read_text().splitlines(),
        ".sdf": lambda name: [mol for mol in Chem.SDMolSupplier(name) if mol is not None],
    }
    assert len(readers[suffix](path)) == 7


def test_a_picture_is_drawn(checkpoint: str) -> None:
    assert sample(checkpoint, "--num", "7", "--output", "a.csv", "--picture", "a.png") == 0
    assert Image.open("a.png", formats=["PNG"]).width > 1000


def test_molecules_without_reward_are_quarantined_and_replaced(
    picky: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sample(picky, "--num", "30", "--output", "a.csv") == 0
    set_aside = pd.read_csv("a.quarantine.csv")
    assert len(pd.read_csv("a.csv")) == 30
    assert set(set_aside.reason) == {"holds fluorine"}
    assert set_aside.smiles.str.contains("F").all()
    assert f"{len(set_aside)} molecules have no reward" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--output", "a.xlsx"], "unknown suffix"),
        (["--output", "missing/a.csv"], "does not exist"),
        (["--output", "full.csv"], "exists already"),
        (["--output", "a.csv", "--picture", "a.jpg"], "unknown suffix"),
        (["--output", "a.csv", "--beta", "3"], "was trained at beta = 1"),
    ],
)
def test_a_bad_option_is_one_line_and_writes_nothing(
    checkpoint: str,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    message: str,
) -> None:
    (folder / "full.csv").write_text("precious")
    assert sample(checkpoint, *options) == 1
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert [path.name for path in folder.iterdir()] == ["full.csv"]
    assert (folder / "full.csv").read_text() == "precious"


def test_overwriting_is_possible_on_demand(checkpoint: str, folder: Path) -> None:
    (folder / "a.csv").write_text("old")
    assert sample(checkpoint, "--num", "3", "--output", "a.csv", "--overwrite") == 0
    assert len(pd.read_csv("a.csv")) == 3


class Hostile:
    """What its reader would execute."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (open, ("executed", "w"))


@pytest.mark.parametrize("kind", ["missing", "empty", "truncated", "text", "hostile"])
def test_a_bad_checkpoint_is_one_line(
    checkpoint: str, folder: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    whole = Path(checkpoint).read_bytes()
    content = {
        "empty": b"",
        "truncated": whole[: len(whole) // 2],
        "text": b"not a checkpoint",
        "hostile": pickle.dumps(Hostile()),
    }
    if kind in content:
        (folder / "bad.ckpt").write_bytes(content[kind])
    assert sample("bad.ckpt", "--output", "a.csv") == 1
    error = capsys.readouterr().err
    assert "bad.ckpt" in error
    assert error.count("\n") == 1
    assert not (folder / "a.csv").exists()
    assert not (folder / "executed").exists()


@pytest.mark.parametrize("number", ["0", "-1", "many"])
def test_a_number_that_is_none_is_refused(
    checkpoint: str, capsys: pytest.CaptureFixture[str], number: str
) -> None:
    with pytest.raises(SystemExit, match="2"):
        sample(checkpoint, "--num", number, "--output", "a.csv")
    assert f"'{number}' is not a whole number from 1" in capsys.readouterr().err


def test_evaluation_writes_what_it_shows(
    checkpoint: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate(checkpoint, "--num", "300", "--output", "metrics.json") == 0
    metrics = json.loads((folder / "metrics.json").read_text())
    assert json.loads(capsys.readouterr().out) == metrics
    assert metrics["num_molecules"] == 300
    assert metrics["validity"] == 1.0
    assert 0 < metrics["uniqueness"] < 1
    assert metrics["component_means"]["qed"] == pytest.approx(metrics["reward_mean"], rel=1e-5)
    assert metrics["top_10_reward"] > metrics["reward_mean"]
    assert metrics["trajectories_per_second"] > 0
    assert (metrics["seed"], metrics["version"]) == (0, molgfn.__version__)
    assert metrics["target"] == "trees"
    assert isinstance(metrics["log_z"], float)


def test_evaluation_counts_molecules_without_reward_as_invalid(picky: str, folder: Path) -> None:
    assert evaluate(picky, "--num", "100", "--output", "metrics.json") == 0
    metrics = json.loads((folder / "metrics.json").read_text())
    assert 0 < metrics["validity"] < 1


def test_evaluation_refuses_another_suffix(
    checkpoint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate(checkpoint, "--output", "metrics.csv") == 1
    assert "accepted are .json" in capsys.readouterr().err
