"""From what a model says to what may be believed, learned on molecules that it has not seen."""

from dataclasses import dataclass

import torch
from torch import Tensor

from molgfn.proxy.target_model import Estimate

SCALES = torch.logspace(-1, 1, 41, dtype=torch.float64)
NOISES = torch.cat([torch.zeros(1), torch.logspace(-1.5, 0.25, 36)]).double()
"""Candidates; those of noise are shares of the root mean squared error."""
PRIOR_WIDTH = 1.0
"""Standard deviation that log scale has before anything is measured."""
START = (4.0, -2.0)
"""Slope and offset with which a share of 0, 1/2 and 1 becomes a logit of -2, 0 and 2."""
NEWTON_STEPS = 50


@dataclass(frozen=True)
class Calibration:
    """How raw estimates are corrected.

        regression      mean' = mean,                         std'^2 = (scale std)^2 + noise^2
        classification  mean' = sigmoid(slope mean + offset), std' = |slope| mean' (1 - mean') std

    Attributes:
        classification: which of the two.
        scale: above 0.
        noise: in the target's units, from 0; what the raw std does not know of, such as the error
            of a measurement.
        slope, offset: of Platt's correction.
    """

    classification: bool
    scale: float = 1.0
    noise: float = 0.0
    slope: float = START[0]
    offset: float = START[1]

    def __call__(self, raw: Estimate) -> Estimate:
        """Correct B estimates."""
        if not self.classification:
            return Estimate(raw.mean, ((self.scale * raw.std) ** 2 + self.noise**2).sqrt())
        mean = (self.slope * raw.mean + self.offset).sigmoid()
        return Estimate(mean, abs(self.slope) * mean * (1 - mean) * raw.std)


def calibrated(raw: Estimate, measured: Tensor, classification: bool) -> Calibration:
    """The correction under which [M] measurements are most likely.

    Of numbers, scale and noise are taken from a grid, with a log-normal prior on the scale. Of
    classes, see `platt`.
    """
    if classification:
        slope, offset = platt(raw.mean, measured)
        return Calibration(True, slope=slope, offset=offset)
    squared = (measured - raw.mean).double().square()  # [M]
    scales = SCALES[:, None, None]
    noises = (NOISES * squared.mean().sqrt())[:, None]
    variance = (scales * raw.std.double()).square() + noises.square()
    variance = variance.clamp(min=1e-6 * float(squared.mean()) + 1e-12)  # [41, 37, M]
    surprise = 0.5 * (variance.log() + squared / variance).sum(2)
    surprise = surprise + 0.5 * (scales[..., 0].log() / PRIOR_WIDTH).square()
    i, j = divmod(int(surprise.argmin()), len(NOISES))
    return Calibration(False, scale=float(SCALES[i]), noise=float(noises[j, 0]))


def platt(score: Tensor, label: Tensor) -> tuple[float, float]:
    """Slope and offset of the most likely logit of [M] labels, given scores [M] in about [0, 1].

    A Gaussian prior of width 1 around `START` holds them when there are few labels, or one class.

    Source: Platt 1999, Advances in Large Margin Classifiers.
    """
    x = torch.stack([score.double(), torch.ones_like(score, dtype=torch.float64)], 1)  # [M, 2]
    start = torch.tensor(START, dtype=torch.float64)
    prior = torch.eye(2, dtype=torch.float64)
    weights = start.clone()
    for _ in range(NEWTON_STEPS):
        probability = (x @ weights).sigmoid()
        gradient = x.T @ (probability - label) + prior @ (weights - start)
        hessian = (x * (probability * (1 - probability))[:, None]).T @ x + prior
        weights = weights - torch.linalg.solve(hessian, gradient)
    slope, offset = weights.tolist()
    return slope, offset
