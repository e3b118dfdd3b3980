"""The canonical form of a tree of fragments: equal for two trees that differ by symmetry only."""

from molgfn.chem.groups import site_group
from molgfn.chem.tree import Tree
from molgfn.chem.vocabulary import Vocabulary

# A rooted tree: fragment, its slot towards the parent (-1 at the root), and (slot, child) pairs.
Form = tuple[int, int, tuple[tuple[int, "Form"], ...]]


def canonical_form(vocabulary: Vocabulary, tree: Tree) -> Form:
    """The same for two trees exactly if they differ by symmetry only.

    Symmetries rename nodes and move the sites of each fragment by its group `G_f`. A tree with a
    core is rooted there.
    """
    joined: list[list[tuple[int, int, int]]] = [[] for _ in tree.fragments]
    for u, a, v, b in tree.bonds:
        joined[u].append((a, v, b))
        joined[v].append((b, u, a))
    known: dict[tuple[int, int], Form] = {}

    def form(node: int, parent: int, entry: int) -> Form:
        if (node, parent) not in known:
            children = [(a, form(v, node, b)) for a, v, b in joined[node] if v != parent]
            known[node, parent] = node_form(vocabulary, tree.fragments[node], entry, children)
        return known[node, parent]

    cores = [node for node, number in enumerate(tree.fragments) if number in vocabulary.cores]
    return min(form(root, -1, -1) for root in cores or range(len(tree)))


def node_form(
    vocabulary: Vocabulary, number: int, entry: int, children: list[tuple[int, Form]]
) -> Form:
    """The smallest form of a node over the symmetries of its fragment.

    Args:
        entry: the slot towards the parent, -1 at the root.
        children: slots and the forms of the subtrees there.
    """
    return min(
        (
            number,
            g[entry] if entry >= 0 else -1,
            tuple(sorted((g[a], form) for a, form in children)),
        )
        for g in site_group(vocabulary.fragments[number])
    )


def tree_of(form: Form) -> Tree:
    """The tree of a rooted form; its root is node 0."""
    fragments: list[int] = []
    bonds: list[tuple[int, int, int, int]] = []

    def visit(node: Form, parent: int, slot: int) -> None:
        number, entry, children = node
        own = len(fragments)
        fragments.append(number)
        if parent >= 0:
            bonds.append((parent, slot, own, entry))
        for child_slot, child in children:
            visit(child, own, child_slot)

    visit(form, -1, -1)
    return Tree(tuple(fragments), tuple(bonds))
