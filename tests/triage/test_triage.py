"""Steps of a triage on molecules that are known."""

from typing import Any

import pytest

from molgfn.chem import processes as processes_module
from molgfn.chem.processes import Processes
from molgfn.triage import triage as triage_module
from molgfn.triage.config import Range, TriageConfig
from molgfn.triage.files import UNREAD
from molgfn.triage.triage import Triaged, triage

NOTHING = TriageConfig(duplicates=False, cluster_similarity=None)
ALCOHOLS = ["CCCCCCCCO", "CCCCCCCO", "CCCCCCO"]
PHENOLS = ["Cc1ccc(O)cc1", "CCc1ccc(O)cc1"]


def rows(*smiles: str, rewards: list[float] | None = None) -> list[dict[str, Any]]:
    if rewards is None:
        return [{"smiles": one} for one in smiles]
    return [{"smiles": s, "reward": r} for s, r in zip(smiles, rewards, strict=True)]


def kept(found: Triaged) -> list[str]:
    return [row["smiles"] for row in found.kept]


def reasons(found: Triaged) -> list[tuple[str, str]]:
    return [(row["step"], row["reason"]) for row in found.removed]


def test_nothing_asked_for_removes_nothing_and_describes_all() -> None:
    found = triage(rows("OCC", "c1ccccc1"), NOTHING)
    assert kept(found) == ["CCO", "c1ccccc1"]
    assert found.kept[0]["inchikey"] == "LFQSCWFLJHTTHZ-UHFFFAOYSA-N"
    assert found.kept[0]["heavy_atoms"] == 3
    assert found.kept[1]["scaffold"] == "c1ccccc1"


def test_the_highest_reward_comes_first_and_none_last() -> None:
    table = [*rows("C", "CC", "CCC", rewards=[1, float("nan"), 2]), {"smiles": "CCCC"}]
    assert kept(triage(table, NOTHING)) == ["CCC", "C", "CC", "CCCC"]


def test_of_equal_molecules_the_best_stays() -> None:
    config = TriageConfig(cluster_similarity=None)
    found = triage(rows("OCC", "CCO", rewards=[1, 2]), config)
    assert [row["reward"] for row in found.kept] == [2]
    assert reasons(found) == [("duplicates", f"the same molecule as {found.kept[0]['id']}")]


def test_a_reward_below_the_least_is_told() -> None:
    config = TriageConfig(min_reward=0.5, cluster_similarity=None)
    table = [*rows("C", "CC", rewards=[0.25, 0.5]), {"smiles": "CCC"}]
    found = triage(table, config)
    assert kept(found) == ["CC"]
    assert reasons(found) == [
        ("reward", "reward 0.25 is below 0.5"),
        ("reward", "it has no reward"),
    ]


def test_a_least_reward_needs_rewards() -> None:
    with pytest.raises(ValueError, match="no candidate has a number in a column `reward`"):
        triage(rows("C"), TriageConfig(min_reward=0.5))


def test_every_property_out_of_range_is_named() -> None:
    ranges = {"heavy_atoms": Range(max=2), "hbd": Range(max=0), "mw": Range(min=10)}
    found = triage(rows("CCO", "CC"), TriageConfig(properties=ranges))
    assert kept(found) == ["CC"]
    assert reasons(found) == [("properties", "heavy_atoms 3 is above 2; hbd 1 is above 0")]


def test_bounds_are_included() -> None:
    ranges = {"heavy_atoms": Range(min=2, max=2)}
    assert kept(triage(rows("C", "CC", "CCC"), TriageConfig(properties=ranges))) == ["CC"]


def test_a_measured_column_wins_over_the_computed_one() -> None:
    table = [{"smiles": "CCO", "logp": "7.5"}]
    found = triage(table, TriageConfig(properties={"logp": Range(max=5)}))
    assert reasons(found) == [("properties", "logp 7.5 is above 5")]


def test_alerts_are_named_and_those_of_other_catalogues_left_aside() -> None:
    table = rows("CCC=O", "CCc1ccccc1")
    found = triage(table, TriageConfig(alerts=["BRENK"]))
    assert kept(found) == ["CCc1ccccc1"]
    assert reasons(found) == [("alerts", "BRENK aldehyde")]
    assert len(triage(table, TriageConfig(alerts=["PAINS"])).kept) == 2


def test_alerts_of_further_catalogues_are_looked_for() -> None:
    found = triage(rows("CI"), TriageConfig(alerts=["CHEMBL"]))
    assert found.emptied_by == "alerts"
    assert found.removed[0]["reason"].startswith("CHEMBL ")


def test_an_alerts_column_of_somebody_else_is_not_believed() -> None:
    table = [{"smiles": "Nc1ccccc1", "alerts": ""}]
    assert triage(table, TriageConfig(alerts=["BRENK"])).emptied_by == "alerts"


