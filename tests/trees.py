"""Trees written otherwise."""

import torch

from molgfn.chem.groups import site_group
from molgfn.chem.tree import Tree
from molgfn.envs.fragments import FragmentEnvironment


def half_bonds(tree: Tree) -> set[tuple[int, int, int, int]]:
    """Every bond, from either end."""
    return {half for u, a, v, b in tree.bonds for half in ((u, a, v, b), (v, b, u, a))}


def scramble(
    env: FragmentEnvironment, tree: Tree, generator: torch.Generator
) -> tuple[Tree, dict[int, int], list[tuple[int, ...]]]:
    """The same molecule otherwise numbered, where each node went, and how each was turned."""

    def draw(n: int) -> int:
        return int(torch.randint(n, (), generator=generator))

    turn = []
    for f in tree.fragments:
        group = site_group(env.vocabulary.fragments[f])
        turn.append(group[draw(len(group))])
    around = half_bonds(tree)
    order, bonds = [draw(len(tree))], []
    while len(order) < len(tree):
        edges = sorted(bond for bond in around if bond[0] in order and bond[2] not in order)
        u, a, v, b = edges[draw(len(edges))]
        bonds.append((order.index(u), turn[u][a], len(order), turn[v][b]))
        order.append(v)
    scrambled = Tree(tuple(tree.fragments[v] for v in order), tuple(bonds))
    return scrambled, {v: i for i, v in enumerate(order)}, turn
