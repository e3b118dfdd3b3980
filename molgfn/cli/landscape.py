"""What a reward looks like on random objects: its histogram, and how beta shifts it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

NUM_BINS = 36
BARS = " ▁▂▃▄▅▆▇█"
PLAIN_BARS = " .:-=+*#@"
"""For terminals that know nothing but ASCII."""


@dataclass(frozen=True)
class Weighted:
    """N objects under weights proportional to R^beta.

    Attributes:
        beta: inverse temperature; 0 weights all alike.
        shares: [NUM_BINS] share of the weight in each bin of log R; they sum to 1.
        mean_reward: sum_i w_i R_i.
        sample_size: effective, 1 / sum_i w_i^2, from 1 to N.
        largest: the largest w_i.
    """

    beta: float
    shares: Array
    mean_reward: float
    sample_size: float
    largest: float


@dataclass(frozen=True)
class Landscape:
    """The reward of N different random objects.

    Attributes:
        log_reward: [N] log R at beta = 1, in nats.
        edges: [NUM_BINS + 1] borders of the bins of log R; what is lower is in the first bin.
    """

    log_reward: Array
    edges: Array

    @classmethod
    def of(cls, log_reward: Array) -> "Landscape":
        """Of at least one finite log-reward; a floor far below the others is no end of the axis."""
        high, quartile = float(log_reward.max()), float(np.quantile(log_reward, 0.25))
        low = max(float(log_reward.min()), quartile - 1.5 * (high - quartile))
        room = 0.5 if high - low < 1e-9 else 0.0
        return cls(log_reward, np.linspace(low - room, high + room, NUM_BINS + 1))

    def at(self, beta: float) -> Weighted:
        """The objects under R^beta."""
        logits = beta * self.log_reward
        weights = np.exp(logits - logits.max())
        weights /= weights.sum()
        log_mean = float(np.logaddexp.reduce(np.log(weights + 1e-300) + self.log_reward))
        clipped = self.log_reward.clip(self.edges[0], self.edges[-1])
        shares, _ = np.histogram(clipped, self.edges, weights=weights)
        return Weighted(
            beta=beta,
            shares=shares,
            mean_reward=math.exp(min(log_mean, 700.0)),
            sample_size=float(1 / np.square(weights).sum()),
            largest=float(weights.max()),
        )

    @property
    def is_constant(self) -> bool:
        """Whether all rewards are the same, up to rounding."""
        return bool(np.ptp(self.log_reward) < 1e-6)

    @property
    def share_at_floor(self) -> float:
        """The share of objects with the very lowest reward."""
        return float((self.log_reward <= self.log_reward.min() + 1e-6).mean())

    def described(self, betas: Sequence[float]) -> dict[str, Any]:
        """All of it as plain data."""
        return {
            "log_reward_edges": self.edges.tolist(),
            "share_at_floor": self.share_at_floor,
            "betas": [
                {
                    "beta": found.beta,
                    "shares": found.shares.tolist(),
                    "mean_reward": found.mean_reward,
                    "effective_sample_size": found.sample_size,
                    "largest_weight": found.largest,
                }
                for found in map(self.at, betas)
            ],
        }


def betas_shown(low: float, high: float) -> list[float]:
    """0, 1, both ends of the trained range, its quarter, its half and its double, sorted."""
    return sorted({0.0, 1.0, low, high / 4, high / 2, high, 2 * high})


def sparkline(shares: Array, bars: str = BARS) -> str:
    """Shares as a line of bars; what is below 0.1% of the highest is left blank."""
    relative = shares / max(shares.max(), 1e-300)
    heights = np.where(relative < 0.001, 0, np.ceil((len(bars) - 1) * relative))
    return "".join(bars[int(height)] for height in heights)
