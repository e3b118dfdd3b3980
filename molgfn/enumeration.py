"""All trees and all molecules of a small fragment environment."""

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from molgfn.chem.assemble import assemble
from molgfn.chem.counting import count_trees
from molgfn.chem.descriptors import canonical_smiles
from molgfn.chem.tables import VocabularyTables
from molgfn.envs.fragments import FragmentEnvironment, FragmentStates
from molgfn.envs.symmetry import mix

CHUNK_SIZE = 16_384  # trees that are looked at together


@dataclass(frozen=True)
class Space:
    """All K trees that may be stopped at, and the molecules they are.

    Attributes:
        states: K terminal states, by number of fragments.
        key: [K] their canonical keys as `FragmentEnvironment.canonical_key` gives them.
        num_automorphisms: [K] |Aut|.
        num_states: all trees, also those too small to stop at; s0 is not counted.
        smiles: canonical, one for each distinct molecule; empty if not decoded.
        molecule: [K] number of each tree's molecule; empty if not decoded.
        num_trees: [M] m, how many of the K trees are this molecule; empty if not decoded.
    """

    states: FragmentStates
    key: Tensor
    num_automorphisms: Tensor
    num_states: int
    smiles: list[str]
    molecule: Tensor
    num_trees: Tensor


def estimate_num_states(env: FragmentEnvironment) -> float:
    """Number of trees of at most `max_fragments` fragments, without building them; s0 apart.

    Exact up to the rounding of float64.
    """
    tables = copy.deepcopy(env.tables).cpu()
    return float(count_trees(tables, env.max_fragments, env.max_per_site).sum())


@torch.no_grad()
def enumerate_space(
    env: FragmentEnvironment,
    max_states: int = 2_000_000,
    progress: Callable[[int], None] | None = None,
    *,
    decode: bool = True,
) -> Space:
    """Every tree of an environment, breadth first, each once.

    Args:
        env: on any device; the space is made on the CPU.
        max_states: how many trees there may be.
        progress: called with the number of trees that were just found.
        decode: whether to make molecules and their SMILES, which takes most of the time.
    Raises:
        ValueError: there are more trees than `max_states`, or a tree is no valid molecule.
    """
    expected = estimate_num_states(env)
    if round(expected) > max_states:
        raise ValueError(
            f"vocabulary {env.vocabulary.name!r} has {expected:.4g} trees of at most "
            f"{env.max_fragments} fragments; enumeration accepts max_states = {max_states}. Use "
            "fewer fragments or a smaller max_fragments"
        )
    env = copy.deepcopy(env).cpu()
    level = _roots(env)
    levels = []
    while len(level.states):
        levels.append(level)
        if progress is not None:
            progress(len(level.states))
        level = _next_level(env, level)
    trees = FragmentStates.cat([level.states for level in levels])
    stops = torch.cat([env.observe(part).may_stop for part in _chunks(trees)])
    states = replace(trees[stops], done=torch.ones(int(stops.sum()), dtype=torch.bool))
    smiles, molecule = _molecules(env, states) if decode else ([], torch.zeros(0).long())
    return Space(
        states=states,
        key=mix(torch.cat([level.key for level in levels])[stops]),
        num_automorphisms=torch.cat([level.num_automorphisms for level in levels])[stops],
        num_states=len(trees),
        smiles=smiles,
        molecule=molecule,
        num_trees=molecule.bincount(minlength=len(smiles)),
    )


@dataclass(frozen=True)
class _Level:
    """Distinct trees of one size, not stopped."""

    states: FragmentStates
    key: Tensor
    num_automorphisms: Tensor


def _chunks(states: FragmentStates) -> Iterator[FragmentStates]:
    for start in range(0, len(states), CHUNK_SIZE):
        yield states[start : start + CHUNK_SIZE]


def _roots(env: FragmentEnvironment) -> _Level:
    ports = env.tables.may_bond[env.tables.first].nonzero()[:, 0]
    zero = torch.zeros_like(ports)
    states = env.step(env.reset(len(ports)), env.encode(zero, zero, ports))
    return _Level(states, *env.symmetry(states))


