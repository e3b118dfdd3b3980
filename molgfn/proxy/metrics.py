"""How good predictions of held-out molecules are, and how good is what they say of their errors."""

import math
from collections.abc import Mapping

from torch import Tensor

from molgfn.proxy.target_model import Estimate

INTERVALS = {"coverage_50": 0.674490, "coverage_80": 1.281552, "coverage_95": 1.959964}
"""Half width of a normal distribution's central interval, in standard deviations."""
NUM_BINS = 10
Metrics = Mapping[str, float | int | None]


def regression_metrics(said: Estimate, measured: Tensor) -> Metrics:
    """Of [M] predictions of a number.

    Returns:
        molecules; r2; mae and rmse in the target's units; spearman of predicted and measured;
        spearman_std_error, of std and absolute error; coverage_50, _80, _95: share of
        measurements inside the central interval of that probability; std_rmse: root mean squared
        error in units of std, 1 when std is right. None where a number is not defined.
    """
    from torchmetrics.functional import r2_score

    mean, std, measured = said.mean.double(), said.std.double(), measured.double()
    error = (mean - measured).abs()
    units = error / std.clamp(min=1e-12)
    found = {
        "r2": float(r2_score(mean, measured)) if len(mean) > 1 else math.nan,
        "mae": float(error.mean()),
        "rmse": float(error.square().mean().sqrt()),
        "spearman": spearman(mean, measured),
        "spearman_std_error": spearman(std, error),
        **{name: float((units <= width).double().mean()) for name, width in INTERVALS.items()},
        "std_rmse": float(units.square().mean().sqrt()),
    }
    return {"molecules": len(mean), **_finite(found)}


def classification_metrics(said: Estimate, label: Tensor) -> Metrics:
    """Of [M] predicted probabilities of class 1.

    Returns:
        molecules; positive; roc_auc; pr_auc (average precision); brier, the mean squared error;
        calibration_error, the mean distance of share and probability over ten bins;
        spearman_std_error, of std and |probability - label|. None where a number is not defined.
    """
    from sklearn.metrics import average_precision_score, roc_auc_score
    from torchmetrics.functional.classification import binary_calibration_error

    probability, truth = said.mean.double(), label.long()
    both = 0 < int(truth.sum()) < len(truth)
    found = {
        "roc_auc": float(roc_auc_score(truth, probability)) if both else math.nan,
        "pr_auc": float(average_precision_score(truth, probability)) if both else math.nan,
        "brier": float((probability - truth).square().mean()),
        "calibration_error": float(binary_calibration_error(probability, truth, NUM_BINS)),
        "spearman_std_error": spearman(said.std, (probability - truth).abs()),
    }
    return {"molecules": len(truth), "positive": int(truth.sum()), **_finite(found)}


def spearman(a: Tensor, b: Tensor) -> float:
    """Rank correlation of two [M]; NaN where one of them is constant."""
    from torchmetrics.functional import spearman_corrcoef

    if len(a) < 2 or bool((a == a[0]).all()) or bool((b == b[0]).all()):
        return math.nan
    return float(spearman_corrcoef(a.double(), b.double()))


def measure(said: Estimate, measured: Tensor, classification: bool) -> Metrics:
    """Whichever of the two fits."""
    return (classification_metrics if classification else regression_metrics)(said, measured)


def summary(found: Metrics) -> str:
    """The numbers that people look at first, in a line."""
    shown = {
        "spearman": "Spearman",
        "r2": "R2",
        "rmse": "RMSE",
        "roc_auc": "ROC-AUC",
        "pr_auc": "PR-AUC",
    }
    numbers = [
        f"{word} {value:.3f}"
        for name, word in shown.items()
        if (value := found.get(name)) is not None
    ]
    return f"{', '.join(numbers) or 'no defined number'} on {found['molecules']:,} test molecules"


def mean_squared_error(said: Estimate, measured: Tensor) -> float:
    """What models are chosen by; of classes it is the Brier score."""
    return float((said.mean.double() - measured.double()).square().mean())


def _finite(found: Mapping[str, float]) -> dict[str, float | None]:
    return {name: value if math.isfinite(value) else None for name, value in found.items()}
