"""What a set of molecules or sequences is worth: validity, uniqueness, diversity, rewards."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from molgfn.chem.descriptors import canonical_smiles, scaffold
from molgfn.chem.similarity import internal_diversity
from molgfn.chemistry_metrics import CIRCLE, MODE, modes, num_circles, property_metrics
from molgfn.edit_distance import mean_edit_distance

TOP = (10, 100, 1000)
MAX_DIVERSITY = 2000  # molecules compared with each other: the work grows with the square
MAX_COMPARED = 2048  # sequences, likewise
BEST = 100


@dataclass(frozen=True)
class Sample:
    """N molecules as they were drawn, repeats included; by position.

    Attributes:
        mols: RDKit molecules, None where decoding failed.
        log_reward: [N] log R at beta = 1, in nats; NaN where there is no reward.
        num_fragments: [N].
    """

    mols: Sequence[Any]
    log_reward: NDArray[np.float64]
    num_fragments: NDArray[np.int64]


def evaluate(sample: Sample, seed: int = 0) -> dict[str, Any]:
    """Metrics of a sample, ready for JSON.

    Returns:
        num_molecules: drawn; validity: share that decoded and has a reward; uniqueness: share of
        distinct canonical SMILES among the valid; reward_mean, log_reward_mean over the valid;
        top_k_reward for each k of `TOP` that has k distinct molecules; diversity over at most
        `MAX_DIVERSITY` distinct molecules, of which there were diversity_molecules; num_circles of
        the distinct at a distance of 0.75 (`molgfn.chemistry_metrics.num_circles`), and
        num_scaffolds among them; mean_num_fragments over the valid. A mean over nothing is None.
    """
    valid = valid_of(sample)
    distinct = distinct_of(sample, valid)
    compared = subsample(distinct, MAX_DIVERSITY, seed)
    rewards = np.exp(sample.log_reward)
    return {
        "num_molecules": len(sample.mols),
        "validity": share(len(valid), len(sample.mols)),
        "uniqueness": share(len(distinct), len(valid)),
        "reward_mean": mean(rewards[valid]),
        "log_reward_mean": mean(sample.log_reward[valid]),
        **top_rewards(rewards[distinct]),
        "diversity": finite(internal_diversity([sample.mols[i] for i in compared])),
        "diversity_molecules": len(compared),
        "num_circles": num_circles([sample.mols[i] for i in distinct]),
        "num_scaffolds": len({scaffold(sample.mols[i]) for i in distinct}),
        "mean_num_fragments": mean(sample.num_fragments[valid]),
    }


def valid_of(sample: Sample) -> list[int]:
    """Positions of the molecules that decoded and have a reward."""
    return [
        i
        for i, mol in enumerate(sample.mols)
        if mol is not None and not np.isnan(sample.log_reward[i])
    ]


def distinct_of(sample: Sample, positions: Sequence[int]) -> list[int]:
    """The first position of each canonical SMILES."""
    keys = [canonical_smiles(sample.mols[i]) for i in positions]
    return [positions[i] for i in first_of_each(keys)]


def evaluate_chemistry(
    sample: Sample, thresholds: Sequence[float], reference: Path | None, seed: int = 0
) -> dict[str, Any]:
    """Metrics of the distinct valid molecules that take longer, ready for JSON.

    Returns:
        circle_distance, mode_similarity: what tells circles and modes apart; modes: see
        `molgfn.chemistry_metrics.modes`; and, where there is a molecule, what `property_metrics`
        returns.
    """
    distinct = distinct_of(sample, valid_of(sample))
    mols = [sample.mols[i] for i in distinct]
    return {
        "circle_distance": CIRCLE,
        "mode_similarity": MODE,
        "modes": modes(mols, np.exp(sample.log_reward[distinct]), thresholds),
        **(property_metrics(mols, reference, seed) if mols else {}),
    }


def evaluate_sequences(
    texts: Sequence[str], log_reward: NDArray[np.float64], seed: int = 0
) -> dict[str, Any]:
    """Metrics of sequences as they were drawn, repeats included; ready for JSON.

    Args:
        log_reward: [N] log R at beta = 1, in nats; NaN where there is no reward.
    Returns:
        num_sequences: drawn; validity: share that has a reward; uniqueness: share of distinct ones
        among these; reward_mean, log_reward_mean and length_mean over them; top_k_reward for each k
        of `TOP` that has k distinct sequences; mean_edit_distance: of all pairs of different draws
        among at most `MAX_COMPARED` with a reward; top_100_edit_distance: likewise among the 100
        (`BEST`) best distinct ones. A mean over nothing is None.
    """
    valid = np.flatnonzero(~np.isnan(log_reward)).tolist()
    distinct = [valid[i] for i in first_of_each([texts[i] for i in valid])]
    compared = subsample(valid, MAX_COMPARED, seed)
    best = sorted(distinct, key=lambda i: -log_reward[i])[:BEST]
    rewards = np.exp(log_reward)
    return {
        "num_sequences": len(texts),
        "validity": share(len(valid), len(texts)),
        "uniqueness": share(len(distinct), len(valid)),
        "reward_mean": mean(rewards[valid]),
        "log_reward_mean": mean(log_reward[valid]),
        "length_mean": mean(np.array([len(texts[i]) for i in valid])),
        **top_rewards(rewards[distinct]),
        "mean_edit_distance": finite(mean_edit_distance([texts[i] for i in compared])),
        "top_100_edit_distance": finite(mean_edit_distance([texts[i] for i in best])),
    }


def top_rewards(rewards: NDArray[np.float64]) -> dict[str, float]:
    """Mean of the k highest rewards, for each k of `TOP` up to their number."""
    descending = np.sort(rewards)[::-1]
    return {f"top_{k}_reward": float(descending[:k].mean()) for k in TOP if k <= len(rewards)}


def first_of_each(keys: Sequence[str]) -> list[int]:
    """Positions at which a key appears for the first time."""
    seen: dict[str, int] = {}
    for position, key in enumerate(keys):
        seen.setdefault(key, position)
    return list(seen.values())


def subsample(items: Sequence[int], size: int, seed: int) -> list[int]:
    """At most `size` of the items, drawn without replacement, in their order."""
    if len(items) <= size:
        return list(items)
    chosen = np.random.default_rng(seed).choice(len(items), size, replace=False)
    return [items[i] for i in np.sort(chosen)]


def share(part: int, whole: int) -> float | None:
    """part / whole, None of nothing."""
    return part / whole if whole else None


def mean(values: NDArray[Any]) -> float | None:
    """Arithmetic mean, None of nothing."""
    return float(values.mean()) if values.size else None


def finite(value: float) -> float | None:
    """The value, None for NaN, which JSON cannot hold."""
    return None if math.isnan(value) else value
