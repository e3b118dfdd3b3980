"""The published sEH proxy: exact, alike in both forms, deaf to what stands beside a molecule."""

import csv
import gzip
import hashlib
import shutil
from pathlib import Path

import pytest
import torch
from rdkit import Chem
from rdkit.Chem import rdchem

from molgfn.chem.atom_features import atom_graphs
from molgfn.rewards.messages import BondMessages
from molgfn.rewards.seh import SEHProxy
from molgfn.rewards.seh_network import load_seh_weights
from molgfn.rewards.seh_reference import PlainSEHNetwork

SMILES = ("CC(=O)Nc1ccccc1", "C#CCN1CCOCC1", "O=C(NC1CCCCCC1)C1CCN(C(=O)c2ccccc2)CC1", "C", "C.C")


@pytest.fixture(scope="module")
def proxy(seh_folder: Path) -> SEHProxy:
    return SEHProxy()


def molecules() -> list[Chem.Mol]:
    return [Chem.MolFromSmiles(smiles) for smiles in SMILES]


def test_the_proxy_agrees_with_the_published_predictions(proxy: SEHProxy, seh_folder: Path) -> None:
    with (seh_folder / "proxy_reference.csv").open() as file:
        rows = list(csv.DictReader(file))
    raw = proxy([Chem.MolFromSmiles(row["smiles"]) for row in rows]).components["seh_proxy"]
    expected = torch.tensor([float(row["seh_proxy"]) for row in rows])
    torch.testing.assert_close(raw, expected, atol=1e-4, rtol=0)


def test_the_fast_form_equals_nnconv_gru_and_set2set(proxy: SEHProxy, seh_folder: Path) -> None:
    graphs, _ = atom_graphs(molecules())
    plain = PlainSEHNetwork(load_seh_weights(seh_folder / "best_params.pkl.gz"))
    fast = proxy.network(graphs, BondMessages.of(graphs))
    torch.testing.assert_close(fast, plain(graphs), atol=1e-5, rtol=0)


def test_the_reward_is_the_floored_prediction_over_the_scale(proxy: SEHProxy) -> None:
    scores = proxy(molecules())
    raw = scores.components["seh_proxy"]
    torch.testing.assert_close(scores.log_reward, (raw.clamp(min=0.1) / 8).log())


def test_a_negative_prediction_gets_the_floor(proxy: SEHProxy) -> None:
    floored = SEHProxy(floor=20.0)(molecules()).log_reward
    torch.testing.assert_close(floored, torch.full_like(floored, 20 / 8).log())


def test_failures_leave_the_values_of_others_unchanged(proxy: SEHProxy) -> None:
    good = molecules()
    alone = torch.cat([proxy([mol]).components["seh_proxy"] for mol in good])
    mixed = proxy([None, good[0], Chem.Mol(), *good[1:3], Chem.MolFromSmiles("[Pb]"), *good[3:]])
    assert set(mixed.failures) == {0, 2, 5}
    raw = mixed.components["seh_proxy"]
    torch.testing.assert_close(raw[[1, 3, 4, 6, 7]], alone, atol=1e-5, rtol=0)
    assert raw[[0, 2, 5]].isnan().all()
    assert mixed.log_reward.isnan().tolist() == raw.isnan().tolist()


def test_a_failure_beyond_the_first_chunk_keeps_its_position(proxy: SEHProxy) -> None:
    mols = [Chem.MolFromSmiles("CCO")] * 70
    mols[67] = None
    scores = proxy(mols)
    assert scores.log_reward.isnan().nonzero()[:, 0].tolist() == [67]
    assert scores.failures == {67: "no molecule"}


def test_a_prediction_that_is_not_finite_fails_with_a_reason(proxy: SEHProxy) -> None:
    broken = SEHProxy()
    broken.network.output_bias = torch.tensor([torch.inf])
    scores = broken(molecules()[:1])
    assert scores.log_reward.isnan().all()
    assert scores.failures == {0: "the prediction is not finite"}


@pytest.mark.parametrize(
    ("mol", "reason"),
    [
        (None, "no molecule"),
        (Chem.Mol(), "no atoms"),
        (Chem.MolFromSmiles("[Ra]"), "atomic number 88"),
        (Chem.MolFromSmiles("*C"), "atomic number 0"),
        (Chem.MolFromSmiles("CC", sanitize=False), "not sanitized"),
    ],
)
def test_an_unreadable_molecule_fails_with_a_reason(
    proxy: SEHProxy, mol: Chem.Mol | None, reason: str
) -> None:
    scores = proxy([mol])
    assert reason in scores.failures[0]


def test_a_bond_that_the_proxy_does_not_know_fails_with_a_reason(proxy: SEHProxy) -> None:
    mol = Chem.RWMol(Chem.MolFromSmiles("C.C"))
    mol.AddBond(0, 1, rdchem.BondType.QUADRUPLE)
    mol.UpdatePropertyCache()
    assert "a bond is neither" in proxy([mol]).failures[0]


def test_nothing_scores_to_nothing(proxy: SEHProxy) -> None:
    scores = proxy([])
    assert len(scores.log_reward) == 0
    assert not scores.failures


def test_checkpoints_do_not_repeat_the_weights(proxy: SEHProxy) -> None:
    assert not proxy.state_dict()
    assert not list(proxy.parameters())


def test_training_in_lower_precision_does_not_change_the_reward(proxy: SEHProxy) -> None:
    expected = proxy(molecules()).log_reward
    with torch.autocast("cpu", torch.bfloat16):
        torch.testing.assert_close(proxy(molecules()).log_reward, expected, atol=0, rtol=0)


def test_weights_with_a_wrong_checksum_are_refused(seh_folder: Path, tmp_path: Path) -> None:
    changed = tmp_path / "best_params.pkl.gz"
    changed.write_bytes((seh_folder / "best_params.pkl.gz").read_bytes() + b" ")
    with pytest.raises(ValueError, match="SHA-256"):
        SEHProxy(weights=str(changed))
    with pytest.raises(ValueError, match="SHA-256"):
        SEHProxy(weights=str(seh_folder / "best_params.pkl.gz"), sha256="00")


def test_other_weights_are_accepted_with_their_own_checksum(
    seh_folder: Path, tmp_path: Path
) -> None:
    packed = gzip.compress(gzip.decompress((seh_folder / "best_params.pkl.gz").read_bytes()), 1)
    other = tmp_path / "mine.pkl.gz"
    other.write_bytes(packed)
    proxy = SEHProxy(weights=str(other), sha256=hashlib.sha256(packed).hexdigest())
    assert proxy([Chem.MolFromSmiles("CCO")]).log_reward.isfinite().all()


def test_published_weights_under_another_name_are_accepted(
    seh_folder: Path, tmp_path: Path
) -> None:
    copy = shutil.copy(seh_folder / "best_params.pkl.gz", tmp_path / "copy.pkl.gz")
    assert SEHProxy(weights=str(copy))([Chem.MolFromSmiles("CCO")]).log_reward.isfinite().all()


@pytest.mark.parametrize(("floor", "scale"), [(0.0, 8.0), (-1.0, 8.0), (0.1, 0.0), (0.1, -8.0)])
def test_a_floor_or_scale_that_is_not_positive_is_refused(floor: float, scale: float) -> None:
    with pytest.raises(ValueError, match="must be positive"):
        SEHProxy(floor=floor, scale=scale)
