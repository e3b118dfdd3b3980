"""What a YAML file may ask of a triage."""

from pathlib import Path

import pytest

from molgfn.chem.resources import shipped
from molgfn.triage.config import Range, TriageConfig, read_config

SHIPPED = shipped("triage.yaml", root="configs")


def test_the_shipped_config_asks_for_drug_like_molecules_without_alerts() -> None:
    config = read_config(SHIPPED)
    assert config.properties["qed"] == Range(min=0.4)
    assert config.properties["mw"] == Range(200, 550)
    assert config.alerts == ["PAINS", "BRENK", "NIH"]


def test_the_shipped_config_tells_its_command() -> None:
    assert "molgfn triage --input" in SHIPPED.read_text().split("\nduplicates")[0]


def test_options_win_over_the_file() -> None:
    config = read_config(SHIPPED, ["--min_reward", "0.5", "--reference", "known.smi"])
    assert (config.min_reward, config.reference) == (0.5, "known.smi")
    assert config.best_of_cluster == read_config(SHIPPED).best_of_cluster


def test_what_a_file_does_not_say_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("min_reward: 1.5\n")
    assert read_config(path) == TriageConfig(min_reward=1.5)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("colour: red", "colour"),
        ("properties: {colour: {max: 1}}", "properties has 'colour': accepted are mw, logp"),
        ("properties: {mw: {min: 9, max: 8}}", "min = 9 above max = 8"),
        ("properties: {mw: {maximum: 8}}", "maximum"),
        ("properties: {mw: many}", "many"),
        ("alerts: [ODD]", "catalogue 'ODD'"),
        ("cluster_similarity: 1.5", "accepted is above 0 and at most 1"),
        ("diverse: 0", "diverse = 0: accepted are whole numbers from 1"),
        ("max_similarity: 0.5", "max_similarity needs a reference"),
        ("{cluster_similarity: null, best_of_cluster: 2}", "best_of_cluster needs clusters"),
        ("min_reward: much", "min_reward"),
        ("[1, 2", "mine.yaml"),
    ],
)
def test_a_config_that_cannot_be_used_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"mine\.yaml") as error:
        read_config(path)
    assert message in str(error.value)
