"""The picture of an audit: what should be sampled against what is, in two panels."""

from collections.abc import Mapping
from io import BytesIO
from typing import Any, Literal

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from molgfn.agreement import Array, fitted_line
from molgfn.audit import Audit, Points

MAX_POINTS = 20_000  # of a group; more hide each other
LOOKS: tuple[tuple[str, Literal["-", "--", ":"]], ...] = (("o", "-"), ("^", "--"), ("s", ":"))
"""Marker and line of each way of drawing."""
INK, FAINT, ACCENT = "#22262b", "#d5dae1", "#d1495b"


def draw_audit(audit: Audit, title: str) -> bytes:
    """A PNG of an audit.

    Left, the learned probability of each tree or molecule against its target R / Z, on the diagonal
    where they are equal; right, log p against log R with the fitted line, whose slope should be 1.
    Colours are numbers of fragments; markers are ways of drawing, where there are several.

    Args:
        title: what was audited.
    """
    figure = Figure(figsize=(11.6, 5.4), dpi=140, layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    figure.suptitle(title, color=INK, fontsize=13, fontweight="bold")
    panels = list(figure.subplots(1, 2))
    palette = _palette(audit.points)
    thinned = {name: _thinned(points) for name, points in audit.points.items()}
    for axes in panels:
        _dress(axes)
    _draw_probabilities(panels[0], thinned, audit.metrics, palette)
    _draw_relation(panels[1], thinned, audit, palette)
    bar = figure.colorbar(palette, ax=panels, pad=0.015, fraction=0.03, aspect=28)
    bar.set_ticks([edge + 0.5 for edge in palette.norm.boundaries[:-1]])  # type: ignore[attr-defined]
    bar.set_label("number of fragments", color=INK)
    bar.outline.set_visible(False)
    bar.ax.tick_params(length=0, colors=INK)
    bar.minorticks_off()
    buffer = BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()


def _draw_probabilities(
    axes: Axes, groups: Mapping[str, Points], metrics: Mapping[str, Any], palette: ScalarMappable
) -> None:
    """Learned against target probability, both by their decimal logarithm."""
    targets = {name: _target(points) for name, points in groups.items()}
    values = [
        value / np.log(10)
        for name, points in groups.items()
        for value in (targets[name], points.log_p)
        if len(value)
    ]
    together = np.concatenate(values) if values else np.zeros(1)
    low, high = float(together.min()), float(together.max())
    margin = 0.04 * (high - low) + 0.1
    limits = (10 ** (low - margin), 10 ** (high + margin))
    axes.plot(limits, limits, color=ACCENT, linewidth=1.4, zorder=3)
    for (marker, _), (name, points) in zip(LOOKS, groups.items(), strict=False):
        _scatter(axes, np.exp(targets[name]), np.exp(points.log_p), points, marker, palette)
    axes.set(xscale="log", yscale="log", xlim=limits, ylim=limits)
    what = "tree" if metrics["target"] == "trees" else "molecule"
    axes.set_xlabel(f"target probability of a {what},  R / Z")
    axes.set_ylabel("probability under the policy")
    axes.set_title("Is each sampled as often as it should be?", fontsize=11, color=INK)
    lines = (
        [
            f"total variation  {metrics['tv_trees']:.3g} (trees)",
            f"total variation  {metrics['tv_molecules']:.3g} (molecules)",
            f"log Z  {_number(metrics['log_z'])}, exact {_number(metrics['log_z_exact'])}",
        ]
        if "tv_trees" in metrics
        else [f"log Z  {_number(metrics['log_z'])}, learned"]
    )
    _note(axes, lines)
    axes.annotate(
        "learned = target",
        (limits[0], limits[0]),
        xytext=(8, 26),
        textcoords="offset points",
        rotation=45,
        rotation_mode="anchor",
        color=ACCENT,
        fontsize=9,
    )


def _draw_relation(
    axes: Axes, groups: Mapping[str, Points], audit: Audit, palette: ScalarMappable
) -> None:
    """log p against log R, with the line fitted to all points of each group."""
    lines = []
    for (marker, style), (name, points) in zip(LOOKS, groups.items(), strict=False):
        _scatter(axes, points.log_reward, points.log_p, points, marker, palette)
        every = audit.points[name]
        line = fitted_line(every.log_reward, every.log_p)
        if line is not None:
            ends = np.array([every.log_reward.min(), every.log_reward.max()])
            fitted = line[0] * ends + line[1]
            axes.plot(ends, fitted, style, color=ACCENT, linewidth=1.4, zorder=3)
        found = audit.metrics if len(groups) == 1 else audit.metrics["groups"][name]
        label = "" if len(groups) == 1 else f"{name}: "
        lines.append(
            f"{label}r = {_number(found['pearson_log_p_log_r'])}, "
            f"slope = {_number(found['slope_log_p_log_r'])}"
        )
    axes.set_xlabel(r"log reward,  $\beta\,\log R$  (nats)")
    axes.set_ylabel("log probability under the policy (nats)")
    axes.set_title("Does log p follow log R with slope 1?", fontsize=11, color=INK)
    _note(axes, lines)
    if len(groups) > 1:
        handles = [
            Line2D(
                [],
                [],
                marker=marker,
                linestyle=style,
                color=ACCENT,
                label=name,
                markerfacecolor="#7a828c",
                markeredgewidth=0,
            )
            for (marker, style), name in zip(LOOKS, groups, strict=False)
        ]
        axes.legend(
            handles=handles, loc="upper left", frameon=False, handlelength=3, labelcolor=INK
        )


def _scatter(
    axes: Axes, x: Array, y: Array, points: Points, marker: str, palette: ScalarMappable
) -> None:
    crowded = len(points) > 2000
    axes.scatter(
        x,
        y,
        c=points.num_fragments,
        cmap=palette.cmap,
        norm=palette.norm,  # type: ignore[arg-type]  # stubs of matplotlib
        marker=marker,
        s=7 if crowded else 16,
        alpha=0.5 if crowded else 0.75,
        linewidths=0,
        zorder=2,
    )


def _target(points: Points) -> Array:
    """[N] log of the target probability: log R - log Z."""
    return points.log_reward - points.log_z


def _thinned(points: Points) -> Points:
    """At most `MAX_POINTS`, drawn at random; the rare small ones come last and stay visible."""
    chosen = points.select(np.random.default_rng(0).permutation(len(points))[:MAX_POINTS])
    return chosen.select(np.argsort(-chosen.num_fragments, kind="stable"))


def _palette(groups: Mapping[str, Points]) -> ScalarMappable:
    """One colour for each number of fragments."""
    sizes = np.concatenate([np.zeros(0), *(points.num_fragments for points in groups.values())])
    low, high = (int(sizes.min()), int(sizes.max())) if len(sizes) else (1, 1)
    shades = matplotlib.colormaps["viridis"](np.linspace(0.05, 0.82, high - low + 1))
    edges = np.arange(low, high + 2) - 0.5
    return ScalarMappable(BoundaryNorm(edges, len(shades)), ListedColormap(shades))


def _dress(axes: Axes) -> None:
    axes.set_box_aspect(1)
    axes.grid(color=FAINT, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(colors=INK, length=0, labelsize=9)
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color("#8d949d")
    axes.xaxis.label.set_color(INK)
    axes.yaxis.label.set_color(INK)


def _note(axes: Axes, lines: list[str]) -> None:
    axes.text(
        0.97,
        0.03,
        "\n".join(lines),
        transform=axes.transAxes,
        ha="right",
        va="bottom",
        fontsize=9.5,
        color=INK,
        linespacing=1.5,
        zorder=4,
        bbox={"facecolor": "white", "edgecolor": FAINT, "boxstyle": "round,pad=0.5", "alpha": 0.92},
    )


def _number(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.3f}"
