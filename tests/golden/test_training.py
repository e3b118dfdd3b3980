"""Short training ends at the target, whatever the objective and the backward policy."""

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import pytest
import torch

from molgfn.backward.base import BackwardPolicy
from molgfn.backward.learned import LearnedBackward, TrajectoryLikelihood
from molgfn.backward.maximum_entropy import MaximumEntropyBackward
from molgfn.backward.uniform import UniformBackward
from molgfn.envs.fragments import FragmentEnvironment, FragmentStates
from molgfn.envs.hypergrid import Hypergrid, HypergridStates
from molgfn.envs.sequences import SequenceStates, Strings
from molgfn.exploration import EpsilonUniform
from molgfn.module import GFlowNet
from molgfn.objectives.base import Objective
from molgfn.objectives.detailed_balance import DetailedBalance
from molgfn.objectives.flow_matching import FlowMatching
from molgfn.objectives.forward_looking import ForwardLookingDetailedBalance
from molgfn.objectives.log_partition_variance import LogPartitionVariance
from molgfn.objectives.losses import Linex
from molgfn.objectives.policy_gradient import PolicyGradient
from molgfn.objectives.soft_q_learning import SoftQLearning
from molgfn.objectives.sub_trajectory_balance import SubTrajectoryBalance
from molgfn.objectives.trajectory_balance import TrajectoryBalance
from molgfn.policies.fragments import FragmentTransformer
from molgfn.policies.mlp import MLP
from molgfn.policies.sequences import SequenceTransformer
from molgfn.rewards.base import Reward, Scores
from molgfn.state_graph import exact_errors, state_graph, terminal_probabilities
from tests.vocabularies import SYMMETRIC


class KeyedFragments(FragmentEnvironment):
    """Shows a reward the canonical key of each tree."""

    def decode(self, states: FragmentStates) -> list[Any]:
        return list(self.canonical_key(states).tolist())


class KeyedGrid(Hypergrid):
    """Likewise of each cell."""

    def decode(self, states: HypergridStates) -> list[Any]:
        return list(self.canonical_key(states).tolist())


class KeyedStrings(Strings):
    """Likewise of each text."""

    def decode(self, states: SequenceStates) -> list[Any]:
        return list(self.canonical_key(states).tolist())


class Arbitrary(Reward):
    """log R of a key: the key, scrambled into [-2, 2]."""

    def forward(self, objects: Sequence[int]) -> Scores:
        return Scores(torch.tensor([2 * math.sin(key % 1000) for key in objects]))


SPACES: Mapping[str, Callable[[], tuple[Any, Any]]] = {
    "fragments": lambda: (
        KeyedFragments(SYMMETRIC, 1, 3),
        partial(FragmentTransformer, width=64, num_layers=2),
    ),
    "cores": lambda: (
        KeyedFragments(SYMMETRIC, 1, 3, cores=["*c1ccc(*)cc1", "*C1CC1*"], max_per_site=1),
        partial(FragmentTransformer, width=64, num_layers=2),
    ),
    "hypergrid": lambda: (KeyedGrid(2, 5), partial(MLP, width=64)),
    "strings": lambda: (
        KeyedStrings("abc", 0, 3),
        partial(SequenceTransformer, width=32, num_layers=2),
    ),
}
FAST = ("trajectory", "hypergrid")
"""The case that is not slow."""
ON_CORES = ("trajectory", "flow matching", "learned P_B", "maximum entropy")
"""What differs on cores: they are the last to be undone."""
NUM_STEPS = {"fragments": 400, "cores": 400, "hypergrid": 1000, "strings": 600}

Case = tuple[Callable[[], Objective], Callable[[], BackwardPolicy]]
TRAINED: Mapping[str, Case] = {
    "trajectory": (TrajectoryBalance, UniformBackward),
    "linex": (lambda: TrajectoryBalance(loss=Linex(0.5)), UniformBackward),
    "detailed": (DetailedBalance, UniformBackward),
    "sub-trajectory": (SubTrajectoryBalance, UniformBackward),
    "variance": (LogPartitionVariance, UniformBackward),
    "flow matching": (FlowMatching, UniformBackward),
    "forward-looking": (ForwardLookingDetailedBalance, UniformBackward),
    "soft Q": (SoftQLearning, UniformBackward),
    "policy gradient": (PolicyGradient, UniformBackward),
    "learned P_B": (TrajectoryBalance, LearnedBackward),
    "detailed, learned P_B": (DetailedBalance, LearnedBackward),
    "maximum entropy": (TrajectoryBalance, MaximumEntropyBackward),
    "trajectory likelihood": (TrajectoryBalance, TrajectoryLikelihood),
    "soft Q, trajectory likelihood": (SoftQLearning, TrajectoryLikelihood),
}


def train(space: str, name: str) -> dict[str, float]:
    """Exact errors after some hundred steps of 128 trajectories."""
    num_steps = NUM_STEPS[space]
    torch.manual_seed(0)
    make_objective, make_backward = TRAINED[name]
    environment, policy = SPACES[space]()
    objective = make_objective()
    model = GFlowNet(
        environment,
        policy,
        Arbitrary(),
        objective,
        EpsilonUniform(0.0 if objective.on_policy else 0.05),
        backward=make_backward(),
        seed=0,
    )
    optimizer = torch.optim.Adam(
        [
            {"params": model.policy.parameters(), "lr": 3e-3},
            {"params": objective.parameters(), "lr": 0.1},
        ]
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda n: 0.5 ** (5 * n / num_steps))
    for step in range(num_steps):
        optimizer.zero_grad()
        model.training_step(128, step)["loss"].backward()
        optimizer.step()
        schedule.step()
    graph = state_graph(environment, 1000)
    log_reward = Arbitrary()(environment.decode(graph.terminal)).log_reward
    log_z = float(objective.log_z(torch.ones(1))[0].detach())
    learned = terminal_probabilities(environment, model.policy, graph, 1.0)
    return exact_errors(learned, log_reward, log_z)


@pytest.mark.parametrize(
    ("name", "space"),
    [
        pytest.param(name, space, marks=[] if (name, space) == FAST else pytest.mark.slow)
        for name in TRAINED
        for space in SPACES
        if space != "cores" or name in ON_CORES
    ],
)
def test_short_training_reaches_the_exact_log_z_and_distribution(space: str, name: str) -> None:
    found = train(space, name)
    assert found["tv"] < 0.02
    assert abs(found["log_z_error"]) < 0.01
