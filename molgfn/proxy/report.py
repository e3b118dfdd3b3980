"""What became of a table, in sentences."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence

import numpy as np

from molgfn.proxy.measurements import OUTLIER, Excluded, Measurements
from molgfn.proxy.merge import Merged

APART = 1.0  # units of the target; a factor of ten, for p-values
RELATION_WORDS = {"<": "at most", ">": "at least"}


def count_reasons(excluded: Iterable[Excluded]) -> str:
    """How often each kind of reason occurs, the commonest first."""
    kinds = Counter(one.reason.split(":")[0] for one in excluded)
    return ", ".join(f"{count:,} {kind}" for kind, count in kinds.most_common())


def report(
    measurements: Measurements,
    merged: Sequence[Sequence[Merged]],
    num_rows: int,
    num_used: int,
    drawn: Collection[str],
) -> list[str]:
    """Counts of rows and molecules, then of what is special about the values of each target.

    Args:
        merged: [N, T] what each value stands for.
        num_rows: of the table.
        num_used: rows that are behind a value.
        drawn: structures as they were drawn, salts and all.
    """
    counts = count_reasons(measurements.excluded)
    notes = [
        f"rows used: {num_used:,} of {num_rows:,}" + (f"; excluded: {counts}" if counts else ""),
        f"structures as drawn: {len(drawn):,}, of several components: "
        f"{sum('.' in smiles for smiles in drawn):,}; molecules without salts and charges: "
        f"{len(measurements):,}",
    ]
    for number, target in enumerate(measurements.targets):
        column = [row[number] for row in merged]
        repeated = [one.spread for one in column if one.relation == "=" and one.num_values > 1]
        if repeated:
            apart = sum(spread > APART for spread in repeated)
            notes.append(
                f"{target!r}: molecules measured several times, of which the median is used: "
                f"{len(repeated):,}; their values differ by {np.median(repeated):.2g} (median) and "
                f"up to {max(repeated):.2g}; by more than {APART:g}: {apart:,}"
            )
        bounds = Counter(one.relation for one in column if one.relation != "=")
        notes += [
            f"{target!r}: censored molecules, whose value is {RELATION_WORDS[relation]} the one "
            f"given: {count:,}"
            for relation, count in sorted(bounds.items())
        ]
        if aside := sum(one.set_aside for one in column):
            notes.append(f"{target!r}: bounds set aside because exact values exist: {aside:,}")
        if flagged := int(measurements.outlier[:, number].sum()):
            notes.append(
                f"{target!r}: outliers, more than {OUTLIER:g} robust standard deviations from the "
                f"median, that are kept and flagged: {flagged:,}"
            )
    return notes
