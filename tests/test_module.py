"""The LightningModule: one bad molecule costs itself alone, and randomness has one source."""

from collections.abc import Sequence
from typing import Any

import pytest
import torch
from rdkit import Chem

from molgfn.configurable import describe
from molgfn.envs.fragments import FragmentEnvironment, FragmentStates
from molgfn.exploration import EMASampler, EpsilonUniform
from molgfn.module import GFlowNet
from molgfn.policies.fragments import FragmentTransformer
from molgfn.rewards.base import Reward, Scores, checked
from tests.vocabularies import SYMMETRIC


class HeavyAtoms(Reward):
    """log R = atoms / 10, except at the positions where something else is said."""

    def __init__(self, instead: dict[int, float] | None = None) -> None:
        super().__init__()
        self.instead = instead or {}

    def forward(self, objects: Sequence[Chem.Mol]) -> Scores:
        values = [mol.GetNumAtoms() / 10 for mol in objects]
        for position, value in self.instead.items():
            values[position] = value
        return Scores(torch.tensor(values))


def module(reward: Reward | None = None, **kwargs: Any) -> GFlowNet:
    torch.manual_seed(0)
    return GFlowNet(
        FragmentEnvironment(SYMMETRIC, 1, 4),
        lambda spec: FragmentTransformer(spec, width=16, num_layers=1),
        reward or HeavyAtoms(),
        **kwargs,
    )


@pytest.mark.parametrize("bad", [float("nan"), float("-inf"), float("inf")])
def test_a_bad_reward_is_rejected_with_a_reason_and_changes_no_other(bad: float) -> None:
    good = module().training_step(8, 0)["batch"]
    spoiled = module(HeavyAtoms({2: bad})).training_step(8, 0)["batch"]
    others = torch.arange(8) != 2
    assert spoiled.valid.tolist() == others.tolist()
    torch.testing.assert_close(spoiled.log_reward[others], good.log_reward[others])
    assert spoiled.scores.failures == {2: f"the log-reward is {bad}"}
    assert spoiled.loss[2].isnan()
    assert spoiled.loss[others].isfinite().all()


def test_a_molecule_with_too_many_trees_to_count_is_rejected_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = module()
    right = type(model.environment).log_reward_correction

    def unknown(env: FragmentEnvironment, states: FragmentStates) -> torch.Tensor:
        return right(env, states).index_fill(0, torch.tensor([3]), torch.nan)

    monkeypatch.setattr(FragmentEnvironment, "log_reward_correction", unknown)
    spoiled = model.training_step(8, 0)["batch"]
    assert spoiled.valid.tolist() == [True] * 3 + [False] + [True] * 4
    assert "too many trees" in spoiled.scores.failures[3]


def test_a_step_in_which_every_molecule_fails_leaves_the_weights_alone() -> None:
    model = module(HeavyAtoms(dict.fromkeys(range(4), float("nan"))))
    loss = model.training_step(4, 0)["loss"]
    loss.backward()
    assert loss == 0
    for parameter in model.parameters():
        assert parameter.grad is None or not parameter.grad.any()


def test_a_reward_of_the_wrong_length_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"shape \[3\] for 4 objects"):
        checked(Scores(torch.zeros(3)), 4)


def test_a_failure_without_nan_is_rejected_too() -> None:
    scores = checked(Scores(torch.zeros(3), failures={1: "timed out"}), 3)
    assert scores.log_reward.isnan().tolist() == [False, True, False]
    assert scores.failures == {1: "timed out"}


def test_ranks_stages_and_steps_draw_different_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    model = module(seed=5)

    def draw(stage: str, index: int, rank: int) -> float:
        monkeypatch.setattr(GFlowNet, "global_rank", rank)
        return float(torch.rand((), generator=model.generator(stage, index)))

    drawn = {draw(s, i, r) for s in ("train", "validate") for i in (0, 1) for r in (0, 1)}
    assert len(drawn) == 8
    assert draw("train", 1, 1) in drawn


def test_the_same_seed_plays_the_same_trajectories_and_another_does_not() -> None:
    first, second, third = (module(seed=s).training_step(8, 0)["batch"] for s in (1, 1, 2))
    assert torch.equal(first.trajectories.actions, second.trajectories.actions)
    assert not torch.equal(first.trajectories.actions, third.trajectories.actions)


def test_a_moving_average_plays_but_the_policy_is_scored() -> None:
    model = module(exploration=EMASampler(decay=0.5, epsilon=0.0))
    average = model.exploration.behaviour(model.policy)
    assert average is not model.policy
    assert average.tables is model.policy.tables
    with torch.no_grad():
        for parameter in model.policy.parameters():
            parameter.add_(torch.randn_like(parameter))
    before = [p.clone() for p in average.parameters()]
    played = model.training_step(8, 0)
    played["loss"].backward()
    assert any(p.grad is not None and p.grad.any() for p in model.policy.parameters())
    assert all(p.grad is None for p in average.parameters())
    model.exploration.update(model.policy)
    for old, new, target in zip(
        before, average.parameters(), model.policy.parameters(), strict=True
    ):
        torch.testing.assert_close(new, (old + target) / 2)


def test_beta_multiplies_the_log_reward() -> None:
    cold, warm = (module(beta=beta, seed=0).training_step(8, 0)["batch"] for beta in (1.0, 3.0))
    torch.testing.assert_close(warm.log_reward, 3 * cold.log_reward)


def test_drawn_betas_fill_their_range() -> None:
    beta = module(beta=[2.0, 6.0]).training_step(256, 0)["batch"].trajectories.beta
    assert beta.min() >= 2
    assert beta.max() <= 6
    assert beta.max() - beta.min() > 3.5


def test_epsilon_one_plays_uniformly() -> None:
    model = module(exploration=EpsilonUniform(1.0))
    env = model.environment
    firsts = model.training_step(2000, 0)["batch"].trajectories.actions[:, 0]
    counts = firsts.bincount()
    counts = counts[counts > 0]
    assert len(counts) == env.tables.num_fragments
    assert counts.min() > 0.8 * counts.max()


def test_aimless_trajectories_are_uniform_over_sizes() -> None:
    model = module(exploration=EpsilonUniform(0.0, uniform_share=1.0))
    lengths = model.training_step(2000, 0)["batch"].trajectories.lengths
    counts = lengths.bincount()[2:]  # one to four fragments, and the stop
    # a third of the first fragments have one site, and a sixth two: those end when none is open
    assert len(counts) == 4
    assert counts.min() > 100
    firsts = model.training_step(4000, 0)["batch"].trajectories.actions[:, 0].bincount()
    firsts = firsts[firsts > 0]
    assert firsts.min() > 0.8 * firsts.max()


@pytest.mark.parametrize("epsilon", [-0.1, 1.1])
def test_an_epsilon_that_is_no_probability_is_refused(epsilon: float) -> None:
    with pytest.raises(ValueError, match=f"epsilon = {epsilon}"):
        EpsilonUniform(epsilon)


def test_hyperparameters_are_plain_data() -> None:
    described = dict(module(exploration=EMASampler(0.8)).hparams)
    assert described["exploration"] == {
        "class_path": "molgfn.exploration.EMASampler",
        "init_args": {"decay": 0.8, "epsilon": 0.01, "uniform_share": 0.0},
    }
    assert described["policy"]["init_args"]["width"] == 16
    assert describe(described) == described
