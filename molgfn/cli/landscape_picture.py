"""The picture of a reward on random objects: one histogram for each beta, one above the other."""

from collections.abc import Sequence
from io import BytesIO

import matplotlib
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from molgfn.cli.landscape import Landscape

INK, FAINT, ACCENT = "#22262b", "#d5dae1", "#d1495b"


def draw_landscape(
    landscape: Landscape, betas: Sequence[float], trained: tuple[float, float], title: str
) -> bytes:
    """A PNG: the share of weight R^beta against log R, a panel for each beta.

    Args:
        trained: lowest and highest beta of the run, whose panels are marked.
        title: whose reward it is.
    """
    figure = Figure(figsize=(8, 1 + 1.15 * len(betas)), dpi=140, layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(title, color=INK, fontsize=12, fontweight="bold")
    panels = figure.subplots(len(betas), 1, sharex=True, squeeze=False)[:, 0]
    shades = matplotlib.colormaps["viridis"](np.linspace(0.1, 0.8, len(betas)))
    for axes, beta, shade in zip(panels, betas, shades, strict=True):
        found = landscape.at(beta)
        is_trained = trained[0] <= beta <= trained[1]
        axes.stairs(found.shares, landscape.edges, fill=True, color=shade)
        axes.set_yticks([])
        axes.tick_params(colors=INK, length=0, labelsize=8)
        for side, spine in axes.spines.items():
            spine.set_visible(side == "bottom")
            spine.set_color(FAINT)
        axes.text(
            0.01,
            0.92,
            f"beta = {beta:g}{'  (trained)' if is_trained else ''}\n"
            f"effective sample size {found.sample_size:.3g}",
            transform=axes.transAxes,
            va="top",
            fontsize=8.5,
            color=ACCENT if is_trained else INK,
        )
    panels[-1].set_xlabel(
        f"log R of {len(landscape.log_reward):,} random objects (nats); height: share of R^beta",
        color=INK,
    )
    buffer = BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()
