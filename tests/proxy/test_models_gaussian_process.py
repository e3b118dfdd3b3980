"""The Gaussian process against its own formulas, written down plainly."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from rdkit import Chem
from torch import Tensor
from torch.distributions import MultivariateNormal

from molgfn.proxy.fingerprints import fingerprints
from molgfn.proxy.gaussian_process import GaussianProcess
from molgfn.proxy.similarity import Known
from molgfn.proxy.target_model import Estimate, FitSettings, Molecules
from tests.measured import free_wilson

SETTINGS = FitSettings(
    classification=False, seed=0, members=1, fold=torch.zeros(60, dtype=torch.long), max_seconds=60
)
DATA = free_wilson(80)
MOLS = [Chem.MolFromSmiles(one) for one in DATA.smiles]
ORDER = np.random.default_rng(0).permutation(80)
TRAIN = [MOLS[i] for i in ORDER[:60]]
NEW = [MOLS[i] for i in ORDER[60:]]
VALUES = torch.from_numpy(DATA.values[ORDER[:60], 0])
VALUES = VALUES + 0.4 * torch.randn(60, generator=torch.Generator().manual_seed(0))


def kernel(mols: list[Chem.Mol]) -> Tensor:
    known = Known.of(fingerprints(TRAIN)[0], counted=True)
    return known(fingerprints(mols)[0]).double()


def predict(model: GaussianProcess, mols: list[Chem.Mol]) -> Estimate:
    return model(Molecules(fingerprints(mols)[0], None))


@pytest.fixture(scope="module")
def model() -> GaussianProcess:
    return GaussianProcess.fit(TRAIN, VALUES, SETTINGS)


def test_the_mean_is_the_posterior_mean(model: GaussianProcess) -> None:
    covariance = kernel(TRAIN) + model.noise * torch.eye(60)
    expected = VALUES.mean() + kernel(NEW) @ torch.linalg.solve(covariance, VALUES - VALUES.mean())
    torch.testing.assert_close(predict(model, NEW).mean.double(), expected, atol=1e-4, rtol=1e-4)


def test_no_other_noise_is_more_likely(model: GaussianProcess) -> None:
    def log_likelihood(noise: float, variance: float) -> float:
        covariance = variance * (kernel(TRAIN) + noise * torch.eye(60))
        return float(MultivariateNormal(torch.zeros(60), covariance).log_prob(residual))

    residual = VALUES - VALUES.mean()
    best = log_likelihood(model.noise, model.variance)
    for factor in (0.9, 1.1):
        assert log_likelihood(factor * model.noise, model.variance) < best
        assert log_likelihood(model.noise, factor * model.variance) < best


def test_leave_one_out_errors_are_those_of_fits_without_the_molecule(
    model: GaussianProcess,
) -> None:
    covariance = kernel(TRAIN) + model.noise * torch.eye(60)
    others = [i for i in range(60) if i != 7]
    solved = torch.linalg.solve(covariance[others][:, others], covariance[others, 7])
    residual = VALUES - VALUES.mean()
    error = residual[7] - solved @ residual[others]
    variance = model.variance * (covariance[7, 7] - solved @ covariance[others, 7])
    expected = (error.square() / variance).float()
    torch.testing.assert_close(model.squared_error[7], expected, atol=1e-4, rtol=1e-3)


def test_std_grows_with_the_distance_to_what_is_known(model: GaussianProcess) -> None:
    strange = Chem.MolFromSmiles("OCC(O)C(O)C(O)C(O)CO")
    std = predict(model, [*NEW, strange]).std
    assert std[-1] > std[:-1].max()


def test_std_is_larger_where_known_molecules_were_hard_to_predict(model: GaussianProcess) -> None:
    before = predict(model, [TRAIN[3], TRAIN[40]]).std
    model.squared_error[3] += 50
    after = predict(model, [TRAIN[3], TRAIN[40]]).std
    model.squared_error[3] -= 50
    assert after[0] / before[0] > 1.5
    assert after[0] / before[0] > 1.2 * after[1] / before[1]


def test_too_many_molecules_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(GaussianProcess, "most_molecules", 59)
    with pytest.raises(ValueError, match="60 molecules; accepted are at most 59"):
        GaussianProcess.fit(TRAIN, VALUES, replace(SETTINGS, seed=1))
