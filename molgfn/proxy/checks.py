"""What a target must have, so that something can be learned of it."""

import numpy as np
from numpy.typing import NDArray

LEAST = 10
Rows = NDArray[np.bool_]
"""[N] which molecules."""


def is_classification(values: NDArray[np.float64], task: str, name: str) -> bool:
    """Whether a target is a class; "auto" says so when all its values are 0 or 1.

    Raises:
        ValueError: classes were asked for, and there are other values.
    """
    binary = bool(np.isin(values, (0, 1)).all())
    if task == "classification" and not binary:
        other = values[~np.isin(values, (0, 1))][0]
        raise ValueError(
            f"target {name!r} has the value {other:g}; accepted for classification are 0 and 1"
        )
    return binary if task == "auto" else task == "classification"


def check_target(values: NDArray[np.float64], measured: Rows, tested: Rows, name: str) -> None:
    """Refuse a target that nothing can be learned of.

    Raises:
        ValueError: fewer than ten values, all equal, or none to test on.
    """
    if (count := int(measured.sum())) < LEAST:
        raise ValueError(
            f"target {name!r} has {count} measured molecules; accepted are at least {LEAST}"
        )
    for rows, which in ((measured, "all"), (measured & ~tested, "all that are not tested on")):
        if rows.any() and np.ptp(values[rows]) == 0:
            raise ValueError(
                f"target {name!r}: the values of {which} are {values[rows][0]:g}; there is nothing "
                "to learn"
            )
    if not tested.any():
        raise ValueError(
            f"target {name!r}: no molecule of the test has an exact value; accepted is another "
            "seed, or a larger test share"
        )
