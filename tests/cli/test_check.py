"""`molgfn check`: what it finds, that it tells it, and that nothing is left behind."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from PIL import Image

import molgfn
from molgfn.cli.main import main
from tests.test_configs import CONFIGS

GRID = {
    "seed_everything": 3,
    "trainer": {"default_root_dir": "run", "max_steps": 1000, "accelerator": "cpu"},
    "data": {"batch_size": 8},
    "model": {
        "environment": "molgfn.envs.hypergrid.Hypergrid",
        "policy": "molgfn.policies.mlp.MLP",
        "reward": "molgfn.rewards.hypergrid.HypergridReward",
    },
}

REWARDS = """
import torch
from molgfn.rewards.base import Reward, Scores


class Constant(Reward):
    def forward(self, objects):
        return Scores(torch.zeros(len(objects)))


class Nowhere(Reward):
    def forward(self, objects):
        return Scores(torch.full((len(objects),), torch.nan), {}, {0: "never"})


class Often(Reward):
    def forward(self, objects):
        values = torch.tensor([float(sum(one)) if sum(one) > 12 else torch.nan for one in objects])
        return Scores(values)


class Raises(Reward):
    def forward(self, objects):
        raise ZeroDivisionError("by me")


class Infinite(Reward):
    def forward(self, objects):
        return Scores(1e30 * torch.tensor([float(sum(one)) for one in objects]))


class Steep(Reward):
    def forward(self, objects):
        places = [sum(8**i * x for i, x in enumerate(one)) for one in objects]
        return Scores(20 * torch.tensor(places).float())


class NotSix(Reward):
    def forward(self, objects):
        if len(objects) == 6:
            raise ValueError("six at once")
        return Scores(torch.tensor([o.GetNumAtoms() / 100 for o in objects]).log())
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    Path("preflight_rewards.py").write_text(REWARDS)
    Path("grid.yaml").write_text(yaml.safe_dump(GRID))
    return tmp_path


def check(*options: str, config: str = "grid.yaml") -> tuple[int, dict[str, Any]]:
    """Exit code and JSON of a quick look."""
    quick = ["--num", "40", "--steps", "2", "--output", "check.json"]
    code = main(["check", "-c", config, *quick, *options])
    found: dict[str, Any] = json.loads(Path("check.json").read_text())
    return code, found


def test_a_good_config_is_ready(capsys: pytest.CaptureFixture[str]) -> None:
    code, found = check()
    assert (code, found["verdict"]) == (0, "ready")
    assert capsys.readouterr().out.endswith("ready: this config can be trained\n")


def test_the_json_has_the_keys_of_the_contract_and_the_cost() -> None:
    _, found = check()
    assert found["version"] == molgfn.__version__
    assert found["seed"] == 3
    assert found["trajectories_per_second"] == pytest.approx(8 / found["train_step_seconds"])
    assert found["estimated_seconds"] >= 1000 * found["train_step_seconds"]
    assert found["peak_memory_bytes"] > 2**20
    assert found["reward"]["betas"][-1]["beta"] == 2


def test_nothing_is_left_behind(folder: Path) -> None:
    before = set(folder.iterdir())
    check()
    left = {path.name for path in set(folder.iterdir()) - before} - {"__pycache__"}
    assert left == {"check.json"}


def test_the_picture_is_drawn(folder: Path) -> None:
    check("--picture", "reward.png")
    assert Image.open("reward.png").size[0] > 1000


def test_the_same_seed_finds_the_same_rewards() -> None:
    first, again = check()[1], check("--overwrite")[1]
    other = check("--overwrite", "--seed_everything", "4")[1]
    assert first["reward"] == again["reward"] != other["reward"]


