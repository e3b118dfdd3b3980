"""Metrics of molecules whose answers are known."""

import json
from pathlib import Path

import numpy as np
import pytest
from rdkit import Chem
from rdkit.DataStructs import BulkTanimotoSimilarity

from molgfn.chem.similarity import fingerprints
from molgfn.chemistry_metrics import modes, num_circles, property_metrics
from tests.measured import free_wilson

ALCOHOLS = ["CCCCCCCCO", "CCCCCCCO", "CCCCCCO"]


def mols(*smiles: str) -> list[Chem.Mol]:
    return [Chem.MolFromSmiles(one) for one in smiles]


def greedy(molecules: list[Chem.Mol], distance: float) -> int:
    chosen: list[object] = []
    for one in fingerprints(molecules):
        if all(1 - value > distance for value in BulkTanimotoSimilarity(one, chosen)):
            chosen.append(one)
    return len(chosen)


@pytest.mark.parametrize("distance", [0.3, 0.5, 0.75])
def test_circles_are_what_a_greedy_search_finds(distance: float) -> None:
    molecules = mols(*free_wilson(120).smiles)
    assert num_circles(molecules, distance) == greedy(molecules, distance)


def test_alike_molecules_are_one_circle() -> None:
    assert num_circles(mols(*ALCOHOLS, "c1ccccc1")) == 2
    assert num_circles([]) == 0


def test_modes_count_unlike_molecules_above_a_threshold() -> None:
    molecules = mols(*ALCOHOLS, "c1ccccc1", "C1CCNCC1")
    found = modes(molecules, np.array([1.0, 0.9, 0.8, 0.7, 0.1]), [0.5, 0.95, 2])
    assert found["0.5"] == {"num_molecules": 4, "num_modes": 2, "num_scaffolds": 2}
    assert found["0.95"] == {"num_molecules": 1, "num_modes": 1, "num_scaffolds": 1}
    assert found["2"] == {"num_molecules": 0, "num_modes": 0, "num_scaffolds": 0}


def test_properties_have_means_and_deviations() -> None:
    found = property_metrics(mols("C", "CC"))
    assert found["properties"]["mw"]["mean"] == pytest.approx((16.043 + 30.07) / 2)
    assert found["properties"]["mw"]["std"] == pytest.approx((30.07 - 16.043) / 2)
    assert "novelty" not in found


def test_alerts_lower_the_share_without() -> None:
    assert property_metrics(mols("CCO", "CCC=O"))["share_without_alerts"] == 0.5


def test_novelty_is_the_share_that_the_reference_lacks(tmp_path: Path) -> None:
    path = tmp_path / "known.smi"
    path.write_text("OCC\nCCCC\n")
    assert property_metrics(mols("CCO", "CCN", "CCC"), path)["novelty"] == pytest.approx(2 / 3)


def test_the_distance_of_distributions_is_their_shift(tmp_path: Path) -> None:
    path = tmp_path / "known.smi"
    path.write_text("CC\nCCC\n")
    found = property_metrics(mols("C", "CC"), path)["properties"]["mw"]
    assert found["wasserstein"] == pytest.approx(14.027)
    assert found["reference_mean"] == pytest.approx(found["mean"] + 14.027)


def test_a_set_is_at_no_distance_from_itself(tmp_path: Path) -> None:
    path = tmp_path / "known.smi"
    path.write_text("CCO\nc1ccccc1\n")
    found = property_metrics(mols("c1ccccc1", "CCO"), path)
    assert {values["wasserstein"] for values in found["properties"].values()} == {0}
    assert found["novelty"] == 0


def test_a_reference_of_inchikeys_gives_novelty_only(tmp_path: Path) -> None:
    path = tmp_path / "known.smi"
    path.write_text("LFQSCWFLJHTTHZ-UHFFFAOYSA-N\n")
    found = property_metrics(mols("CCO", "CC"), path)
    assert found["novelty"] == 0.5
    assert "wasserstein" not in found["properties"]["mw"]


def test_an_empty_reference_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "known.smi"
    path.write_text("")
    with pytest.raises(ValueError, match=r"known\.smi holds no molecules"):
        property_metrics(mols("CCO"), path)


def test_metrics_are_strict_json(tmp_path: Path) -> None:
    found = property_metrics(mols("CCO"))
    assert json.loads(json.dumps(found, allow_nan=False)) == found
