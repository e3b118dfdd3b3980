"""The student of the sEH proxy: its file, its errors, and how far it agrees with the proxy."""

import random
from pathlib import Path

import pytest
import torch
from rdkit import Chem
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from molgfn.chem.assemble import assemble
from molgfn.chem.atom_features import atom_graphs
from molgfn.chem.io import load_vocabulary
from molgfn.chem.random_trees import RandomTrees
from molgfn.chem.resources import shipped
from molgfn.rewards.messages import BondMessages
from molgfn.rewards.seh import SEHProxy, SEHStudent
from molgfn.rewards.seh_student import FORMAT, StudentNetwork, load_student, save_student

SMILES = ("CC(=O)Nc1ccccc1", "C#CCN1CCOCC1", "C", "C.C")


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    path = tmp_path / "student.safetensors"
    save_student(StudentNetwork(width=8, num_steps=2), path)
    return path


def rewritten(path: Path, **metadata: str) -> Path:
    """The same weights with other words about them."""
    with safe_open(path, framework="pt") as file:
        words = file.metadata()
    tensors = load_file(path)
    save_file(tensors, path, metadata={**words, **metadata})
    return path


def test_a_saved_student_predicts_the_same(saved: Path) -> None:
    torch.manual_seed(0)
    graphs, _ = atom_graphs([Chem.MolFromSmiles(smiles) for smiles in SMILES])
    messages = BondMessages.of(graphs)
    before, after = StudentNetwork(width=8, num_steps=2), load_student(saved)
    torch.testing.assert_close(before(graphs, messages), after(graphs, messages))


def test_a_student_does_not_depend_on_the_order_of_atoms(saved: Path) -> None:
    mol = Chem.MolFromSmiles("CC(=O)Nc1ccc(C#N)cc1")
    turned = Chem.RenumberAtoms(mol, list(reversed(range(mol.GetNumAtoms()))))
    raw = SEHStudent(str(saved))([mol, turned]).components["seh_proxy"]
    torch.testing.assert_close(raw[0], raw[1], atol=1e-6, rtol=0)


def test_failures_leave_the_values_of_others_unchanged(saved: Path) -> None:
    student = SEHStudent(str(saved))
    good = [Chem.MolFromSmiles(smiles) for smiles in SMILES]
    alone = torch.cat([student([mol]).components["seh_proxy"] for mol in good])
    scores = student([None, good[0], Chem.Mol(), *good[1:]])
    torch.testing.assert_close(
        scores.components["seh_proxy"][[1, 3, 4, 5]], alone, atol=1e-6, rtol=0
    )
    assert set(scores.failures) == {0, 2}
    assert scores.log_reward.isnan().nonzero()[:, 0].tolist() == [0, 2]


def test_the_score_is_the_reward_itself(saved: Path) -> None:
    scores = SEHStudent(str(saved), floor=0.1, scale=2.0)([Chem.MolFromSmiles("CCO")])
    raw, score = scores.components["seh_proxy"], scores.components["seh_proxy_score"]
    torch.testing.assert_close(score, raw.clamp(min=0.1) / 2)
    torch.testing.assert_close(score.log(), scores.log_reward)


def test_checkpoints_do_not_repeat_the_weights(saved: Path) -> None:
    student = SEHStudent(str(saved))
    assert not student.state_dict()
    assert not list(student.parameters())


def test_a_damaged_file_is_refused(saved: Path) -> None:
    content = bytearray(saved.read_bytes())
    content[-1] ^= 1
    saved.write_bytes(bytes(content))
    with pytest.raises(ValueError, match="it is damaged"):
        load_student(saved)


def test_a_truncated_file_is_refused(saved: Path) -> None:
    saved.write_bytes(saved.read_bytes()[:-10])
    with pytest.raises(ValueError, match="not a readable safetensors file"):
        load_student(saved)


def test_a_file_of_another_format_is_refused(saved: Path) -> None:
    with pytest.raises(ValueError, match=f"format 'other'; accepted is '{FORMAT}'"):
        load_student(rewritten(saved, format="other"))


@pytest.mark.parametrize("width", ["", "-1", "many", "999999999"])
def test_a_file_with_impossible_sizes_is_refused(saved: Path, width: str) -> None:
    with pytest.raises(ValueError, match="width is"):
        load_student(rewritten(saved, width=width))


def test_a_file_whose_weights_have_other_shapes_is_refused(saved: Path) -> None:
    with pytest.raises(ValueError, match="does not fit its own sizes"):
        load_student(rewritten(saved, num_steps="3"))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"nothing\.safetensors"):
        SEHStudent(str(tmp_path / "nothing.safetensors"))


def test_the_shipped_student_has_at_most_two_megabytes_and_a_card() -> None:
    path = shipped("models/seh_student.safetensors")
    assert path.stat().st_size <= 2_000_000
    assert shipped("models/seh_student.md").stat().st_size > 0


@pytest.mark.parametrize("vocabulary", ["druglike", "published"])
def test_the_shipped_student_agrees_with_the_proxy_on_random_molecules(
    seh_folder: Path, vocabulary: str
) -> None:
    fragments, rng = load_vocabulary(vocabulary), random.Random(7)
    trees = RandomTrees(fragments, rng)
    mols = [assemble(fragments, trees.sample(rng.randint(2, 9))) for _ in range(400)]
    labels, predictions = (
        reward(mols).components["seh_proxy"] for reward in (SEHProxy(), SEHStudent())
    )
    assert torch.corrcoef(torch.stack([labels, predictions]))[0, 1] > 0.95
    assert (labels - predictions).abs().mean() < 0.35
