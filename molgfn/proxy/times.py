"""When molecules were measured: years or other numbers, or dates."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def read_times(texts: Sequence[str]) -> NDArray[np.float64]:
    """[N] numbers that order times: as given, or days since 1970 for dates; NaN where unknown."""
    numbers = [_number(text) for text in texts]
    if not any(text and math.isnan(number) for text, number in zip(texts, numbers, strict=True)):
        return np.array(numbers, np.float64)
    import pandas as pd

    dates = pd.to_datetime(pd.Series(list(texts)), errors="coerce", format="mixed", utc=True)
    days = (dates - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(days=1)
    return np.asarray(days, np.float64)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
