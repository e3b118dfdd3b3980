"""The picture of a fit: what was predicted of the test molecules, against what was measured."""

from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

if TYPE_CHECKING:
    from molgfn.proxy.fitted import Fitted, TargetReport

INK, FAINT, ACCENT = "#22262b", "#aab2bd", "#1b6ca8"
NUM_BINS = 10
TITLE_WIDTH = 40  # characters of a line


def draw(fitted: "Fitted", path: Path) -> None:
    """A panel for each target, by the kind that is kept."""
    number = len(fitted.reports)
    figure = Figure(figsize=(4.5 * number, 4.5), layout="constrained")
    FigureCanvasAgg(figure)
    for column, report in enumerate(fitted.reports):
        axes = figure.add_subplot(1, number, column + 1)
        measured = fitted.measurements.values[report.tested, column]
        (_reliability if report.classification else _parity)(axes, report, measured)
        kept = report.recommended.replace("_", " ")
        title = f"{fill(report.name, TITLE_WIDTH)}\n{kept}, {len(report.tested):,} test molecules"
        axes.set_title(title, fontsize="medium")
    figure.savefig(path, dpi=120, metadata={"Software": None})


def _parity(axes: Axes, report: "TargetReport", measured: np.ndarray) -> None:
    """Points with an error bar of one standard deviation, and the line where they should be."""
    said = report.estimates[report.recommended]
    mean, std = said.mean.numpy(), said.std.numpy()
    low, high = min(measured.min(), mean.min()), max(measured.max(), mean.max())
    axes.plot([low, high], [low, high], color=INK, linewidth=1)
    axes.errorbar(
        measured, mean, std, fmt="o", markersize=3, color=ACCENT, ecolor=FAINT, elinewidth=0.5
    )
    axes.set(xlabel="measured", ylabel="predicted, one standard deviation", aspect="equal")


def _reliability(axes: Axes, report: "TargetReport", measured: np.ndarray) -> None:
    """The share of class 1 among molecules of about equal predicted probability."""
    probability = report.estimates[report.recommended].mean.numpy()
    part = np.minimum((probability * NUM_BINS).astype(int), NUM_BINS - 1)
    used = np.unique(part)
    said = [probability[part == bin].mean() for bin in used]
    share = [measured[part == bin].mean() for bin in used]
    axes.plot([0, 1], [0, 1], color=INK, linewidth=1)
    axes.plot(said, share, "o-", markersize=4, color=ACCENT)
    axes.set(xlabel="predicted probability", ylabel="share of class 1")
