"""How far two distributions, or two columns of numbers, agree."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

FEWEST = 3  # two points always lie on a line


def total_variation(p: Array, q: Array) -> float:
    """1/2 sum |p - q|, in [0, 1] for distributions."""
    return float(0.5 * np.abs(p - q).sum())


def kl(p: Array, q: Array) -> float | None:
    """sum p log(p / q) in nats; None where it is infinite: p > 0 where q = 0."""
    support = p > 0
    if (q[support] <= 0).any():
        return None
    return float((p[support] * np.log(p[support] / q[support])).sum())


def jensen_shannon(p: Array, q: Array) -> float:
    """Half the KL divergence of p, and of q, from their mean; in nats, at most log 2."""
    mean = 0.5 * (p + q)
    halves = [part[part > 0] * np.log(part[part > 0] / mean[part > 0]) for part in (p, q)]
    return float(0.5 * sum(half.sum() for half in halves))


def pearson(x: Array, y: Array) -> float | None:
    """Correlation; None for fewer than `FEWEST` points, or where one column is constant."""
    if len(x) < FEWEST or np.ptp(x) == 0 or np.ptp(y) == 0:
        return None
    return float(np.corrcoef(x, y)[0, 1])


def spearman(x: Array, y: Array) -> float | None:
    """Correlation of ranks, equal values sharing their mean rank; None as for `pearson`."""
    return pearson(ranks(x), ranks(y))


def ranks(x: Array) -> Array:
    """Ranks from 1; equal values share the mean of theirs."""
    _, inverse, counts = np.unique(x, return_inverse=True, return_counts=True)
    mean_rank: Array = counts.cumsum() - (counts - 1) / 2
    return mean_rank[inverse]


def fitted_line(x: Array, y: Array) -> tuple[float, float] | None:
    """Slope and intercept of the least-squares line of y on x; None as for `pearson`."""
    if len(x) < FEWEST or np.ptp(x) == 0:
        return None
    deviation = x - x.mean()
    slope = float((deviation * (y - y.mean())).sum() / (deviation**2).sum())
    return slope, float(y.mean() - slope * x.mean())
