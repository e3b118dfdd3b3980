"""`molgfn peptides fit`: from two FASTA files to a reward."""

import json
import random
from pathlib import Path

import pandas as pd
import pytest

from molgfn.chem.fasta import write_fasta
from molgfn.cli.main import main
from molgfn.rewards.amp import AMPStudent


def peptides(letters: str, count: int, seed: int) -> dict[str, str]:
    rng = random.Random(seed)
    return {f"p{i}": "".join(rng.choices(letters, k=rng.randint(8, 20))) for i in range(count)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two classes that differ in their letters, and a peptide that is in both."""
    made = tmp_path_factory.mktemp("fasta")
    positive = {**peptides("KRLIW", 60, 0), "x": "AXA", "both": "GGGGGG"}
    write_fasta(made / "p.fasta", positive.items())
    write_fasta(made / "n.fasta", {**peptides("DESTA", 60, 1), "also": "GGGGGG"}.items())
    return made


def fit(folder: Path, output: Path, *more: str) -> int:
    files = ["--positive", str(folder / "p.fasta"), "--negative", str(folder / "n.fasta")]
    return main(["peptides", "fit", *files, "--output", str(output), "--steps", "25", *more])


@pytest.fixture(scope="module")
def output(folder: Path) -> Path:
    assert fit(folder, folder / "out") == 0
    return folder / "out"


def test_classes_that_differ_are_told_apart(output: Path) -> None:
    card = json.loads((output / "card.json").read_text())
    assert card["held_out"]["auroc"] > 0.95
    assert card["held_out"]["peptides"] == 12
    assert card["held_out"]["positive"] == 6


def test_the_classifier_is_a_reward(output: Path) -> None:
    reward = AMPStudent(str(output / "classifier.safetensors"))
    active, inactive = reward(["KRLIWKRLIWKR", "DESTADESTADE"]).log_reward.exp().tolist()
    assert active > 0.8
    assert inactive < 0.2


def test_the_table_of_held_out_peptides_is_what_the_reward_gives(output: Path) -> None:
    table = pd.read_csv(output / "held_out.csv")
    reward = AMPStudent(str(output / "classifier.safetensors"), floor=0)
    expected = reward(list(table.sequence)).components["amp_probability"].tolist()
    assert table.probability.tolist() == pytest.approx(expected, abs=1e-5)


def test_what_was_not_used_is_listed_with_its_reason(output: Path) -> None:
    table = pd.read_csv(output / "rejected.csv")
    reasons = {(Path(row.file).name, row.line): row.reason for row in table.itertuples()}
    assert "letter 'X' at 2" in reasons["p.fasta", 121]
    assert reasons["p.fasta", 123] == reasons["n.fasta", 121] == "the sequence is in both files"
    assert len(reasons) == 3 == json.loads((output / "card.json").read_text())["rejected"]


def test_a_peptide_of_both_files_is_in_no_part(output: Path) -> None:
    card = json.loads((output / "card.json").read_text())
    assert sum(card[part]["peptides"] for part in ("trained", "validation", "held_out")) == 120


def test_the_seed_decides_everything(folder: Path, output: Path, tmp_path: Path) -> None:
    assert fit(folder, tmp_path) == 0
    for name in ("card.json", "held_out.csv"):
        assert (tmp_path / name).read_bytes() == (output / name).read_bytes()


def test_files_that_exist_are_not_replaced_unasked(
    folder: Path, output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (output / "card.json").read_bytes()
    assert fit(folder, output, "--seed", "5") == 1
    assert "exists already" in capsys.readouterr().err
    assert (output / "card.json").read_bytes() == before


def test_too_few_peptides_are_refused(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_fasta(tmp_path / "p.fasta", peptides("KRL", 3, 0).items())
    write_fasta(tmp_path / "n.fasta", peptides("DEST", 60, 1).items())
    assert fit(tmp_path, tmp_path / "out") == 1
    assert "3 positive and 60 negative peptides" in capsys.readouterr().err
    assert not list((tmp_path / "out").iterdir())


@pytest.mark.parametrize("identity", ["0", "1.5", "nan"])
def test_an_identity_out_of_range_is_refused(
    folder: Path, tmp_path: Path, identity: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fit(folder, tmp_path, "--identity", identity) == 1
    assert "identity = " in capsys.readouterr().err


def test_a_missing_file_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert fit(tmp_path, tmp_path / "out") == 1
    assert "n.fasta" in capsys.readouterr().err


def test_classes_of_one_family_each_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Relatives stay in one part, so there is nothing that could be held out."""
    for name, letter in (("p", "A"), ("n", "W")):
        family = {f"p{i}": letter * i + "K" + letter * (25 - i) for i in range(25)}
        write_fasta(tmp_path / f"{name}.fasta", family.items())
    assert fit(tmp_path, tmp_path / "out") == 1
    assert "would have only one class" in capsys.readouterr().err
