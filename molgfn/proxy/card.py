"""The card of a fitted proxy: what it is, how good it is, and what cannot be said of it."""

from typing import TYPE_CHECKING, Any

import molgfn

if TYPE_CHECKING:
    from molgfn.proxy.fitted import Fitted, TargetReport

FEW_MOLECULES = 100
FEW_TESTED = 50
KINDS = {
    "gaussian_process": "Gaussian process, Tanimoto kernel on counts of Morgan surroundings",
    "ridge": "ridge regression on Morgan counts (scikit-learn), 20 bootstraps",
    "forest": "extremely randomised trees on Morgan counts (scikit-learn), 100 trees",
    "network": "message-passing networks on atoms and bonds (PyG, Lightning)",
}
REGRESSION = ("spearman", "r2", "rmse", "mae", "spearman_std_error", "coverage_80", "coverage_95")
CLASSIFICATION = ("roc_auc", "pr_auc", "brier", "calibration_error", "spearman_std_error")


def card(fitted: "Fitted", checksum: str) -> str:
    """The text of `card.md`.

    Args:
        checksum: SHA-256 of `data.csv`.
    """
    options, data = fitted.options, fitted.measurements
    parts = [
        "# A proxy of measured molecules\n",
        f"Fitted by molgfn {molgfn.__version__} to {len(data):,} molecules, `data.csv` "
        f"(SHA-256 `{checksum}`); seed {options.seed}. {len(data.excluded):,} rows are not used: "
        "`excluded.csv`.\n",
    ]
    if data.notes:
        parts.append("\n".join(f"- {note}" for note in data.notes) + "\n")
    parts += [_section(one, options.split) for one in fitted.reports]
    parts.append(_limits(fitted))
    return "\n".join(parts)


def _section(report: "TargetReport", split: str) -> str:
    names = CLASSIFICATION if report.classification else REGRESSION
    rows = [
        [
            f"**{KINDS[kind]}**" if kind == report.recommended else KINDS[kind],
            *(_text(found["test"][name]) for name in names),
            _text(found["validation_mean_squared_error"]),
        ]
        for kind, found in report.metrics.items()
    ]
    table = _table(["model", *names, "validation error"], rows)
    return (
        f"## {report.name}\n\n"
        f"Kept: {KINDS[report.recommended]}, fitted to all {report.num_molecules:,} molecules.\n\n"
        f"The numbers are of {len(report.tested):,} molecules of a {split} split, predicted by "
        f"models of the other {report.num_trained:,}. The kind was not chosen by them, but by the "
        f"mean squared error on {report.num_validated:,} molecules of the {report.num_trained:,}, "
        "predicted by models of the rest (last column).\n\n"
        f"{table}\n"
    )


def _limits(fitted: "Fitted") -> str:
    lines = [
        "`spearman_std_error` is how well the predicted standard deviation ranks the errors; "
        "`coverage_80` is the share of measurements inside the predicted 80% interval.",
        "A molecule whose `domain` (1 - Tanimoto similarity to the nearest molecule of `data.csv`) "
        "is large is unlike all that was measured: trust std and prediction less.",
    ]
    for one in fitted.reports:
        if one.num_molecules < FEW_MOLECULES:
            lines.append(
                f"{one.name}: {one.num_molecules} molecules are few. The order of the models, and "
                "whether any of them is better than the mean of the measurements, may be chance."
            )
        if len(one.tested) < FEW_TESTED:
            lines.append(
                f"{one.name}: {len(one.tested)} molecules were tested on. A rank correlation of so "
                f"few is uncertain by about {1 / max(len(one.tested) - 1, 1) ** 0.5:.2f}, and "
                "little can be said of the standard deviations."
            )
    for one in fitted.reports:
        for kind, found in one.metrics.items():
            if found["cut_short"]:
                lines.append(
                    f"{one.name}: the time limit ({fitted.options.max_minutes:g} minutes) ended "
                    f"the training of {found['cut_short']} members of {KINDS[kind]}: with more "
                    "time they may do better, and their numbers cannot be repeated exactly."
                )
    return "## What to mind\n\n" + "\n".join(f"- {line}" for line in lines) + "\n"


def _text(value: Any) -> str:
    return "not defined" if value is None else f"{value:.3f}"


def _table(header: list[str], rows: list[list[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"
