"""The reward that asks a fitted proxy."""

from pathlib import Path

import pytest
import torch
from rdkit import Chem

from molgfn.proxy.model import load
from molgfn.rewards.proxy import FittedProxy
from molgfn.rewards.transforms import Linear

MOLS = [Chem.MolFromSmiles(one) for one in ("CCO", "c1ccccc1CNC(=O)C", "CC(=O)Oc1ccccc1C(=O)O")]
SCALE = Linear(5, 9)


def test_the_reward_is_the_lower_confidence_bound(proxy_folder: Path) -> None:
    said = load(proxy_folder).predict(MOLS)
    reward = FittedProxy(str(proxy_folder), SCALE, kappa=0.5)
    expected = SCALE((said.mean - 0.5 * said.std)[:, 0]).clamp(min=0.01).log()
    torch.testing.assert_close(reward(MOLS).log_reward, expected)


def test_mean_score_std_and_domain_are_reported(proxy_folder: Path) -> None:
    said = load(proxy_folder).predict(MOLS)
    reward = FittedProxy(str(proxy_folder), SCALE, kappa=1.0, name="act")
    found = reward(MOLS).components
    assert tuple(found) == reward.component_names == ("act", "act_score", "act_std", "act_domain")
    torch.testing.assert_close(found["act"], said.mean[:, 0])
    torch.testing.assert_close(found["act_std"], said.std[:, 0])
    torch.testing.assert_close(found["act_domain"], said.domain)
    torch.testing.assert_close(found["act_score"], SCALE(found["act"] - found["act_std"]))


def test_a_molecule_that_cannot_be_read_fails_alone(proxy_folder: Path) -> None:
    reward = FittedProxy(str(proxy_folder), SCALE)
    scores = reward([MOLS[0], None, MOLS[1]])
    assert dict(scores.failures) == {1: "no molecule"}
    assert scores.log_reward.isnan().tolist() == [False, True, False]
    torch.testing.assert_close(scores.log_reward[[0, 2]], reward(MOLS[:2]).log_reward)


def test_checkpoints_do_not_repeat_its_weights(proxy_folder: Path) -> None:
    reward = FittedProxy(str(proxy_folder), SCALE)
    assert not reward.state_dict()
    assert not list(reward.parameters())


def test_training_in_lower_precision_does_not_change_the_reward(proxy_folder: Path) -> None:
    reward = FittedProxy(str(proxy_folder), SCALE)
    with torch.autocast("cpu", torch.bfloat16):
        lower = reward(MOLS).log_reward
    assert torch.equal(lower, reward(MOLS).log_reward)


def test_a_number_without_a_transform_is_refused(proxy_folder: Path) -> None:
    with pytest.raises(ValueError, match="transform is missing"):
        FittedProxy(str(proxy_folder))


def test_an_unknown_target_is_refused(proxy_folder: Path) -> None:
    with pytest.raises(ValueError, match=r"target = 'other': accepted are \['t0'\]"):
        FittedProxy(str(proxy_folder), SCALE, target="other")


@pytest.mark.parametrize("kappa", [-1.0, float("inf"), float("nan")])
def test_a_bad_kappa_is_refused(proxy_folder: Path, kappa: float) -> None:
    with pytest.raises(ValueError, match="accepted are finite numbers from 0"):
        FittedProxy(str(proxy_folder), SCALE, kappa=kappa)


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"model\.json"):
        FittedProxy(str(tmp_path / "absent"), SCALE)
