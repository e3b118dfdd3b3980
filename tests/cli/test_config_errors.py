"""Every mistake in a config is one short line with the key, the value and what is accepted."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from molgfn.cli.configured import configured
from molgfn.cli.main import main

GRID: dict[str, Any] = {
    "environment": "molgfn.envs.hypergrid.Hypergrid",
    "policy": "molgfn.policies.mlp.MLP",
    "reward": "molgfn.rewards.hypergrid.HypergridReward",
}
QED, SA = "molgfn.rewards.properties.QED", "molgfn.rewards.properties.SA"


def write(folder: Path, content: Any) -> str:
    (folder / "c.yaml").write_text(yaml.safe_dump(content))
    return str(folder / "c.yaml")


def complaint(folder: Path, content: Any, *options: str) -> str:
    with pytest.raises((ValueError, OSError)) as caught:
        configured([write(folder, content)], options)
    return " ".join(str(caught.value).split())


def model(**changes: Any) -> dict[str, Any]:
    return {"model": {**GRID, **changes}}


def reward(path: str, **arguments: Any) -> dict[str, Any]:
    return {"class_path": path, "init_args": arguments}


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (model(betaa=3), "model.betaa is no key; did you mean beta?"),
        ({**model(), "modell": {"beta": 3}}, "modell.beta is no key; accepted are "),
        ({**model(), "trainer": {"max_stepss": 3}}, "trainer.max_stepss is no key; did you mean"),
        (model(beta="high"), "model.beta = high: accepted are float, list[float]"),
        (model(learning_rate=[1, 2]), "model.learning_rate = [1, 2]: accepted is float"),
        (model(learning_rate=-1), "model.learning_rate = -1.0: accepted are numbers above 0"),
        ({**model(), "trainer": {"max_steps": "many"}}, "trainer.max_steps = many: accepted is"),
        (
            model(reward=reward(GRID["reward"], r00=1)),
            "model.reward.r00 is no key of molgfn.rewards.hypergrid.HypergridReward; accepted are "
            "r0, side",
        ),
        (
            model(reward=reward(GRID["reward"], r0="high")),
            "model.reward.r0 = high: accepted is float",
        ),
        (
            model(
                reward=reward("molgfn.rewards.join.Product", rewards=[QED, reward(SA, floor="low")])
            ),
            "model.reward.rewards.floor = low: accepted is float",
        ),
        (
            model(reward="molgfn.rewards.properties.QEDD"),
            "model.reward = molgfn.rewards.properties.QEDD: molgfn.rewards.properties has no QEDD",
        ),
        (
            model(reward="molgfn.rewards.gone.Reward"),
            "model.reward = molgfn.rewards.gone.Reward: there is no module molgfn.rewards.gone",
        ),
        (
            model(reward="my_own_reward.Mine"),
            "model.reward = my_own_reward.Mine: there is no module my_own_reward; accepted are",
        ),
        (
            model(reward="molgfn.policies.mlp.MLP"),
            "model.reward = molgfn.policies.mlp.MLP: accepted are classes derived from Reward",
        ),
        (model(reward=3), "model.reward = 3: accepted is the class path of a Reward, or"),
        ({"model": {"beta": 1}}, "the config lacks model.environment, model.policy, model.reward"),
    ],
)
def test_a_mistake_is_named_by_its_key(tmp_path: Path, content: Any, expected: str) -> None:
    assert complaint(tmp_path, content).startswith(expected)


def test_an_option_that_does_not_exist_is_named(tmp_path: Path) -> None:
    assert complaint(tmp_path, model(), "--model.reward.r00", "1").startswith("model.reward.r00")


def test_a_file_that_a_config_names_and_that_is_not_there_is_named(tmp_path: Path) -> None:
    content = model(
        environment=reward("molgfn.envs.fragments.FragmentEnvironment", vocabulary="gone.yaml")
    )
    assert complaint(tmp_path, content).startswith("no vocabulary 'gone.yaml'")


def test_a_config_that_is_no_yaml_is_named_with_the_line(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("model:\n  beta: [1\nreward: x\n")
    with pytest.raises(ValueError, match=r"c\.yaml is malformed YAML: .* line 3"):
        configured([str(tmp_path / "c.yaml")], [])


def test_fit_says_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fit", "-c", write(tmp_path, model(betaa=3))]) == 1
    assert capsys.readouterr().err == ("molgfn: error: model.betaa is no key; did you mean beta?\n")
