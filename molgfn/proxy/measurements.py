"""What was measured: distinct molecules with values, as a model is fitted to them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

OUTLIER = 5.0  # standard deviations
PER_MAD = 1.4826  # standard deviations of a normal distribution in its median absolute deviation


@dataclass(frozen=True)
class Excluded:
    """A row of the table that is not used, or not for one of its targets.

    Attributes:
        row: number of the record, from 1; a header is not counted.
        smiles: as the table has it.
        reason: why.
    """

    row: int
    smiles: str
    reason: str


@dataclass(frozen=True)
class Measurements:
    """N distinct molecules and T targets.

    Attributes:
        smiles: [N] canonical, without salts, see `molgfn.proxy.standard`.
        values: [N, T] float64; NaN where not measured.
        targets: [T] names.
        spread: [N, T] greatest minus least of the rows that were merged; 0 for one row.
        relation: [N, T] of "=", "<" and ">": the true value is equal to, below or above `values`.
        time: [N] when each was first measured, such as a year, NaN where unknown; None: no column.
        excluded: rows that are not used.
        notes: what was guessed, converted, merged and counted, a sentence each, for the user.
    """

    smiles: list[str]
    values: NDArray[np.float64]
    targets: list[str]
    spread: NDArray[np.float64]
    relation: NDArray[np.str_]
    time: NDArray[np.float64] | None = None
    excluded: list[Excluded] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.smiles)

    @property
    def outlier(self) -> NDArray[np.bool_]:
        """[N, T] exact values more than five robust standard deviations from their median."""
        exact = np.where(self.relation == "=", self.values, np.nan)
        flags = np.zeros(exact.shape, np.bool_)
        for column in np.flatnonzero(np.isfinite(exact).any(0)):
            distance = np.abs(exact[:, column] - np.nanmedian(exact[:, column]))
            scale = PER_MAD * np.nanmedian(distance)
            flags[:, column] = distance > OUTLIER * scale if scale > 0 else False
        return flags

    def table(self) -> "pd.DataFrame":
        """One row a molecule: its SMILES, each target with what is known of it, the time."""
        import pandas as pd

        columns: dict[str, object] = {"smiles": self.smiles}
        for number, name in enumerate(self.targets):
            columns[name] = self.values[:, number]
            columns[f"{name}_relation"] = self.relation[:, number]
            columns[f"{name}_spread"] = self.spread[:, number]
            columns[f"{name}_outlier"] = self.outlier[:, number]
        if self.time is not None:
            columns["time"] = self.time
        return pd.DataFrame(columns)


def excluded_table(excluded: Iterable[Excluded]) -> "pd.DataFrame":
    """The columns row, smiles and reason, also when nothing was excluded."""
    import pandas as pd

    rows = [(one.row, one.smiles, one.reason) for one in excluded]
    return pd.DataFrame(rows, columns=["row", "smiles", "reason"])
