"""Trees and molecules to audit a policy on, drawn in several ways, and their points."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from rdkit import Chem
from torch import Tensor

from molgfn.agreement import Array
from molgfn.audit import Points, first_of_each, likelihoods
from molgfn.bounds import forward_weights
from molgfn.chem.descriptors import canonical_smiles
from molgfn.chem.tree import Tree
from molgfn.enumeration import Space, enumerate_space
from molgfn.envs.fragments import FragmentEnvironment, FragmentStates
from molgfn.molecules import log_likelihood_of_molecules
from molgfn.policies.base import Policy
from molgfn.rewards.base import Reward, checked
from molgfn.sampler import rollout

BATCH_SIZE = 256
Failures = list[dict[str, str]]


@dataclass(frozen=True)
class Subject:
    """What is audited: a policy in an environment, aimed at a reward.

    Attributes:
        beta: inverse temperature of the reward, and what the policy is conditioned on.
        log_z: learned; None where nothing learns it.
    """

    env: FragmentEnvironment
    policy: Policy
    reward: Reward
    beta: float
    log_z: float | None

    @property
    def device(self) -> torch.device:
        return self.env.tables.port.device

    def betas(self, num: int) -> Tensor:
        """[num] beta."""
        return torch.full((num,), self.beta, device=self.device)

    @torch.no_grad()
    def log_rewards(self, mols: Sequence[Any]) -> tuple[Tensor, dict[int, str]]:
        """[B] beta log R, NaN where a reason is given by position."""
        parts = [torch.zeros(0, dtype=torch.float64)]
        failures: dict[int, str] = {}
        for start in range(0, len(mols), BATCH_SIZE):
            some = mols[start : start + BATCH_SIZE]
            scores = checked(self.reward(some), len(some))
            parts.append(scores.log_reward.double().cpu())
            failures |= {start + i: reason for i, reason in scores.failures.items()}
        return self.beta * torch.cat(parts), failures


def enumerated(env: FragmentEnvironment, max_states: int) -> Space:
    """`enumerate_space` of an environment on any device; the space is on the CPU.

    Raises:
        ValueError: it is too large.
    """
    device = env.tables.port.device
    try:
        return enumerate_space(env.to("cpu"), max_states)
    finally:
        env.to(device)


def log_rewards_of_space(subject: Subject, space: Space) -> Tensor:
    """[K] beta log R of the molecule of each tree, on the CPU; NaN where it has none."""
    first = torch.from_numpy(first_of_each(space.molecule.numpy()))
    states = space.states[first].to(subject.device)
    log_reward, _ = subject.log_rewards(subject.env.decode(states))
    return log_reward[space.molecule]


def measure(subject: Subject, states: FragmentStates) -> tuple[Points, Failures]:
    """Points of given trees: log p and log R of the tree, or of its molecule if that is the target.

    Returns:
        Points, and the molecules that have no reward or no likelihood, with the reason.
    """
    states = states.to(subject.device)
    mols = subject.env.decode(states)
    log_reward, failures = subject.log_rewards(mols)
    if subject.env.target == "molecules":
        found = log_likelihood_of_molecules(
            subject.env, subject.policy, mols, subject.betas(len(mols))
        )
        log_p, failures = found.log_p, {**found.failures, **failures}
    else:
        log_p = likelihoods(subject.env, subject.policy, states, subject.beta)
    good = np.array([i for i in range(len(mols)) if i not in failures], dtype=np.int64)
    points = points_of(subject, log_p, log_reward, states).select(good)
    return points, [{"smiles": smiles_of(mols[i]), "reason": failures[i]} for i in sorted(failures)]


def points_of(
    subject: Subject, log_p: Tensor, log_reward: Tensor, states: FragmentStates
) -> Points:
    """Points around the learned log Z, or around their own estimate of it."""
    p, reward = (x.double().cpu().numpy() for x in (log_p, log_reward))
    log_z = subject.log_z
    if log_z is None:
        difference = (reward - p)[np.isfinite(reward - p)]
        log_z = float(difference.mean()) if difference.size else 0.0
    return Points(p, reward, states.num_fragments.double().cpu().numpy(), log_z)


@torch.no_grad()
def draw_by_policy(
    subject: Subject, num: int, generator: torch.Generator
) -> tuple[FragmentStates, Array]:
    """Terminal states that the policy samples, and the weight of each trajectory.

    Returns:
        [num] states; [num] w of `bounds.forward_weights`, whose mean is the ELBO, NaN where there
        is no reward.
    """
    states, weights = [], []
    for start in range(0, num, BATCH_SIZE):
        beta = subject.betas(min(BATCH_SIZE, num - start))
        played = rollout(subject.env, subject.policy, beta, generator)
        log_reward, _ = subject.log_rewards(subject.env.decode(played.states))
        log_reward = log_reward.to(subject.device)
        if subject.env.target == "molecules":
            log_reward = log_reward - subject.env.log_num_trees(played.states)
        states.append(played.states)
        weights.append(forward_weights(subject.env, subject.policy, played, log_reward))
    return FragmentStates.cat(states), torch.cat(weights).double().cpu().numpy()


def trees_of_smiles(
    env: FragmentEnvironment, lines: Sequence[str]
) -> tuple[FragmentStates, Failures]:
    """One tree for each molecule that the environment can end at.

    Args:
        lines: a SMILES each, and what follows it after a blank is ignored.
    Returns:
        States, and the molecules that cannot be read or built, with the reason.
    """
    search = env.terminal_trees()
    trees: list[Tree] = []
    unbuildable: Failures = []
    for smiles in (line.split()[0] for line in lines if line.strip()):
        try:
            trees.append(search.of(_read(smiles))[0])
        except ValueError as error:
            unbuildable.append({"smiles": smiles, "reason": str(error)})
    return env.from_trees(trees), unbuildable


def bound(weights: Array) -> dict[str, float | None]:
    """Mean and standard error of trajectory weights that are finite."""
    finite = weights[np.isfinite(weights)]
    return {
        "mean": float(finite.mean()) if finite.size else None,
        "standard_error": (
            float(finite.std(ddof=1) / np.sqrt(finite.size)) if finite.size > 1 else None
        ),
    }


def _read(smiles: str) -> Chem.Mol:
    mol = Chem.MolFromSmiles(smiles)
    if mol is None or not mol.GetNumAtoms():
        raise ValueError("it is no SMILES that RDKit can read")
    return mol


def smiles_of(mol: Chem.Mol | None) -> str:
    """Canonical SMILES, empty for what could not be decoded."""
    return "" if mol is None else canonical_smiles(mol)