def test_a_rare_ring_system_is_named() -> None:
    found = triage(rows("Cc1ccccc1", "C1C2C3C1C23"), TriageConfig(max_ring_rarity=3.5))
    assert kept(found) == ["Cc1ccccc1"]
    assert "is in 0 of" in found.removed[0]["reason"]
    assert found.removed[0]["step"] == "ring systems"


def test_clusters_are_numbered_from_that_of_the_best() -> None:
    table = rows(*ALCOHOLS, *PHENOLS, rewards=[1, 2, 3, 5, 4])
    found = triage(table, TriageConfig(cluster_similarity=0.3))
    assert {row["smiles"]: row["cluster"] for row in found.kept} == {
        **dict.fromkeys(PHENOLS, 1),
        **dict.fromkeys(ALCOHOLS, 2),
    }


def test_the_best_of_each_cluster_stay() -> None:
    table = rows(*ALCOHOLS, *PHENOLS, rewards=[1, 2, 3, 5, 4])
    found = triage(table, TriageConfig(cluster_similarity=0.3, best_of_cluster=1))
    assert kept(found) == [PHENOLS[0], ALCOHOLS[2]]
    assert reasons(found)[0] == (
        "best of each cluster",
        "number 2 of cluster 1, of which 1 stay",
    )


def test_the_best_of_each_scaffold_stay() -> None:
    table = rows(*ALCOHOLS, *PHENOLS, rewards=[1, 2, 3, 5, 4])
    found = triage(table, TriageConfig(best_of_scaffold=1))
    assert kept(found) == [PHENOLS[0], ALCOHOLS[2]]


def test_a_diverse_subset_has_the_best_and_the_unlike() -> None:
    table = rows(*ALCOHOLS, *PHENOLS, rewards=[1, 2, 9, 5, 4])
    found = triage(table, TriageConfig(diverse=2))
    assert len(found.kept) == 2
    assert found.kept[0]["smiles"] == ALCOHOLS[2]
    assert found.kept[1]["smiles"] in PHENOLS


def test_a_diverse_subset_begins_with_the_best() -> None:
    for best in [*ALCOHOLS, *PHENOLS]:
        rewards = [float(one == best) for one in [*ALCOHOLS, *PHENOLS]]
        found = triage(rows(*ALCOHOLS, *PHENOLS, rewards=rewards), TriageConfig(diverse=1))
        assert kept(found) == [best]


def test_the_funnel_adds_up() -> None:
    config = TriageConfig(properties={"mw": Range(max=125)}, best_of_scaffold=1)
    found = triage([*rows(*ALCOHOLS, *PHENOLS), {"smiles": "nonsense"}], config)
    assert [tuple(step.values()) for step in found.funnel] == [
        ("read", 1, 5),
        ("duplicates", 0, 5),
        ("properties", 1, 4),
        ("best of each scaffold", 2, 2),
    ]
    assert (len(found.kept), len(found.removed)) == (2, 4)


def test_the_step_that_removes_the_last_one_is_named() -> None:
    config = TriageConfig(properties={"mw": Range(max=1)}, alerts=["PAINS"])
    found = triage(rows("C", "CC"), config)
    assert found.emptied_by == "properties"
    assert found.funnel[-1] == {"step": "properties", "removed": 2, "left": 0}


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"smiles": ""}, "the SMILES is empty"),
        ({"smiles": "c1ccccc"}, "is no SMILES"),
        ({"smiles": "C(C)(C)(C)(C)C"}, "RDKit refuses"),
        ({"smiles": "C", UNREAD: "the row has 3 fields"}, "the row has 3 fields"),
        ({}, "the SMILES is empty"),
    ],
)
def test_one_bad_row_is_set_aside_with_its_reason(row: dict[str, Any], reason: str) -> None:
    found = triage([{"smiles": "CCO"}, row], NOTHING)
    assert kept(found) == ["CCO"]
    assert [step for step, _ in reasons(found)] == ["read"]
    assert reason in found.removed[0]["reason"]


def test_a_bad_row_far_down_is_set_aside_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(triage_module, "CHUNK", 16)
    table = rows(*["C" * n for n in range(1, 101)])
    table[70]["smiles"] = "nonsense"
    found = triage(table, NOTHING)
    assert len(found.kept) == 99
    assert [row["smiles"] for row in found.removed] == ["nonsense"]


def test_other_processes_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes_module, "ENOUGH", 1)
    smiles = [f"{'C' * n}c1ccc({end})cc1" for n in range(1, 10) for end in ("O", "C=O", "Br")]
    config = TriageConfig(alerts=["BRENK", "ZINC"], cluster_similarity=None)
    table = [*rows(*smiles, "nonsense", ""), {"smiles": "CCO", "logp": "7.5", "id": "mine"}]
    with Processes(2) as processes:
        assert triage(table, config, processes=processes) == triage(table, config)


def test_columns_of_the_user_are_kept() -> None:
    name = 'α,"β" <b>γ</b>'
    (row,) = triage([{"id": name, "smiles": "CCO", "batch": "007"}], NOTHING).kept
    assert (row["id"], row["batch"]) == (name, "007")
