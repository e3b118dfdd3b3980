"""`molgfn sample` and `molgfn evaluate` on a checkpoint of peptides."""

import json
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from molgfn.chem.fasta import read_fasta
from molgfn.cli.main import main
from molgfn.envs.sequences import Peptides
from molgfn.module import GFlowNet
from molgfn.policies.sequences import SequenceTransformer
from molgfn.rewards.amp import AMPStudent
from molgfn.rewards.peptide_network import PeptideNetwork, save_classifier
from molgfn.sequence_likelihood import log_likelihood_of_texts
from tests.hypergrid import fit


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    torch.manual_seed(0)
    save_classifier(PeptideNetwork(width=8, num_layers=1, max_length=4), folder / "c.safetensors")
    module = GFlowNet(
        Peptides(min_length=1, max_length=4),
        partial(SequenceTransformer, width=8, num_layers=1, num_heads=1),
        AMPStudent(str(folder / "c.safetensors")),
        seed=0,
    )
    fit(folder, [], steps=2, subject=module).save_checkpoint(folder / "last.ckpt")
    return folder / "last.ckpt"


def run(command: str, checkpoint: Path, output: Path, *more: str) -> int:
    named = ["--checkpoint", str(checkpoint), "--output", str(output), "--device", "cpu"]
    return main([command, *named, *more])


@pytest.fixture(scope="module")
def table(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    output = tmp_path_factory.mktemp("out") / "a.csv"
    assert run("sample", checkpoint, output, "--num", "40") == 0
    return pd.read_csv(output, keep_default_na=False)


def test_a_row_names_the_sequence_its_reward_and_its_probability(table: pd.DataFrame) -> None:
    assert list(table) == [
        *("id", "sequence", "draw", "log_reward", "reward", "beta", "temperature"),
        *("amp_probability", "log_p", "length"),
    ]
    assert len(table) == 40
    assert (table.length == table.sequence.str.len()).all()
    assert table.log_reward.is_monotonic_decreasing


def test_rewards_are_those_of_the_reward(table: pd.DataFrame, checkpoint: Path) -> None:
    reward = GFlowNet.load_from_checkpoint(checkpoint).reward
    expected = reward(list(table.sequence)).log_reward.numpy()
    np.testing.assert_allclose(table.log_reward, expected, atol=1e-5)


def test_log_p_is_the_exact_likelihood(table: pd.DataFrame, checkpoint: Path) -> None:
    model = GFlowNet.load_from_checkpoint(checkpoint).eval()
    expected = log_likelihood_of_texts(model.environment, model.policy, list(table.sequence), 1.0)
    np.testing.assert_allclose(table.log_p, expected.numpy(), atol=1e-4)


def test_unique_sequences_are_different(checkpoint: Path, tmp_path: Path) -> None:
    assert run("sample", checkpoint, tmp_path / "a.csv", "--num", "60", "--unique") == 0
    sequences = pd.read_csv(tmp_path / "a.csv", keep_default_na=False).sequence
    assert len(sequences) == len(set(sequences)) == 60


def test_fasta_holds_the_same_sequences_with_their_rewards(
    table: pd.DataFrame, checkpoint: Path, tmp_path: Path
) -> None:
    output = tmp_path / "a.fasta"
    assert run("sample", checkpoint, output, "--num", "40") == 0
    first = read_fasta(output)[0][0]
    assert first.sequence == table.sequence[0]
    assert first.name == f"{table.id[0]} reward={table.reward[0]:.6g}"
    assert output.read_text().count(">") == 40


@pytest.mark.parametrize("suffix", ["sdf", "smi"])
def test_a_format_of_molecules_is_refused(
    checkpoint: Path, tmp_path: Path, suffix: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("sample", checkpoint, tmp_path / f"a.{suffix}") == 1
    message = capsys.readouterr().err
    assert "builds sequences" in message
    assert ".csv, .fasta, .parquet" in message
    assert not list(tmp_path.iterdir())


def test_a_picture_of_sequences_is_refused(
    checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture = str(tmp_path / "a.png")
    assert run("sample", checkpoint, tmp_path / "a.csv", "--picture", picture) == 1
    assert "there are no pictures" in capsys.readouterr().err


def test_evaluation_has_rewards_and_edit_distances(checkpoint: Path, tmp_path: Path) -> None:
    assert run("evaluate", checkpoint, tmp_path / "a.json", "--num", "300") == 0
    metrics = json.loads((tmp_path / "a.json").read_text())
    assert metrics["num_sequences"] == 300
    assert metrics["target"] == "sequences"
    assert 0 < metrics["reward_mean"] < metrics["top_100_reward"] < 1
    assert 0 < metrics["mean_edit_distance"] < 4
    assert 0 < metrics["top_100_edit_distance"] < 4
    assert metrics["component_means"]["amp_probability"] == pytest.approx(metrics["reward_mean"])


def test_an_audit_of_sequences_says_that_it_is_for_molecules(
    checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("audit", checkpoint, tmp_path / "a.json") == 1
    assert "Peptides, which does not build molecules" in capsys.readouterr().err
