"""From a raw number of a molecule to a score between 0 (useless) and 1 (as wanted)."""

import math
from abc import ABC, abstractmethod

import torch
from torch import Tensor

from molgfn.configurable import Configurable

_LN9 = math.log(9.0)  # sigmoid(ln 9) = 0.9, sigmoid(-ln 9) = 0.1


class Transform(Configurable, ABC):
    """A function of one number, applied to a batch."""

    @abstractmethod
    def __call__(self, raw: Tensor) -> Tensor:
        """[B] raw values -> [B] scores in [0, 1]; NaN stays NaN."""


class Clip(Transform):
    """score = min(high, max(low, raw)), for raw values that are scores already.

    Args:
        low, high: 0 <= low < high <= 1.
    """

    def __init__(self, low: float = 0.0, high: float = 1.0) -> None:
        if not 0 <= low < high <= 1:
            raise ValueError(f"Clip(low={low}, high={high}): accepted are 0 <= low < high <= 1")
        self.low, self.high = low, high

    def __call__(self, raw: Tensor) -> Tensor:
        return raw.clamp(self.low, self.high)


class Linear(Transform):
    """score = (raw - low) / (high - low), clipped to [0, 1]: 0 at low, 1 at high.

    Args:
        low, high: finite and different; high below low rewards small values.
    """

    def __init__(self, low: float, high: float) -> None:
        _check_ends("Linear", low, high)
        self.low, self.high = low, high

    def __call__(self, raw: Tensor) -> Tensor:
        return ((raw - self.low) / (self.high - self.low)).clamp(0, 1)


class Sigmoid(Transform):
    """score = sigmoid(2 ln 9 (raw - (low + high) / 2) / (high - low)): 0.1 at low, 0.9 at high.

    Args:
        low, high: finite and different; high below low rewards small values.
    """

    def __init__(self, low: float, high: float) -> None:
        _check_ends("Sigmoid", low, high)
        self.low, self.high = low, high

    def __call__(self, raw: Tensor) -> Tensor:
        middle, span = (self.low + self.high) / 2, self.high - self.low
        return torch.sigmoid(2 * _LN9 * (raw - middle) / span)


class DoubleSigmoid(Transform):
    """score = sigmoid(ln 9 (raw - low) / width) sigmoid(ln 9 (high - raw) / width): a window.

    In a window much wider than `width` the score is 0.5 at both edges, 0.9 a width inside and 0.1 a
    width outside.

    Args:
        low, high: edges; finite, low below high.
        width: of the flanks; above 0.
    """

    def __init__(self, low: float, high: float, width: float) -> None:
        _check_ends("DoubleSigmoid", low, high)
        if not low < high or not 0 < width < math.inf:
            raise ValueError(
                f"DoubleSigmoid(low={low}, high={high}, width={width}): accepted are low < high "
                "and a positive finite width"
            )
        self.low, self.high, self.width = low, high, width

    def __call__(self, raw: Tensor) -> Tensor:
        rise = torch.sigmoid(_LN9 * (raw - self.low) / self.width)
        return rise * torch.sigmoid(_LN9 * (self.high - raw) / self.width)


class Step(Transform):
    """score = 1 where low <= raw <= high, else 0.

    Args:
        low, high: edges, which count as inside; None leaves that side open.
    """

    def __init__(self, low: float | None = None, high: float | None = None) -> None:
        ends = [end for end in (low, high) if end is not None]
        if not ends or not all(map(math.isfinite, ends)) or ends != sorted(ends):
            raise ValueError(
                f"Step(low={low}, high={high}): accepted are finite edges, low first, and at least "
                "one of them"
            )
        self.low = -math.inf if low is None else low
        self.high = math.inf if high is None else high

    def __call__(self, raw: Tensor) -> Tensor:
        inside = (raw >= self.low) & (raw <= self.high)
        return inside.to(raw).masked_fill(raw.isnan(), torch.nan)


def _check_ends(name: str, low: float, high: float) -> None:
    if not (math.isfinite(low) and math.isfinite(high)) or low == high:
        raise ValueError(
            f"{name}(low={low}, high={high}): accepted are finite and different numbers"
        )
