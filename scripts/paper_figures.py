"""The figures of docs/paper.md."""

from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure
from paper import BIT_TRAJECTORIES, R0, WORD_BITS
from paper_results import Point, Results, average, curve

GRIDS = {"hypergrid": "8^4", "hypergrid_64": "64^2"}
METHODS = {
    "fm": "FM",
    "db": "DB",
    "tb": "TB",
    "tb_learned": "TB, learned P_B",
    "subtb": "SubTB",
    "tb_16": "TB at beta 16",
    "mh": "Metropolis-Hastings",
}
COLOURS = {
    "fm": "tab:orange",
    "db": "tab:green",
    "tb": "tab:blue",
    "tb_learned": "tab:purple",
    "subtb": "tab:red",
    "tb_16": "tab:cyan",
    "mh": "0.35",
}
THRESHOLDS = ("7", "7.5", "8")
KINDS = {"": "modes", "scaffolds_": "Murcko scaffolds"}


def draw(found: Results, folder: Path) -> None:
    """All figures for which there is something to draw."""
    for name, figure in (("hypergrid", hypergrid), ("bits", bits), ("molecules", molecules)):
        if found[name]:
            figure(found).savefig(folder / f"{name}.png", dpi=110, metadata={"Software": None})


def hypergrid(found: Results) -> Figure:
    """TV against visited states; rows are grids, columns R0."""
    figure = Figure(figsize=(9.6, 5.4), layout="constrained")
    axes = figure.subplots(len(GRIDS), len(R0), sharex=True, sharey=True, squeeze=False)
    for (row, (table, title)), (column, r0) in product(enumerate(GRIDS.items()), enumerate(R0)):
        axis = axes[row, column]
        for method in METHODS:
            runs = found[table].get(f"{method}_r0={r0}", [])
            points = curve(runs, "exact/tv", "exact/num_visited")
            line(axis, points, METHODS[method], COLOURS[method])
        floors = [run["floor"]["tv"] for run in found[table].get(f"mh_r0={r0}", [])]
        if (floor := average(floors)) is not None:
            axis.axhline(floor.mean, color="black", linestyle="--", linewidth=1, label="floor")
        axis.set_yscale("log")
        axis.set_yticks(ticks := (0.02, 0.05, 0.1, 0.2, 0.5, 1), [f"{tick:g}" for tick in ticks])
        axis.minorticks_off()
        axis.set_title(f"${title}$, R0 = {r0}")
    for axis in axes[:, -1]:  # L1 = 2 TV / 4,096 on both grids
        other = axis.secondary_yaxis("right", functions=(lambda y: y / 2048, lambda y: y * 2048))
        other.set_ylabel("L1, mean over states")
    return finished(figure, axes, "visited states, thousands", "total variation (TV)")


def bits(found: Results) -> Figure:
    """Spearman correlation and modes found against steps, for each k."""
    measured = {
        "bits/spearman": "Spearman of log p and log R",
        "bits/modes_found": "modes found of 60",
    }
    figure = Figure(figsize=(8, 5.4), layout="constrained")
    axes = figure.subplots(len(BIT_TRAJECTORIES), len(measured), squeeze=False)
    for (row, prefix), (column, name) in product(enumerate(BIT_TRAJECTORIES), enumerate(measured)):
        axis = axes[row, column]
        for shade, k in enumerate(WORD_BITS):
            points = curve(found["bits"].get(f"{prefix}k={k}", []), name)
            colour = (0.1 + 0.13 * shade, 0.2, 0.8 - 0.13 * shade)
            line(axis, points, f"k = {k}", colour)
        axis.set_ylabel(measured[name])
        axis.set_title(f"trajectories: {BIT_TRAJECTORIES[prefix][0]}")
    return finished(figure, axes, "training steps", None)


def molecules(found: Results) -> Figure:
    """Modes and scaffolds against visited molecules, for each threshold of the proxy."""
    figure = Figure(figsize=(9.6, 5.4), layout="constrained")
    axes = figure.subplots(len(KINDS), len(THRESHOLDS), sharex=True, squeeze=False)
    for (row, kind), (column, t) in product(enumerate(KINDS), enumerate(THRESHOLDS)):
        for method in METHODS:
            runs = found["molecules"].get(method, [])
            points = curve(runs, f"modes/{kind}above_{t}", "modes/visited")
            line(axes[row, column], points, METHODS[method], COLOURS[method])
        axes[row, column].set_title(f"{KINDS[kind]} above {t}")
    return finished(figure, axes, "visited molecules, thousands", "number")


def line(axis: Any, points: Sequence[Point], label: str, colour: Any) -> None:
    """A mean, and one standard deviation around it."""
    if not points:
        return
    x, mean = [point.x for point in points], [point.y.mean for point in points]
    axis.plot(x, mean, color=colour, label=label)
    low = [point.y.mean - point.y.sd for point in points]
    high = [point.y.mean + point.y.sd for point in points]
    axis.fill_between(x, low, high, color=colour, alpha=0.2, linewidth=0)


def finished(figure: Figure, axes: Any, x: str, y: str | None) -> Figure:
    """With labels at its edges and one legend for all panels."""
    for axis in axes[-1]:
        axis.set_xlabel(x)
        axis.set_xlim(left=0)
        if x.endswith("thousands"):
            axis.xaxis.set_major_formatter(lambda value, _: f"{value / 1000:g}")
    for axis in axes[:, 0]:
        if y is not None:
            axis.set_ylabel(y)
    entries = {}
    for axis in axes.flat:
        entries |= dict(zip(*reversed(axis.get_legend_handles_labels()), strict=True))
        axis.spines[["top", "right"]].set_visible(False)
    figure.legend(
        entries.values(),
        entries.keys(),
        loc="outside upper center",
        ncols=len(entries),
        frameon=False,
    )
    return figure
