"""The ensemble of networks: what it learns, that it stops, and that it can be repeated."""

import time
from dataclasses import replace

import pytest
import torch
from rdkit import Chem

from molgfn.chem.atom_features import atom_graphs
from molgfn.proxy import network_fit
from molgfn.proxy.fingerprints import fingerprints
from molgfn.proxy.network import Network, NetworkEnsemble
from molgfn.proxy.network_fit import NetworkFit, joined
from molgfn.proxy.target_model import Estimate, FitSettings, Molecules

SMILES = [f"{'C' * length}{end}" for length in range(1, 9) for end in ("O", "N", "F", "C(=O)O")]
MOLS = [Chem.MolFromSmiles(one) for one in SMILES]
VALUES = torch.tensor([float(mol.GetNumAtoms()) for mol in MOLS])


def settings(members: int = 2, seed: int = 0, max_seconds: float = 60.0) -> FitSettings:
    return FitSettings(
        classification=False,
        seed=seed,
        members=members,
        fold=torch.arange(len(MOLS)) % 4,
        max_seconds=max_seconds,
    )


def predict(model: NetworkEnsemble, mols: list[Chem.Mol]) -> Estimate:
    with torch.no_grad():
        return model.eval()(Molecules(fingerprints(mols)[0], atom_graphs(mols)[0]))


@pytest.fixture(autouse=True)
def _few_epochs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network_fit, "MAX_EPOCHS", 20)


def test_an_ensemble_learns_to_count_atoms() -> None:
    said = predict(NetworkEnsemble.fit(MOLS, VALUES, settings()), MOLS)
    assert (said.mean - VALUES).abs().mean() < 0.25 * VALUES.std()
    assert (said.std > 0).all()


def test_the_same_seed_gives_the_same_network_and_another_does_not() -> None:
    first, again, other = (
        predict(NetworkEnsemble.fit(MOLS, VALUES, settings(1, seed)), MOLS).mean
        for seed in (0, 0, 1)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_a_fit_leaves_the_global_source_of_randomness_as_it_was() -> None:
    before = torch.random.get_rng_state()
    NetworkEnsemble.fit(MOLS, VALUES, settings(1, max_seconds=0.0))
    assert torch.equal(before, torch.random.get_rng_state())


def test_no_time_is_spent_when_none_is_left() -> None:
    start = time.process_time()
    NetworkEnsemble.fit(MOLS, VALUES, settings(1, max_seconds=0.0))
    assert time.process_time() - start < 2


def test_the_kept_weights_are_those_of_the_best_epoch() -> None:
    fit = NetworkFit(Network(8, 1), classification=False, num_steps=1)
    fit.log = lambda *_: None  # type: ignore[method-assign]  # there is no trainer
    batch = joined(
        [(atom_graphs([mol])[0], value) for mol, value in zip(MOLS, VALUES, strict=True)]
    )
    last = fit.network.head[-1]
    torch.nn.init.zeros_(last.weight)
    for bias in (0.0, float(VALUES.mean()), -50.0):
        torch.nn.init.constant_(last.bias, bias)
        fit.validation_step(batch)
        fit.on_validation_epoch_end()
    assert fit.kept["head.4.bias"] == VALUES.mean()


def test_graphs_that_are_joined_are_the_graph_of_all() -> None:
    ours, values = joined(
        [(atom_graphs([mol])[0], value) for mol, value in zip(MOLS, VALUES, strict=True)]
    )
    theirs, _ = atom_graphs(MOLS)
    for name in ("atoms", "molecule", "source", "target", "bond_type"):
        assert torch.equal(getattr(ours, name), getattr(theirs, name))
    assert torch.equal(values, VALUES)


def test_a_molecule_is_predicted_alike_alone_and_among_others() -> None:
    model = NetworkEnsemble([Network(16, 2) for _ in range(2)], True, 0.0, 1.0)
    torch.testing.assert_close(predict(model, MOLS).mean[5], predict(model, MOLS[5:6]).mean[0])


def test_classes_are_predicted_as_probabilities() -> None:
    model = NetworkEnsemble([Network(16, 2) for _ in range(3)], True, 0.0, 1.0)
    said = predict(model, MOLS).mean
    assert ((said > 0) & (said < 1)).all()


def test_members_that_the_time_limit_ended_are_counted() -> None:
    assert NetworkEnsemble.fit(MOLS, VALUES, settings(2, max_seconds=0.0)).cut_short == 2
    few = replace(settings(1), fold=torch.arange(8) % 4)
    assert NetworkEnsemble.fit(MOLS[:8], VALUES[:8], few).cut_short == 0
