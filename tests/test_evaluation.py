"""Metrics of known small samples."""

import json
from typing import Any

import numpy as np
import pytest
from rdkit import Chem

from molgfn.evaluation import (
    Sample,
    evaluate,
    evaluate_chemistry,
    first_of_each,
    subsample,
    top_rewards,
)


def sample(smiles: list[str | None], rewards: list[float]) -> Sample:
    mols = [None if s is None else Chem.MolFromSmiles(s) for s in smiles]
    return Sample(mols, np.log(rewards), np.arange(1, len(smiles) + 1))


@pytest.fixture(scope="module")
def metrics() -> dict[str, Any]:
    smiles = ["c1ccccc1O", "Oc1ccccc1", "CCO", None, "CCCC"]
    return evaluate(sample(smiles, [2.0, 2.0, 4.0, np.nan, np.nan]))


def test_validity_counts_what_decoded_and_has_a_reward(metrics: dict[str, Any]) -> None:
    assert metrics["num_molecules"] == 5
    assert metrics["validity"] == pytest.approx(3 / 5)


def test_two_spellings_of_a_molecule_are_one(metrics: dict[str, Any]) -> None:
    assert metrics["uniqueness"] == pytest.approx(2 / 3)


def test_mean_reward_is_over_the_valid(metrics: dict[str, Any]) -> None:
    assert metrics["reward_mean"] == pytest.approx(8 / 3)
    assert metrics["log_reward_mean"] == pytest.approx(np.log([2, 2, 4]).mean())


def test_mean_number_of_fragments_is_over_the_valid(metrics: dict[str, Any]) -> None:
    assert metrics["mean_num_fragments"] == pytest.approx((1 + 2 + 3) / 3)


def test_acyclic_molecules_share_the_empty_scaffold(metrics: dict[str, Any]) -> None:
    assert metrics["num_scaffolds"] == 2
    assert evaluate(sample(["CCO", "CCN", "c1ccccc1"], [1, 1, 1]))["num_scaffolds"] == 2


def test_diversity_of_unlike_molecules_is_one() -> None:
    assert evaluate(sample(["C", "O"], [1, 1]))["diversity"] == pytest.approx(1.0)


def test_diversity_ignores_repeats() -> None:
    once = evaluate(sample(["c1ccccc1O", "c1ccccc1N"], [1, 1]))
    often = evaluate(sample(["c1ccccc1O"] * 5 + ["c1ccccc1N"], [1] * 6))
    assert often["diversity"] == once["diversity"]
    assert 0 < once["diversity"] < 1


def test_top_rewards_stop_at_the_number_of_distinct_molecules() -> None:
    top = top_rewards(np.arange(1.0, 151.0))
    assert top == {"top_10_reward": 145.5, "top_100_reward": 100.5}


def test_an_empty_sample_has_no_means() -> None:
    empty = evaluate(Sample([], np.zeros(0), np.zeros(0, dtype=np.int64)))
    assert empty["validity"] is None
    assert empty["reward_mean"] is None
    assert empty["diversity"] is None


def test_metrics_are_strict_json() -> None:
    metrics = evaluate(sample(["CC", None], [1.0, np.nan]))
    assert json.loads(json.dumps(metrics, allow_nan=False)) == metrics


def test_first_of_each_keeps_the_order() -> None:
    assert first_of_each(["b", "a", "b", "c", "a"]) == [0, 1, 3]


def test_a_subsample_is_bounded_ordered_and_set_by_its_seed() -> None:
    items = list(range(100, 200))
    drawn = subsample(items, 10, seed=1)
    assert len(set(drawn)) == 10
    assert drawn == sorted(drawn)
    assert drawn == subsample(items, 10, seed=1)
    assert drawn != subsample(items, 10, seed=2)
    assert subsample(items, 100, seed=1) == items


def test_circles_ignore_repeats_and_the_invalid() -> None:
    smiles = ["CCCCCCCCO", "OCCCCCCCC", "CCCCCCCO", "c1ccccc1", None]
    assert evaluate(sample(smiles, [1, 1, 1, 1, np.nan]))["num_circles"] == 2


def test_chemistry_is_of_distinct_valid_molecules() -> None:
    found = evaluate_chemistry(
        sample(["CCO", "OCC", "CC", None], [1, 1, 3, np.nan]), [0.5, 2], None
    )
    assert found["num_described"] == 2
    assert {t: m["num_molecules"] for t, m in found["modes"].items()} == {"0.5": 2, "2": 1}


def test_an_empty_sample_has_no_chemistry() -> None:
    empty = Sample([], np.zeros(0), np.zeros(0, dtype=np.int64))
    assert evaluate_chemistry(empty, [1.0], None)["modes"]["1"]["num_modes"] == 0
