"""Exact likelihood of molecules: the sum over all trees that are the same molecule."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from rdkit import Chem
from torch import Tensor

from molgfn.chem.decompose import DecompositionLimitError
from molgfn.chem.terminal_trees import NoTreeError, TerminalTrees
from molgfn.chem.tree import Tree
from molgfn.envs.fragments import FragmentEnvironment
from molgfn.likelihood import MAX_NODES, log_likelihood
from molgfn.policies.base import Policy

TREES_AT_ONCE = 256  # each of them has up to 2^N subtrees


@dataclass(frozen=True)
class MoleculeLikelihoods:
    """Likelihoods of B molecules, kept by position.

    Attributes:
        log_p: [B] float64, in nats; -inf where the environment never ends at the molecule, NaN
            where that is not known.
        num_trees: [B] m, how many trees were summed over; 0 exactly where `failures` has a reason.
        failures: position -> why there is no finite likelihood.
    """

    log_p: Tensor
    num_trees: Tensor
    failures: Mapping[int, str]


def log_likelihood_of_molecules(
    env: FragmentEnvironment,
    policy: Policy,
    molecules: Sequence[Chem.Mol | None],
    beta: Tensor,
) -> MoleculeLikelihoods:
    """log p(molecule) = log sum of p(x) over the m trees x that are this molecule.

    Args:
        molecules: B; None stands for one that could not be read.
        beta: [B] what the policy is conditioned on.
    """
    device = beta.device
    search = env.terminal_trees()
    log_p = torch.full((len(molecules),), -torch.inf, dtype=torch.float64, device=device)
    failures: dict[int, str] = {}
    trees: list[Tree] = []
    owners: list[int] = []
    for number, molecule in enumerate(molecules):
        try:
            found = _trees(search, molecule)
        except NoTreeError as error:
            failures[number] = str(error)
        except ValueError as error:
            failures[number], log_p[number] = str(error), torch.nan
        else:
            trees += found
            owners += [number] * len(found)
    owner = torch.tensor(owners, dtype=torch.int64, device=device)
    parts = [
        log_likelihood(env, policy, env.from_trees(trees[i : i + TREES_AT_ONCE]), beta[of])
        for i, of in zip(
            range(0, len(trees), TREES_AT_ONCE), torch.split(owner, TREES_AT_ONCE), strict=False
        )
    ]
    if parts:
        log_p = _add(log_p, owner, torch.cat(parts))
    return MoleculeLikelihoods(log_p, owner.bincount(minlength=len(molecules)), failures)


def _trees(search: TerminalTrees, molecule: Chem.Mol | None) -> list[Tree]:
    """The trees to sum over.

    Raises:
        NoTreeError: the environment never ends at the molecule.
        ValueError: it is not known what the sum is.
    """
    if molecule is None:
        raise ValueError("it could not be read")
    found = search.of(molecule)
    if (most := max(map(len, found))) > MAX_NODES:
        raise DecompositionLimitError(
            f"it has a tree of {most} fragments; accepted are at most {MAX_NODES}"
        )
    return found


def _add(log_p: Tensor, owner: Tensor, terms: Tensor) -> Tensor:
    """log_p[i] <- log sum of exp of the terms that i owns; unchanged where it owns none."""
    highest = log_p.scatter_reduce(0, owner, terms, "amax", include_self=False)
    total = torch.zeros_like(log_p).index_add(0, owner, (terms - highest[owner]).exp())
    return torch.where(total > 0, highest + total.log(), log_p)
