"""Rewards that compare: similarity, substructures, alerts, ring systems, novelty."""

import math
from pathlib import Path
from typing import Any

import pytest
from rdkit import Chem
from rdkit.DataStructs import TanimotoSimilarity

from molgfn.chem.alerts import alerts
from molgfn.chem.similarity import fingerprints
from molgfn.configurable import describe
from molgfn.rewards.alerts import Alerts
from molgfn.rewards.leaf import Leaf
from molgfn.rewards.novelty import Novelty
from molgfn.rewards.ring_systems import RingRarity
from molgfn.rewards.similarity import Distance, Similarity
from molgfn.rewards.substructure import UnwantedSubstructure, WantedSubstructure
from molgfn.rewards.transforms import Linear

ASPIRIN, PARACETAMOL = "CC(=O)Oc1ccccc1C(=O)O", "CC(=O)Nc1ccc(O)cc1"
EVERY: list[tuple[type[Leaf], dict[str, Any]]] = [
    (Similarity, {"references": [ASPIRIN]}),
    (Distance, {"references": [ASPIRIN]}),
    (WantedSubstructure, {"smarts": ["c1ccccc1"]}),
    (UnwantedSubstructure, {"smarts": ["c1ccccc1"]}),
    (Alerts, {"catalogues": ["BRENK"]}),
    (RingRarity, {}),
]


def raw(reward: Leaf, *smiles: str) -> list[float]:
    values = reward([Chem.MolFromSmiles(text) for text in smiles]).components[reward.name]
    return [round(value, 4) for value in values.tolist()]


def score(reward: Leaf, *smiles: str) -> list[float]:
    name = f"{reward.name}_score"
    values = reward([Chem.MolFromSmiles(text) for text in smiles]).components[name]
    return [round(value, 4) for value in values.tolist()]


def test_similarity_is_that_of_the_nearest_reference() -> None:
    a, b = fingerprints([Chem.MolFromSmiles(ASPIRIN), Chem.MolFromSmiles(PARACETAMOL)])
    expected = round(TanimotoSimilarity(a, b), 4)
    assert 0 < expected < 1
    assert raw(Similarity([ASPIRIN]), ASPIRIN, PARACETAMOL) == [1, expected]
    assert raw(Similarity([ASPIRIN, PARACETAMOL]), ASPIRIN, PARACETAMOL) == [1, 1]


def test_distance_is_one_minus_similarity() -> None:
    (near,) = raw(Similarity([ASPIRIN]), PARACETAMOL)
    assert raw(Distance([ASPIRIN]), ASPIRIN, PARACETAMOL) == [0, round(1 - near, 4)]


def test_references_are_read_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text(f"name,smiles\naspirin,{ASPIRIN}.[Na+]\n")
    assert raw(Similarity(file=str(tmp_path / "mine.csv")), ASPIRIN) == [1]


@pytest.mark.parametrize("arguments", [{}, {"references": [ASPIRIN], "file": "mine.smi"}])
def test_references_come_from_one_place(arguments: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="accepted is one of the two"):
        Similarity(**arguments)


def test_no_readable_reference_is_refused() -> None:
    with pytest.raises(ValueError, match="references: 1 of 1 entries are no SMILES"):
        Similarity(["nonsense"])
    with pytest.raises(ValueError, match="references holds no molecules"):
        Similarity([])


def test_matches_are_counted_in_different_places() -> None:
    biphenyl = "c1ccc(-c2ccccc2)cc1"
    assert raw(WantedSubstructure(["c1ccccc1"]), "CCO", ASPIRIN, biphenyl) == [0, 1, 2]
    assert raw(UnwantedSubstructure(["c1ccccc1", "[OX2H]"]), "CCO", ASPIRIN) == [1, 2]


def test_one_match_is_wanted_and_none_is_where_they_are_unwanted() -> None:
    assert score(WantedSubstructure(["c1ccccc1"]), "CCO", ASPIRIN) == [0, 1]
    assert score(UnwantedSubstructure(["c1ccccc1"]), "CCO", ASPIRIN) == [1, 0]