def _next_level(env: FragmentEnvironment, level: _Level) -> _Level:
    """The distinct trees of one more fragment."""
    keys, automorphisms, parents, actions = [], [], [], []
    first = 0
    for states in _chunks(level.states):
        for parent, action in _growths(env, states):
            key, num_automorphisms = env.symmetry(env.step(states[parent], action))
            new = _first_of_each(key)
            keys.append(key[new])
            automorphisms.append(num_automorphisms[new])
            parents.append(first + parent[new])
            actions.append(action[new])
        first += len(states)
    if not keys:
        return _Level(level.states[:0], level.key[:0], level.num_automorphisms[:0])
    key = torch.cat(keys)
    new = _first_of_each(key)
    parent, action = torch.cat(parents)[new], torch.cat(actions)[new]
    grown = [
        env.step(level.states[who], what)
        for who, what in zip(
            torch.split(parent, CHUNK_SIZE), torch.split(action, CHUNK_SIZE), strict=True
        )
    ]
    return _Level(FragmentStates.cat(grown), key[new], torch.cat(automorphisms)[new])


def _growths(env: FragmentEnvironment, states: FragmentStates) -> Iterator[tuple[Tensor, Tensor]]:
    """Actions that reach every child of some trees, in pieces: number of the tree, action.

    Of ports in one orbit, and of sites that a symmetry of their own fragment alone relates, one
    stands for all. Other symmetries of the tree still lead to the same child twice.
    """
    tables = env.tables
    seen = env.observe(states)
    growing = seen.open_sites & _representative_sites(tables, seen.fragment, seen.neighbour >= 0)
    tree, node, slot = growing.nonzero().unbind(1)
    kind = tables.site_type[seen.fragment[tree, node], slot]
    ports = tables.may_bond & _representative_ports(tables)  # [K, P]
    port = ports.nonzero()[:, 1]  # those of kind 0, of kind 1, ...
    num_ports = ports.sum(1)
    offset = num_ports.cumsum(0) - num_ports
    ends = num_ports[kind].cumsum(0)
    total = int(ends[-1]) if len(ends) else 0
    for start in range(0, total, CHUNK_SIZE):
        number = torch.arange(start, min(start + CHUNK_SIZE, total))
        row = torch.searchsorted(ends, number, right=True)
        rank = number - ends[row] + num_ports[kind[row]]
        yield tree[row], env.encode(node[row], slot[row], port[offset[kind[row]] + rank])


def _representative_ports(tables: VocabularyTables) -> Tensor:
    """[P] True at the first site of each orbit of a fragment."""
    orbit = tables.site_orbit[tables.port_fragment, tables.port_site]
    return torch.zeros_like(orbit, dtype=torch.bool).index_fill(0, _first_of_each(orbit), True)


def _representative_sites(tables: VocabularyTables, fragment: Tensor, taken: Tensor) -> Tensor:
    """Sites that are the first of those which their fragment's symmetries relate.

    Args:
        fragment: [B, N]; taken: [B, N, S] sites that carry a bond, which the symmetry must keep.
    Returns:
        [B, N, S].
    """
    slot = torch.arange(tables.num_slots)
    code = (taken << slot).sum(-1) * tables.num_fragments + fragment.clamp(min=0)
    codes, number = torch.unique(code, return_inverse=True)  # few: fragments with some sites taken
    kept = (codes[:, None] // tables.num_fragments >> slot) & 1 > 0  # [U, S]
    elements = tables.group[codes % tables.num_fragments]  # [U, G, S]
    keeps = ((elements == slot) | ~kept[:, None]).all(-1, keepdim=True)
    smallest = elements.where(keeps, slot).amin(1)  # [U, S]
    return (smallest == slot)[number]


def _first_of_each(values: Tensor) -> Tensor:
    """Indices of the first occurrence of each distinct value, ascending by value."""
    distinct, number = torch.unique(values, return_inverse=True)
    place = torch.arange(len(values), device=values.device)
    return torch.full_like(distinct, len(values)).scatter_reduce(0, number, place, "amin")


def _molecules(env: FragmentEnvironment, states: FragmentStates) -> tuple[list[str], Tensor]:
    """Distinct canonical SMILES, and the number of each state's."""
    numbers: dict[str, int] = {}
    molecule = []
    for part in _chunks(states):
        for tree in env.trees(part):
            smiles = canonical_smiles(assemble(env.vocabulary, tree))
            molecule.append(numbers.setdefault(smiles, len(numbers)))
    return list(numbers), torch.tensor(molecule, dtype=torch.int64)
