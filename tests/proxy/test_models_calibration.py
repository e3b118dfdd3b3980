"""What raw estimates are turned into, and the numbers that judge them."""

import numpy as np
import pytest
import torch
from sklearn.metrics import mean_squared_error as sklearn_mse
from sklearn.metrics import r2_score

from molgfn.proxy.calibration import Calibration, calibrated
from molgfn.proxy.metrics import classification_metrics, regression_metrics
from molgfn.proxy.target_model import Estimate

GENERATOR = torch.Generator().manual_seed(0)
STD = torch.rand(400, generator=GENERATOR) + 0.5
ERROR = STD * torch.randn(400, generator=GENERATOR)


def test_standard_deviations_that_are_a_third_of_the_errors_are_trebled() -> None:
    found = calibrated(Estimate(torch.zeros(400), STD / 3), ERROR, classification=False)
    corrected = found(Estimate(torch.zeros(400), STD / 3)).std
    torch.testing.assert_close(corrected, STD, rtol=0.15, atol=0)


def test_noise_that_the_model_does_not_know_of_is_added() -> None:
    measured = ERROR / 10 + torch.randn(400, generator=GENERATOR)
    found = calibrated(Estimate(torch.zeros(400), STD / 10), measured, classification=False)
    corrected = found(Estimate(torch.zeros(400), STD / 10)).std
    assert float(corrected.mean()) == pytest.approx(1.0, abs=0.15)


def test_a_standard_deviation_of_zero_does_not_spoil_the_others() -> None:
    std = STD.clone()
    std[:5] = 0
    found = calibrated(Estimate(torch.zeros(400), std), ERROR, classification=False)
    assert 0.7 < found.scale < 1.4


def test_the_mean_and_the_order_of_standard_deviations_stay() -> None:
    raw = Estimate(ERROR, STD)
    said = Calibration(False, scale=2.0, noise=0.3)(raw)
    assert torch.equal(said.mean, raw.mean)
    assert torch.equal(said.std.argsort(), raw.std.argsort())


def test_scores_of_classes_become_their_probabilities() -> None:
    score = torch.rand(4000, generator=GENERATOR)
    label = (torch.rand(4000, generator=GENERATOR) < (6 * score - 4).sigmoid()).float()
    found = calibrated(Estimate(score, STD), label, classification=True)
    assert (found.slope, found.offset) == pytest.approx((6, -4), rel=0.15)


def test_one_class_alone_leaves_the_probabilities_between_zero_and_one() -> None:
    found = calibrated(Estimate(torch.full((6,), 0.9), STD[:6]), torch.ones(6), classification=True)
    said = found(Estimate(torch.tensor([0.0, 1.0]), STD[:2])).mean
    assert 0 < said[0] < said[1] < 1


def test_metrics_of_numbers_are_those_of_scikit_learn() -> None:
    mean, measured = STD + 0.3 * ERROR, STD
    found = regression_metrics(Estimate(mean, 0.3 * STD), measured)
    assert found["r2"] == pytest.approx(r2_score(measured, mean))
    assert found["rmse"] == pytest.approx(np.sqrt(sklearn_mse(measured, mean)))
    assert found["coverage_80"] == pytest.approx(0.8, abs=0.05)
    assert found["std_rmse"] == pytest.approx(1.0, abs=0.1)
    assert found["molecules"] == 400


def test_std_that_ranks_the_errors_is_told_from_one_that_does_not() -> None:
    right = regression_metrics(Estimate(ERROR, ERROR.abs()), torch.zeros(400))
    wrong = regression_metrics(Estimate(ERROR, torch.ones(400)), torch.zeros(400))
    assert right["spearman_std_error"] == pytest.approx(1.0)
    assert wrong["spearman_std_error"] is None


def test_metrics_of_classes_are_none_where_there_is_one_class() -> None:
    said = Estimate(torch.tensor([0.2, 0.9]), torch.tensor([0.1, 0.2]))
    found = classification_metrics(said, torch.ones(2))
    assert found["roc_auc"] is None
    assert found["brier"] == pytest.approx((0.64 + 0.01) / 2)


def test_a_perfect_order_of_classes_has_an_area_of_one() -> None:
    said = Estimate(torch.tensor([0.1, 0.4, 0.8]), torch.tensor([0.1, 0.2, 0.1]))
    found = classification_metrics(said, torch.tensor([0.0, 1.0, 1.0]))
    assert found["roc_auc"] == found["pr_auc"] == 1
