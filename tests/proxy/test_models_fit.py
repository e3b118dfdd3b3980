"""From measurements to a folder and back: what is compared, kept, told and refused."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from rdkit import Chem
from safetensors.torch import load_file, save_file

from molgfn.proxy import fit as fit_module
from molgfn.proxy.fit import fit
from molgfn.proxy.fitted import Fitted
from molgfn.proxy.folds import folds
from molgfn.proxy.gaussian_process import GaussianProcess
from molgfn.proxy.model import load, sha256
from molgfn.proxy.options import FitOptions
from molgfn.proxy.ridge import Ridge
from tests.measured import free_wilson, measurements

FAST = FitOptions(models=("gaussian_process", "ridge"))
STRANGE = [Chem.MolFromSmiles("CCO"), None, Chem.MolFromSmiles("c1ccccc1CN")]


@pytest.fixture(scope="module")
def fitted() -> Fitted:
    return fit(free_wilson(120), FAST)


@pytest.fixture(scope="module")
def folder(fitted: Fitted, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("fitted")
    fitted.save(made)
    return made


def copied(folder: Path, to: Path) -> Path:
    return Path(shutil.copytree(folder, to / "copy"))


def test_the_kind_that_is_kept_has_the_least_error_before_the_test(fitted: Fitted) -> None:
    (report,) = fitted.reports
    errors = {k: v["validation_mean_squared_error"] for k, v in report.metrics.items()}
    assert report.recommended == min(errors, key=lambda kind: errors[kind])
    assert fitted.model.kinds[0].kind == report.recommended


def test_models_that_are_tested_never_saw_a_test_molecule(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    original = Ridge.fit.__func__  # type: ignore[attr-defined]

    def spied(cls, mols, values, settings):  # type: ignore[no-untyped-def]
        seen.append({Chem.MolToSmiles(mol) for mol in mols})
        return original(cls, mols, values, settings)

    monkeypatch.setattr(Ridge, "fit", classmethod(spied))
    found = fit(free_wilson(60), replace(FAST, models=("ridge",)))
    tested = {found.measurements.smiles[i] for i in found.reports[0].tested}
    validated, trained, everything = seen
    assert validated < trained < everything
    assert not trained & tested
    assert tested < everything


def test_the_kept_model_is_fitted_to_all_molecules(fitted: Fitted) -> None:
    mols = [Chem.MolFromSmiles(one) for one in fitted.measurements.smiles]
    torch.testing.assert_close(fitted.model.predict(mols).domain, torch.zeros(120))


def test_a_saved_model_predicts_the_same_bits(fitted: Fitted, folder: Path) -> None:
    mols = [Chem.MolFromSmiles(one) for one in fitted.measurements.smiles[:20]]
    ours, theirs = fitted.model.predict(mols), load(folder).predict(mols)
    for name in ("mean", "std", "domain"):
        assert torch.equal(getattr(ours, name), getattr(theirs, name))


@pytest.mark.parametrize("kind", ["gaussian_process", "ridge", "forest", "network"])
def test_every_kind_is_saved_and_loaded_with_the_same_predictions(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("molgfn.proxy.network_fit.MAX_EPOCHS", 2)
    found = fit(free_wilson(40), FitOptions(models=(kind,), members=2))
    found.save(tmp_path)
    ours, theirs = found.model.predict(STRANGE), load(tmp_path).predict(STRANGE)
    torch.testing.assert_close(ours.mean, theirs.mean, atol=0, rtol=0, equal_nan=True)
    torch.testing.assert_close(ours.std, theirs.std, atol=0, rtol=0, equal_nan=True)
    assert (theirs.std[[0, 2]] > 0).all()


def test_the_same_seed_gives_the_same_numbers(fitted: Fitted) -> None:
    again = fit(free_wilson(120), FAST)
    for kind, said in fitted.reports[0].estimates.items():
        assert torch.equal(said.mean, again.reports[0].estimates[kind].mean)
        assert torch.equal(said.std, again.reports[0].estimates[kind].std)


def test_a_molecule_that_cannot_be_read_fails_alone(fitted: Fitted) -> None:
    said = fitted.model.predict(STRANGE)
    assert said.failures == {1: "no molecule"}
    assert said.mean.isnan()[:, 0].tolist() == [False, True, False]
    torch.testing.assert_close(said.mean[2], fitted.model.predict(STRANGE[2:]).mean[0])


def test_a_salt_and_its_free_form_are_predicted_alike(fitted: Fitted) -> None:
    drawn = ("CC(=O)[O-].[Na+]", "CC(=O)O", "C[Fe]C")
    said = fitted.model.predict([Chem.MolFromSmiles(one) for one in drawn])
    assert torch.equal(said.mean[0], said.mean[1])
    assert torch.equal(said.domain[0], said.domain[1])
    assert "unsuitable molecule: it has an atom Fe" in said.failures[2]


def test_a_kind_that_cannot_be_fitted_to_so_many_molecules_is_left_out_and_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(GaussianProcess, "most_molecules", 59)
    told: list[str] = []
    found = fit(free_wilson(60), FAST, told.append)
    assert set(found.reports[0].metrics) == {"ridge"}
    assert told[0] == "t0: gaussian_process is left out: it can be fitted to 59 molecules"
    assert "t0: ridge has Spearman" in told[1]
    with pytest.raises(ValueError, match="60 molecules, which is too many for gaussian_process"):
        fit(free_wilson(60), replace(FAST, models=("gaussian_process",)))


def test_nothing_is_predicted_of_no_molecules(fitted: Fitted) -> None:
    said = fitted.model.predict([])
    assert said.mean.shape == said.std.shape == (0, 1)
    assert said.domain.shape == (0,)


def test_the_folder_has_the_exact_data_and_says_so(folder: Path) -> None:
    content = json.loads((folder / "model.json").read_text())
    assert content["data_sha256"] == sha256(folder / "data.csv")
    assert len(pd.read_csv(folder / "data.csv")) == content["molecules"] == 120


def test_the_card_has_the_numbers_of_every_kind(folder: Path) -> None:
    card = (folder / "card.md").read_text()
    metrics = json.loads((folder / "metrics.json").read_text())["targets"]["t0"]["models"]
    assert set(metrics) == set(FAST.models)
    for kind in metrics.values():
        assert f"{kind['test']['rmse']:.3f}" in card
    assert (folder / "parity.png").stat().st_size > 5000


def test_the_card_of_thirty_molecules_says_that_they_are_few(tmp_path: Path) -> None:
    fit(free_wilson(30), FAST).save(tmp_path)
    card = (tmp_path / "card.md").read_text()
    assert "30 molecules are few" in card
    assert "6 molecules were tested on" in card


def test_classes_are_measured_as_classes(tmp_path: Path) -> None:
    data = free_wilson(120)
    active = (data.values[:, 0] > np.median(data.values)).astype(float)
    found = fit(measurements(data.smiles, active), FAST)
    found.save(tmp_path)
    assert found.metrics()["targets"]["t0"]["task"] == "classification"
    assert found.reports[0].metrics["ridge"]["test"]["roc_auc"] > 0.7
    said = load(tmp_path).predict(STRANGE[:1]).mean
    assert 0 < float(said) < 1


def test_two_targets_of_which_not_all_are_measured(tmp_path: Path) -> None:
    data = free_wilson(100)
    other = -data.values[:, 0]
    other[::2] = np.nan
    found = fit(measurements(data.smiles, data.values[:, 0], other), FAST)
    found.save(tmp_path)
    assert [one.num_molecules for one in found.reports] == [100, 50]
    mean = load(tmp_path).predict([Chem.MolFromSmiles(one) for one in data.smiles]).mean
    assert np.corrcoef(mean.T)[0, 1] < -0.5


def test_bounds_are_learned_and_never_tested_on() -> None:
    data = free_wilson(100)
    data.relation[::2] = ">"
    found = fit(data, FAST)
    assert found.reports[0].num_molecules == 100
    assert (found.reports[0].tested % 2 == 1).all()


def test_a_molecule_that_the_networks_cannot_read_is_listed() -> None:
    data = free_wilson(29)
    data = measurements([*data.smiles, "C[Pt]C"], np.append(data.values, 5.0))
    left, mols = fit_module.readable(data, FitOptions(models=("network",)))
    assert len(left) == len(mols) == 29
    assert [one.smiles for one in left.excluded] == ["C[Pt]C"]
    assert "atomic number 78" in left.excluded[0].reason


def test_fewer_than_ten_molecules_are_refused() -> None:
    with pytest.raises(ValueError, match="'t0' has 9 measured molecules; accepted are at least 10"):
        fit(free_wilson(9), FAST)


def test_equal_values_are_refused() -> None:
    data = free_wilson(30)
    with pytest.raises(ValueError, match="'t0': the values of all are 5; there is nothing"):
        fit(measurements(data.smiles, np.full(30, 5.0)), FAST)


def test_numbers_are_refused_where_classes_were_asked_for() -> None:
    with pytest.raises(ValueError, match="accepted for classification are 0 and 1"):
        fit(free_wilson(30), replace(FAST, task="classification"))


def test_a_fold_has_whole_groups_if_there_are_enough() -> None:
    groups = [str(i // 3) for i in range(60)]
    part = folds(groups, 5, seed=0)
    assert all(len(set(part[i : i + 3])) == 1 for i in range(0, 60, 3))
    assert np.bincount(part).tolist() == [12] * 5


def test_molecules_of_one_group_are_dealt_out() -> None:
    assert np.bincount(folds(["same"] * 20, 5, seed=0)).tolist() == [4] * 5


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"no model\.json"):
        load(tmp_path)


def test_damaged_weights_are_refused(folder: Path, tmp_path: Path) -> None:
    damaged = copied(folder, tmp_path) / "weights.safetensors"
    damaged.write_bytes(damaged.read_bytes()[:-1])
    with pytest.raises(ValueError, match="SHA-256"):
        load(damaged.parent)


def test_weights_of_another_model_are_refused(folder: Path, tmp_path: Path) -> None:
    other = copied(folder, tmp_path)
    tensors = load_file(other / "weights.safetensors")
    tensors["0.other"] = tensors.pop("0.weights")
    save_file(tensors, other / "weights.safetensors")
    content = json.loads((other / "model.json").read_text())
    content["weights_sha256"] = sha256(other / "weights.safetensors")
    (other / "model.json").write_text(json.dumps(content))
    with pytest.raises(ValueError, match="do not fit each other"):
        load(other)


@pytest.mark.parametrize("text", ["nonsense", "[]", '{"format": "molgfn-proxy-9"}'])
def test_a_description_of_another_format_is_refused(
    folder: Path, tmp_path: Path, text: str
) -> None:
    other = copied(folder, tmp_path)
    (other / "model.json").write_text(text)
    with pytest.raises(ValueError, match=r"not readable JSON|has format"):
        load(other)
