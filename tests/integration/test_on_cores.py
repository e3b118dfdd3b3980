"""The shipped configs of molecules on cores, from training to candidates, as a user types them."""

from pathlib import Path

import pandas as pd
import pytest
import torch
from rdkit import Chem

from molgfn.cli.main import main
from molgfn.configurable import build
from molgfn.envs.base import Environment
from tests.cores import is_on
from tests.tiny import fit as fit_tiny

UREA, AMIDE = "O=C(N[*:1])NC1CCN([*:2])CC1", "O=C(N[*:1])C1CCN([*:2])CC1"


def train(config: str, folder: Path, *options: str) -> str:
    args = ["fit", "-c", config, "-c", "debug", "--trainer.default_root_dir", str(folder)]
    quiet = ["--trainer.logger", "false", "--trainer.enable_progress_bar", "false"]
    assert main([*args, *quiet, *options]) == 0
    return str(folder / "checkpoints" / "last.ckpt")


@pytest.fixture(scope="module")
def rgroups(tmp_path_factory: pytest.TempPathFactory) -> str:
    return train("rgroups", tmp_path_factory.mktemp("run"))


def sample(checkpoint: str, output: Path, *options: str) -> int:
    drawn = ["sample", "--checkpoint", checkpoint, "--num", "40", "--output", str(output)]
    return main([*drawn, "--device", "cpu", "--workers", "1", *options])


def on(core: str, smiles: str) -> bool:
    return is_on(core, Chem.MolFromSmiles(smiles))


def test_every_candidate_of_an_r_group_design_is_on_a_core(rgroups: str, tmp_path: Path) -> None:
    assert sample(rgroups, tmp_path / "a.csv") == 0
    table = pd.read_csv(tmp_path / "a.csv")
    assert all(on(UREA, smiles) or on(AMIDE, smiles) for smiles in table.smiles)
    assert set(table.core) == {UREA, AMIDE}
    assert [route.split(" | ")[0] for route in table.fragments] == list(table.core)
    assert table.num_fragments.between(3, 4).all()
    assert table.log_p.notna().all()


def test_candidates_of_one_core_keep_their_proportions(rgroups: str, tmp_path: Path) -> None:
    sample(rgroups, tmp_path / "all.csv", "--num", "150")
    assert sample(rgroups, tmp_path / "one.csv", "--num", "150", "--core", AMIDE) == 0
    every, one = (pd.read_csv(tmp_path / name) for name in ("all.csv", "one.csv"))
    assert all(on(AMIDE, smiles) and not on(UREA, smiles) for smiles in one.smiles)
    both = every.merge(one, on="smiles", suffixes=("", "_one"))
    shares = both.log_p_one - both.log_p  # -log P(core), whatever the molecule
    assert len(shares) >= 2
    assert shares.max() - shares.min() < 1e-4


def test_another_core_than_those_of_the_checkpoint_is_refused(
    rgroups: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sample(rgroups, tmp_path / "a.csv", "--core", "*c1ccccc1") != 0
    assert f"is no core of the environment; accepted are '{UREA}'" in capsys.readouterr().err


def test_a_checkpoint_without_cores_has_none_to_draw_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fit_tiny(tmp_path, []).save_checkpoint(tmp_path / "last.ckpt")
    assert sample(str(tmp_path / "last.ckpt"), tmp_path / "a.csv", "--core", "*C") != 0
    assert "it was made without cores" in capsys.readouterr().err


def test_a_hit_grows_at_its_own_atoms(tmp_path: Path) -> None:
    hit = "O=C1NCc2ccccc21"
    assert sample(train("hit", tmp_path / "run"), tmp_path / "a.csv") == 0
    table = pd.read_csv(tmp_path / "a.csv")
    assert all(on(hit, smiles) for smiles in table.smiles)
    assert all(route.startswith(f"{hit} | ") for route in table.fragments)


def test_a_policy_without_cores_is_tuned_to_cores(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    parent = train("quickstart", tmp_path / "parent")
    child = train("rgroups", tmp_path / "child", "--init_from", parent)
    assert "250 of 252 fragments known to the checkpoint, new: O=C(N" in capsys.readouterr().err
    assert sample(child, tmp_path / "a.csv") == 0
    assert all(on(UREA, s) or on(AMIDE, s) for s in pd.read_csv(tmp_path / "a.csv").smiles)


def test_a_checkpoint_remembers_its_cores(rgroups: str) -> None:
    described = torch.load(rgroups, weights_only=True)["hyper_parameters"]["environment"]
    made = build(described, Environment)
    assert [made.vocabulary.fragments[f].name for f in made.vocabulary.cores] == [UREA, AMIDE]
    assert made.max_per_site == 2


def test_a_core_that_cannot_grow_is_an_error_of_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cores = '["c1ccccc1"]'
    run = ["fit", "-c", "rgroups", "--trainer.default_root_dir", str(tmp_path)]
    assert main([*run, "--model.environment.cores", cores]) != 0
    told = capsys.readouterr().err
    assert "has no attachment atom; put a star on each atom" in told
    assert "Traceback" not in told
