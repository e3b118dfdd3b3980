"""From the rows of a table to distinct molecules with values; nothing is dropped unsaid."""

import math
from collections.abc import Sequence

import numpy as np

from molgfn.proxy.columns import Columns
from molgfn.proxy.measurements import Excluded, Measurements
from molgfn.proxy.merge import Merged, merge
from molgfn.proxy.numbers import Value
from molgfn.proxy.report import count_reasons, report
from molgfn.proxy.scale import Scale
from molgfn.proxy.standard import Standardizer
from molgfn.proxy.table import Table
from molgfn.proxy.times import read_times
from molgfn.proxy.values import ValueReader

LEAST = 20  # molecules with an exact value of a target
AS_GIVEN = Scale()
Rows = dict[str, dict[int, list[Value | None]]]
"""Molecule -> index of a row -> [T] values."""
CONTRADICTORY = "contradictory: {!r} has bounds on both sides and no exact value"


def curate(table: Table, columns: Columns, scale: Scale = AS_GIVEN) -> Measurements:
    """Standard molecules, each once, with the median of its values.

    A row that cannot be used is excluded with a reason "KIND: DETAIL". A molecule with exact values
    has their median, see `molgfn.proxy.merge`; outliers stay, and are counted.

    Raises:
        ValueError: of a target, fewer than 20 molecules have an exact value, or all of them the
            same; the message counts why rows are excluded.
    """
    texts = table.columns[columns.smiles]
    read, standard = ValueReader(table, columns, scale), Standardizer()
    excluded: list[Excluded] = []
    values: Rows = {}
    for index, smiles in enumerate(texts):
        found, reasons = read(index)
        if any(found):
            try:
                values.setdefault(standard(smiles), {})[index] = found
            except ValueError as error:
                reasons = [*reasons, str(error)]
        excluded += [Excluded(index + 1, smiles, reason) for reason in reasons]

    merged, contradictory = _merge(values, columns.targets, texts)
    excluded += contradictory
    kept = {molecule: found for molecule, found in merged.items() if any(found)}

    grid = [[one or Merged(math.nan) for one in found] for found in kept.values()]
    shape = (len(kept), len(columns.targets))
    time = None
    if columns.time is not None:
        of_row = read_times(table.columns[columns.time])
        time = np.array([np.fmin.reduce(of_row[list(values[molecule])]) for molecule in kept])
    measurements = Measurements(
        smiles=list(kept),
        values=np.array([[one.number for one in row] for row in grid], np.float64).reshape(shape),
        targets=[scale.name(target) for target in columns.targets],
        spread=np.array([[one.spread for one in row] for row in grid], np.float64).reshape(shape),
        relation=np.array([[one.relation for one in row] for row in grid], "<U1").reshape(shape),
        time=time,
        excluded=sorted(excluded, key=lambda one: one.row),
        notes=[*table.notes, *columns.notes, *read.notes],
    )
    _check(measurements, table)
    num_rows = sum(len(values[molecule]) for molecule in kept)
    measurements.notes.extend(report(measurements, grid, len(table), num_rows, standard.drawn))
    return measurements


def _merge(
    values: Rows, targets: Sequence[str], texts: Sequence[str]
) -> tuple[dict[str, list[Merged | None]], list[Excluded]]:
    """Molecule -> [T] its values as one each, and the rows of those that contradict each other."""
    merged: dict[str, list[Merged | None]] = {}
    excluded = []
    for molecule, rows in values.items():
        merged[molecule] = []
        for number, target in enumerate(targets):
            given = {index: value for index, row in rows.items() if (value := row[number])}
            merged[molecule].append(merge(list(given.values())))
            if given and merged[molecule][-1] is None:
                reason = CONTRADICTORY.format(target)
                excluded += [Excluded(index + 1, texts[index], reason) for index in given]
    return merged, excluded


def _check(measurements: Measurements, table: Table) -> None:
    for number, target in enumerate(measurements.targets):
        exact = measurements.values[measurements.relation[:, number] == "=", number]
        exact = exact[np.isfinite(exact)]
        if len(exact) < LEAST:
            counts = count_reasons(measurements.excluded)
            raise ValueError(
                f"{table.path}: of {len(table)} rows, {len(exact)} molecules have an exact value "
                f"of {target!r}; accepted are at least {LEAST}"
                + (f". Excluded: {counts}" if counts else "")
            )
        if (exact == exact[0]).all():
            raise ValueError(
                f"{table.path}: all {len(exact)} molecules have the same {target!r}, {exact[0]:g}; "
                "accepted are values that differ"
            )