@pytest.mark.parametrize(
    ("reward", "warning"),
    [
        ("Constant", "the reward is constant: all "),
        ("Often", "most rewards fail: "),
    ],
)
def test_a_reward_that_looks_wrong_is_warned_of_and_can_be_trained(
    reward: str, warning: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, found = check("--model.reward", f"preflight_rewards.{reward}")
    assert (code, found["verdict"]) == (0, "warnings")
    assert found["warnings"][0].startswith(warning)
    assert warning in (shown := capsys.readouterr().out)
    assert shown.endswith("can be trained, with 1 warning\n")


def test_a_beta_that_leaves_one_object_is_warned_of() -> None:
    steep = ("--model.reward", "preflight_rewards.Steep")
    assert check(*steep, "--model.beta", "0.1")[1]["warnings"] == []
    code, found = check(*steep, "--overwrite", "--num", "300")
    assert code == 0
    assert found["warnings"][0].startswith("the reward is peaked: at beta = 1 one of ")


def test_a_reward_that_raises_for_known_molecules_alone_is_warned_of() -> None:
    molecules = ("-c", "debug", "--model.reward", "preflight_rewards.NotSix")
    code, found = check(*molecules, config="quickstart")
    assert code == 0
    assert "known molecules cannot be scored: six at once" in found["warnings"][0]


@pytest.mark.parametrize(
    ("options", "error"),
    [
        (["--model.reward", "preflight_rewards.Nowhere"], " random objects has a reward; "),
        (["--model.reward", "preflight_rewards.Raises"], "ZeroDivisionError: by me (/"),
        (["--model.reward", "preflight_rewards.Infinite"], "the loss is infinite"),
        (["--model.reward", "preflight_rewards.Gone"], "preflight_rewards has no Gone; accepted"),
        (["--model.betaa", "3"], "model.betaa is no key; did you mean beta?"),
        (["--model.beta", "high"], "model.beta = high: accepted are float"),
        (["--model.reward.side", "4"], "the reward has side = 4"),
        (["--trainer.accelerator", "abacus"], "abacus"),
        (["--trainer.default_root_dir", "grid.yaml/run"], "grid.yaml is in the way"),
    ],
)
def test_what_cannot_be_trained_is_refused_with_the_reason(
    options: list[str], error: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, found = check(*options)
    assert (code, found["verdict"]) == (1, "refused")
    assert any(error in told for told in found["errors"])
    assert capsys.readouterr().out.endswith("cannot be trained\n")


def test_a_folder_that_holds_a_run_is_warned_of_unless_it_may_be_replaced() -> None:
    Path("run/checkpoints").mkdir(parents=True)
    Path("run/checkpoints/last.ckpt").touch()
    code, found = check()
    assert code == 0
    assert "run already holds a run" in found["warnings"][0]
    assert check("--overwrite", "true")[1]["warnings"] == []


def test_ranks_of_a_run_are_counted_and_not_started() -> None:
    _, found = check("--trainer.strategy", "ddp", "--trainer.devices", "2")
    assert found["num_ranks"] == 2
    assert found["trajectories_per_second"] == pytest.approx(16 / found["train_step_seconds"])


def test_a_run_without_a_last_step_has_no_estimate() -> None:
    assert check("--trainer.max_steps", "-1")[1]["estimated_seconds"] is None


def test_molecules_that_people_know_are_scored(capsys: pytest.CaptureFixture[str]) -> None:
    _, found = check("-c", "debug", config="quickstart")
    assert {one["name"] for one in found["known"]} >= {"aspirin", "imatinib"}
    assert all(one["components"]["seh_proxy"] > 1 for one in found["known"])
    assert "imatinib" in capsys.readouterr().out


def test_a_config_that_is_not_there_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "-c", "gone"]) == 1
    assert "config 'gone' is neither a file nor a shipped config" in capsys.readouterr().err


def test_an_output_that_exists_is_not_replaced(capsys: pytest.CaptureFixture[str]) -> None:
    Path("check.json").touch()
    assert main(["check", "-c", "grid.yaml", "--output", "check.json"]) == 1
    assert "exists already" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", sorted(p.stem for p in CONFIGS.glob("*.yaml") if "trainer:" in p.read_text())
)
def test_every_shipped_config_that_has_all_it_needs_is_ready(
    name: str, request: pytest.FixtureRequest
) -> None:
    if name in ("gpu", "proxy"):
        pytest.skip("needs a GPU, or a proxy that somebody fitted")
    base = {"ddp": "seh", "debug": "quickstart"}.get(name, name)
    if base.startswith("seh"):
        request.getfixturevalue("seh_folder")
    overlay = ["-c", name] if base != name else []
    code, found = check(*overlay, "--trainer.accelerator", "cpu", "--num", "1000", config=base)
    assert (code, found["warnings"], found["errors"]) == (0, [], [])
