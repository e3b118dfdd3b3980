"""`docs/rewards.md`: its examples run as they stand, and its table says what the code does."""

import re
from pathlib import Path

import pytest
import yaml
from rdkit import Chem

from molgfn.configurable import build
from molgfn.rewards import properties
from molgfn.rewards.alerts import Alerts
from molgfn.rewards.base import Reward
from molgfn.rewards.leaf import Leaf
from molgfn.rewards.novelty import Novelty
from molgfn.rewards.ring_systems import RingRarity
from molgfn.rewards.similarity import Distance, Similarity
from molgfn.rewards.substructure import UnwantedSubstructure, WantedSubstructure

PAGE = (Path(__file__).resolve().parents[1] / "docs" / "rewards.md").read_text()
BLOCKS = re.findall(r"```yaml\n(.*?)```", PAGE, re.S)
MOLECULES = ["CC(=O)Oc1ccccc1C(=O)O", "CCN1CCN(CC1)C(=O)c1ccc(O)cc1", "Nc1ccccc1N=Nc1ccccc1"]


def make(text: str) -> Reward:
    made = build(yaml.safe_load(text), Reward)
    assert isinstance(made, Reward)
    return made


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the file that the examples name."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "known.smi").write_text("CCN1CCN(CC1)C(=O)c1ccc(O)cc1\n")
    return tmp_path


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(text, marks=[pytest.mark.slow] if "Workers" in text else [], id=str(number))
        for number, text in enumerate(BLOCKS)
    ],
)
def test_every_example_scores_molecules(folder: Path, text: str) -> None:
    reward = make(text)
    scores = reward([Chem.MolFromSmiles(smiles) for smiles in MOLECULES])
    assert scores.log_reward.isfinite().all()
    assert set(scores.components) == set(reward.component_names)


def test_the_filters_of_the_example_zero_what_they_should(folder: Path) -> None:
    (text,) = (block for block in BLOCKS if "known.smi" in block)
    scores = make(text)([Chem.MolFromSmiles(smiles) for smiles in MOLECULES])
    zeroed = (scores.log_reward.exp() <= 0.0011).tolist()
    assert zeroed == [True, True, True]  # a Brenk alert, a known molecule, an azo group
    assert scores.components["novelty"].tolist() == [1, 0, 1]
    assert scores.components["num_alerts"].tolist() == [1, 0, 3]
    assert scores.components["unwanted_matches"].tolist() == [0, 0, 1]


def leaves(folder: Path) -> dict[str, Leaf]:
    """The rewards of the table with a transform, by the name in its first column."""
    (folder / "known.smi").write_text("CCO\n")
    names = ["QED", "SA", "LogP", "TPSA", "MolecularWeight", "HBD", "HBA", "RotatableBonds"]
    made: list[Leaf] = [getattr(properties, name)() for name in (*names, "Rings")]
    made += [Similarity(["CCO"]), Distance(["CCO"]), Novelty(str(folder / "known.smi"))]
    made += [WantedSubstructure(["C"]), UnwantedSubstructure(["C"]), Alerts(), RingRarity()]
    return {f"{type(one).__module__.split('.')[-1]}.{type(one).__name__}": one for one in made}


def test_the_table_names_components_and_usual_transforms(tmp_path: Path) -> None:
    rows = [line.split(" | ") for line in PAGE.splitlines() if re.match(r"\| `\w+\.\w+` ", line)]
    table = {row[0].strip("| `"): (row[2].strip("`"), row[3].strip("`")) for row in rows}
    for name, reward in leaves(tmp_path).items():
        component, transform = table.pop(name)
        assert component == reward.name
        assert transform.startswith(type(reward.transform).__name__)
        for number in re.findall(r"[\d.]+", transform):
            given = reward.transform._given.values()
            assert any(abs(float(number) - value) < 0.005 for value in given if value is not None)
    assert not table