def test_a_transform_makes_use_of_the_count() -> None:
    wanted = WantedSubstructure(["[CX3]=O"], transform=Linear(0, 4))
    assert score(wanted, "CCO", PARACETAMOL, ASPIRIN) == [0, 0.25, 0.5]


@pytest.mark.parametrize("smarts", [[], ["C(C"], [""], ["C", "nonsense"]])
def test_smarts_that_cannot_be_read_are_refused(smarts: list[str]) -> None:
    with pytest.raises(ValueError, match=r"smarts .*accepted"):
        WantedSubstructure(smarts)


def test_alerts_are_counted_over_the_named_catalogues() -> None:
    azo = "Nc1ccccc1N=Nc1ccccc1"
    assert raw(Alerts(["PAINS"]), azo, ASPIRIN) == [1, 0]
    assert raw(Alerts(), azo) == [len(alerts(Chem.MolFromSmiles(azo)))] == [4]
    assert score(Alerts(["PAINS"]), azo, ASPIRIN) == [0, 1]


@pytest.mark.parametrize("catalogues", [[], ["PAINS", "PAINS"], ["ALL"]])
def test_catalogues_are_named_once_and_rightly(catalogues: list[str]) -> None:
    with pytest.raises(ValueError, match="accepted"):
        Alerts(catalogues)


def test_ring_rarity_is_that_of_the_rarest_ring_system() -> None:
    known = RingRarity().known
    benzene, total = known.counts["c1ccccc1"], known.num_molecules
    common = math.log10((total + 1) / (benzene + 1))
    unseen = math.log10(total + 1)
    found = raw(RingRarity(), "CCO", "Cc1ccccc1", "c1ccccc1C1CC2(C1)CN2")
    assert found == [0, round(common, 4), round(unseen, 4)]


def test_a_ring_system_that_is_nowhere_scores_0_and_a_common_one_1() -> None:
    assert score(RingRarity(), "C1CC2(C1)CN2", "Cc1ccccc1", "CCO") == [0, 1, 1]


def test_a_small_table_of_ring_systems_needs_a_transform(tmp_path: Path) -> None:
    path = tmp_path / "small.json"
    path.write_text(
        '{"source": "s", "licence": "l", "num_molecules": 9, "ring_systems": {"C1CC1": 4}}'
    )
    with pytest.raises(ValueError, match="9 molecules"):
        RingRarity(str(path))
    small = RingRarity(str(path), transform=Linear(1, 0))
    assert raw(small, "CC1CC1", "c1ccccc1") == [round(math.log10(2), 4), 1]


def test_a_molecule_of_the_file_is_not_novel(tmp_path: Path) -> None:
    (tmp_path / "known.smi").write_text("CC(=O)Oc1ccccc1C(O)=O aspirin\n")
    novelty = Novelty(str(tmp_path / "known.smi"))
    assert raw(novelty, ASPIRIN, PARACETAMOL) == [0, 1]
    assert score(novelty, ASPIRIN, PARACETAMOL) == [0, 1]


@pytest.mark.parametrize(("kind", "arguments"), EVERY)
def test_a_failing_molecule_leaves_others_unchanged(
    kind: type[Leaf], arguments: dict[str, Any]
) -> None:
    reward = kind(**arguments)
    scores = reward([None, Chem.MolFromSmiles(PARACETAMOL), Chem.Mol()])
    assert set(scores.failures) == {0, 2}
    alone = reward([Chem.MolFromSmiles(PARACETAMOL)])
    assert scores.log_reward[1] == alone.log_reward[0]


@pytest.mark.parametrize(("kind", "arguments"), EVERY)
def test_every_reward_can_be_written_to_a_config(
    kind: type[Leaf], arguments: dict[str, Any]
) -> None:
    again = kind(**describe(kind(**arguments, floor=0.05, name="mine"))["init_args"])
    assert (again.name, again.floor) == ("mine", 0.05)
