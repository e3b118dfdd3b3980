"""From a policy to trajectories, and from trajectories to their scores."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from molgfn.envs.base import Environment
from molgfn.policies.base import Policy
from molgfn.types import STOP, TensorBatch, Trajectories


@dataclass(frozen=True)
class Rollout:
    """B sampled trajectories.

    Attributes:
        trajectories: what was done.
        states: B terminal states.
        log_pf: [B, T] under the policy that was rolled out, without exploration; with its gradient
            unless gradients were off. 0 on padding.
        log_pb: [B, T] under the uniform backward policy; 0 on padding.
    """

    trajectories: Trajectories
    states: Any
    log_pf: Tensor
    log_pb: Tensor


def log_uniform_backward(env: Environment, states: Any) -> Tensor:
    """[B] log P_B of the step that led to each state: minus log of its number of parents."""
    return -env.backward_mask(states).sum(-1).clamp(min=1).log()


def rollout(
    env: Environment,
    policy: Policy,
    beta: Tensor,
    generator: torch.Generator,
    epsilon: float = 0.0,
    uniform_share: float = 0.0,
) -> Rollout:
    """Sample one trajectory for each beta.

    Args:
        epsilon: probability of a uniform action at each step.
        uniform_share: probability that all actions of a trajectory but the stop are uniform, and
            that it stops after t actions with probability 1 / (T - t) where it may: uniform over
            lengths.
        beta: [B], on the device of the policy and the environment.
        generator: on that device; all randomness comes from it.
    """
    batch = len(beta)
    states = env.reset(batch)
    finished: list[tuple[Tensor, TensorBatch]] = []
    alive = torch.arange(batch, device=beta.device)
    log_pf, log_pb = beta.new_zeros(2, batch, env.max_steps).unbind(0)
    actions = torch.full((batch, env.max_steps), STOP, device=beta.device)
    lengths = torch.zeros(batch, dtype=torch.int64, device=beta.device)
    columns = []
    wanders = torch.rand(batch, generator=generator, device=beta.device) < uniform_share
    for t in range(env.max_steps):
        distribution = policy(env.observe(states), beta[alive])
        chosen = distribution.sample(generator)
        if epsilon > 0:
            explores = torch.rand(len(alive), generator=generator, device=beta.device) < epsilon
            chosen = torch.where(explores, distribution.uniform().sample(generator), chosen)
        if uniform_share > 0:
            aimless = distribution.uniform(stop=1 / (env.max_steps - t)).sample(generator)
            chosen = torch.where(wanders[alive], aimless, chosen)
        columns.append((alive, distribution.log_prob(chosen)))
        states = env.step(states, chosen)
        actions[alive, t] = chosen
        log_pb[alive, t] = log_uniform_backward(env, states).to(beta)
        lengths[alive] += 1
        done = env.is_terminal(states)
        finished.append((alive[done], states[done]))
        alive, states = alive[~done], states[~done]
        if not len(alive):
            break
    log_pf = torch.stack(
        [torch.zeros_like(beta).index_put((rows,), column) for rows, column in columns], 1
    )
    log_pf = torch.nn.functional.pad(log_pf, (0, env.max_steps - len(columns)))
    order = torch.cat([rows for rows, _ in finished]).argsort()
    terminal = type(states).cat([part for _, part in finished])[order]
    return Rollout(Trajectories(actions, lengths, beta), terminal, log_pf, log_pb)


def score(env: Environment, policy: Policy, trajectories: Trajectories) -> Tensor:
    """log P_F of given trajectories under a policy, all states in one flat pass.

    Returns:
        [B, T], 0 on padding.
    """
    states = env.reset(len(trajectories))
    visited, rows = [], []
    for t in range(int(trajectories.lengths.max())):
        alive = (t < trajectories.lengths).nonzero()[:, 0]
        visited.append(states[alive])
        rows.append(alive)
        states = env.step(states, trajectories.actions[:, t])
    row = torch.cat(rows)
    step = torch.cat([torch.full_like(alive, t) for t, alive in enumerate(rows)])
    distribution = policy(env.observe(type(states).cat(visited)), trajectories.beta[row])
    log_pf = distribution.log_prob(trajectories.actions[row, step])
    return torch.zeros(
        trajectories.actions.shape, device=log_pf.device, dtype=log_pf.dtype
    ).index_put((row, step), log_pf)
