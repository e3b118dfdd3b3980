"""`molgfn fit --init_from`: a new run that begins with the policy of a checkpoint."""

import hashlib
import json
import os
import pickle
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from molgfn.cli.main import main

FRAGMENTS = [
    {"name": "benzene", "smiles": "c1ccccc1", "sites": [0, 1, 2, 3, 4, 5]},
    {"name": "amide", "smiles": "NC=O", "sites": [0, 1]},
    {"name": "methyl", "smiles": "C", "sites": [0]},
    {"name": "piperazine", "smiles": "C1CNCCN1", "sites": [2, 5]},
]
ENVIRONMENT = "molgfn.envs.fragments.FragmentEnvironment"
TRANSFORMER = "molgfn.policies.fragments.FragmentTransformer"
OWN_POLICY = """
from molgfn.policies.fragments import FragmentTransformer


class Own(FragmentTransformer):
    pass
"""
STILL = ["--model.learning_rate", "1e-30", "--model.matrix_learning_rate", "1e-30"]
"""Options of a run whose weights do not move."""

GRID = [
    *("--model.environment", "molgfn.envs.hypergrid.Hypergrid"),
    *("--model.policy", "molgfn.policies.mlp.MLP"),
    *("--model.reward", "molgfn.rewards.hypergrid.HypergridReward"),
]


def write_vocabulary(path: Path, fragments: list[dict[str, Any]]) -> None:
    facts = {"name": "small", "version": "1", "source": "made by hand", "licence": "MIT"}
    path.write_text(yaml.safe_dump({**facts, "fragments": fragments}))


def write_config(root: Path, **keys: Any) -> None:
    config = {
        "seed_everything": 3,
        "trainer": {
            "default_root_dir": root.stem,
            "max_steps": 3,
            "accelerator": "cpu",
            "enable_progress_bar": False,
            "logger": False,
        },
        "data": {"batch_size": 8, "num_validation_batches": 1},
        "model": {
            "environment": {
                "class_path": ENVIRONMENT,
                "init_args": {"vocabulary": "small.yaml", "max_fragments": 3},
            },
            "policy": {
                "class_path": TRANSFORMER,
                "init_args": {"width": 16, "num_layers": 1},
            },
            "reward": "molgfn.rewards.properties.QED",
        },
        **keys,
    }
    root.write_text(yaml.safe_dump(config))


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run, `parent`, and the configs of it and of one that begins from it."""
    folder = tmp_path_factory.mktemp("trained")
    before = Path.cwd()
    os.chdir(folder)
    try:
        write_vocabulary(folder / "small.yaml", FRAGMENTS)
        write_config(folder / "parent.yaml")
        write_config(folder / "child.yaml", init_from="parent/checkpoints/last.ckpt")
        assert main(["fit", "-c", "parent.yaml"]) == 0
    finally:
        os.chdir(before)
    return folder


@pytest.fixture(autouse=True)
def folder(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(trained, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "own_policy.py").write_text(OWN_POLICY)
    return tmp_path


def saved(run: str) -> dict[str, Any]:
    checkpoint: dict[str, Any] = torch.load(f"{run}/checkpoints/last.ckpt", weights_only=True)
    return checkpoint


def policy_of(run: str) -> dict[str, torch.Tensor]:
    weights = saved(run)["state_dict"]
    return {name: value for name, value in weights.items() if name.startswith("policy.")}


def parent_of(run: str) -> Any:
    return json.loads(Path(run, "provenance.json").read_text())["parent"]


def test_a_run_begins_with_the_policy_of_its_parent_and_all_else_anew(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["fit", "-c", "child.yaml", "--model.beta", "8", *STILL]) == 0
    mine, parents = policy_of("child"), policy_of("parent")
    assert all(torch.equal(mine[name], value) for name, value in parents.items())
    child, parent = saved("child"), saved("parent")
    assert child["global_step"] == 3
    assert child["state_dict"]["objective.offset"] != parent["state_dict"]["objective.offset"]
    assert (
        "molgfn: begins with the policy of parent/checkpoints/last.ckpt after 3 steps: 4 of 4 "
        "fragments known to the checkpoint; log Z, optimizer and steps begin anew\n"
    ) in capsys.readouterr().err


def test_the_run_remembers_its_parent() -> None:
    assert main(["fit", "-c", "child.yaml"]) == 0
    path = Path("parent/checkpoints/last.ckpt")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert parent_of("child") == {"path": str(path.resolve()), "sha256": digest, "step": 3}
    assert saved("child")["molgfn"]["parent"] == parent_of("child")
    assert parent_of("parent") is None


def test_a_resumed_run_needs_no_parent_and_still_remembers_it(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["fit", "-c", "child.yaml"]) == 0
    before, weights = parent_of("child"), policy_of("child")
    shutil.rmtree(folder / "parent")
    capsys.readouterr()
    resume = ["--ckpt_path", "child/checkpoints/last.ckpt", "--trainer.max_steps", "4"]
    assert main(["fit", "-c", "child.yaml", *resume, *STILL]) == 0
    assert "begins with" not in capsys.readouterr().err
    assert saved("child")["global_step"] == 4
    assert all(torch.equal(value, weights[name]) for name, value in policy_of("child").items())
    assert parent_of("child") == before


def test_the_last_checkpoint_of_a_run_that_has_none_yet_is_no_resumption() -> None:
    assert main(["fit", "-c", "child.yaml", "--ckpt_path", "last", *STILL]) == 0
    assert torch.equal(policy_of("child")["policy.start"], policy_of("parent")["policy.start"])


def test_fragments_that_are_new_and_that_are_gone_are_told(
    capsys: pytest.CaptureFixture[str],
) -> None:
    fluorine = {"name": "fluorine", "smiles": "F", "sites": [0]}
    write_vocabulary(Path("other.yaml"), [fluorine, *FRAGMENTS[:3]])
    other = ["--model.environment.vocabulary", "other.yaml"]
    size = ["--model.environment.max_fragments", "4"]
    assert main(["fit", "-c", "child.yaml", *other, *size, *STILL]) == 0
    assert (
        "3 of 4 fragments known to the checkpoint, new: fluorine; 1 of the checkpoint's fragments "
        "are not used; up to 4 fragments, 3 there; log Z"
    ) in capsys.readouterr().err
    mine, parents = policy_of("child"), policy_of("parent")
    name = "policy.port_fragment.weight"
    assert torch.equal(mine[name][1:], parents[name][:3])


def test_an_average_of_weights_begins_with_those_of_the_parent() -> None:
    average = ["--model.exploration", "molgfn.exploration.EMASampler"]
    assert main(["fit", "-c", "child.yaml", *average, *STILL]) == 0
    mine = saved("child")["state_dict"]["exploration.average.start"]
    assert torch.equal(mine, policy_of("parent")["policy.start"])


def test_a_head_that_only_the_new_objective_needs_begins_anew(
    capsys: pytest.CaptureFixture[str],
) -> None:
    objective = ["--model.objective", "molgfn.objectives.detailed_balance.DetailedBalance"]
    assert main(["fit", "-c", "child.yaml", *objective]) == 0
    assert "the head flow begins anew; log Z" in capsys.readouterr().err


def test_a_condition_on_beta_that_is_new_changes_nothing_at_first(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["fit", "-c", "child.yaml", "--model.policy.max_beta", "8", *STILL]) == 0
    assert "beta up to 8 is new to it" in capsys.readouterr().err
    assert policy_of("child")["policy.condition.weight"].abs().max() < 1e-20


def test_a_larger_beta_is_told_and_the_known_ones_mean_the_same(
    capsys: pytest.CaptureFixture[str],
) -> None:
    first = ["--model.policy.max_beta", "8", "--trainer.default_root_dir", "eight"]
    assert main(["fit", "-c", "parent.yaml", *first]) == 0
    then = ["--init_from", "eight/checkpoints/last.ckpt", "--model.policy.max_beta", "16"]
    assert main(["fit", "-c", "child.yaml", *then, *STILL]) == 0
    assert "it knows beta up to 8, this run goes up to 16" in capsys.readouterr().err
    name = "policy.condition.weight"
    halves, whole = policy_of("child")[name], policy_of("eight")[name]
    torch.testing.assert_close(halves[:, :16], whole[:, ::2] + whole[:, 1::2])
    assert halves[:, 16:].abs().max() < 1e-20


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (
            ["--model.policy.width", "32"],
            "model.policy.width is 32 in this run and 16 in the checkpoint parent/checkpoints",
        ),
        (
            ["--model.policy", "own_policy.Own"],
            f"has the policy {TRANSFORMER}, this run own_policy.Own; accepted is the same class",
        ),
        (GRID, "was trained in FragmentEnvironment, this run has Hypergrid; accepted is the same"),
        (["--init_from", "gone.ckpt"], "--init_from gone.ckpt is not a file"),
        (["--init_from", "small.yaml"], "small.yaml is not a checkpoint that molgfn can load"),
    ],
)
def test_what_does_not_fit_is_refused_alike_by_fit_and_by_check(
    options: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["fit", "-c", "child.yaml", *options]) == 1
    assert told in capsys.readouterr().err
    assert main(["check", "-c", "child.yaml", "--output", "check.json", *options]) == 1
    assert any(told in error for error in json.loads(Path("check.json").read_text())["errors"])


def test_check_tells_what_would_be_carried_over(folder: Path) -> None:
    before = {path.name for path in folder.iterdir()}
    quick = ["--num", "20", "--steps", "1", "--output", "check.json"]
    assert main(["check", "-c", "child.yaml", *quick]) == 0
    found = json.loads(Path("check.json").read_text())
    assert "4 of 4 fragments known" in found["carried_over"]
    assert {path.name for path in folder.iterdir()} - before == {"check.json"}


def test_a_vocabulary_file_that_was_changed_since_is_an_error(
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_vocabulary(Path("small.yaml"), FRAGMENTS[1:])
    assert main(["fit", "-c", "child.yaml"]) == 1
    assert "a vocabulary file was changed" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("part", "told"),
    [
        ("environment", "is not a checkpoint that molgfn can load: "),
        ("policy", "is of another version: its policy has the arguments depth; accepted are "),
        ("molgfn", "is not a checkpoint that molgfn can load: it has no key 'molgfn'"),
    ],
)
def test_a_checkpoint_of_another_version_is_an_error(
    part: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    checkpoint = saved("parent")
    if part == "molgfn":
        del checkpoint["molgfn"]
    else:
        checkpoint["hyper_parameters"][part]["init_args"]["depth"] = 4
    torch.save(checkpoint, "other.ckpt")
    assert main(["fit", "-c", "child.yaml", "--init_from", "other.ckpt"]) == 1
    assert f"--init_from other.ckpt {told}" in capsys.readouterr().err


class Evil:
    """Makes a folder when unpickled."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, ("executed",)


def test_a_hostile_checkpoint_executes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    Path("evil.ckpt").write_bytes(pickle.dumps({"state_dict": Evil()}))
    assert main(["fit", "-c", "child.yaml", "--init_from", "evil.ckpt"]) == 1
    assert "evil.ckpt is not a checkpoint that molgfn can load" in capsys.readouterr().err
    assert not Path("executed").exists()


def test_scoring_with_the_config_needs_no_parent(folder: Path) -> None:
    shutil.rmtree(folder / "parent")
    Path("a.smi").write_text("CCO\n")
    assert main(["score", "--config", "child.yaml", "--input", "a.smi", "--output", "a.csv"]) == 0


def test_a_grid_of_another_size_is_refused_and_the_parameter_named(
    capsys: pytest.CaptureFixture[str],
) -> None:
    grid = ["fit", "-c", "parent.yaml", *GRID, "--trainer.default_root_dir"]
    assert main([*grid, "grid"]) == 0
    again = [*grid, "again", "--init_from", "grid/checkpoints/last.ckpt"]
    assert main([*again, "--model.environment.side", "6"]) == 1
    assert "the policy's layers.0.weight is [16, 24] in this run and [16, 32] in" in (
        capsys.readouterr().err
    )
    assert main(again) == 0
