"""Automorphisms and canonical keys of decorated trees, for a whole batch at once.

Every directed edge of a tree carries a *message*: a 64-bit hash of the branch behind it. A node
hashes the messages at its sites, smallest over the group of its fragment, so that equivalent
arrangements hash alike. One pass up and one down give the messages of all directed edges, hence
the hash of the tree rooted at each node. By orbit-stabiliser

    |Aut(x)| = #{v : K_v = K_root} prod_u #{g in G_{f_u} : g keeps the messages at u's sites}

where the messages are those that flow to the root. Exact up to hash collisions: two different
branches collide with probability 2^-64.
"""

import torch
from torch import Tensor

_ENTRY = 0x5DEECE66D  # the message at the site that looks towards the receiver
_OPEN = 0x27220A95  # the message at an open site
_MULTIPLIERS = (-0x40A7B892E31B1A47, -0x6B2FB644ECCEEE15)  # those of splitmix64


def mix(x: Tensor) -> Tensor:
    """Scramble int64 values (the splitmix64 finaliser; overflow wraps)."""
    for shift, multiplier in zip((30, 27), _MULTIPLIERS, strict=True):
        x = (x ^ (x >> shift)) * multiplier
    return x ^ (x >> 31)


def node_hash(
    fragment: Tensor, messages: Tensor, group: Tensor, group_size: Tensor
) -> tuple[Tensor, Tensor]:
    """Canonical hash of nodes, and how many group elements keep the messages at their sites.

    Args:
        fragment: [M] fragment of each node.
        messages: [M, S] message at each site.
        group, group_size: [F, G, S] and [F], the permutations of the fragments' sites.
    Returns:
        hash [M], num_stabilisers [M].
    """
    size = messages.shape[-1]
    slot = torch.arange(size, device=messages.device)
    elements = group[fragment]  # [M, G, S]
    moved = messages.gather(1, elements.flatten(1)).view_as(elements)
    salted = mix(messages[:, :, None] + mix(slot + 1))  # [M, S from, S to]
    index = elements * size + slot
    total = salted.flatten(1).gather(1, index.flatten(1)).view_as(elements).sum(-1)  # [M, G]
    real = torch.arange(group.shape[1], device=group.device) < group_size[fragment][:, None]
    fixed = (moved == messages[:, None]).all(-1) & real
    # padding repeats the identity, so it cannot lower the minimum
    return mix(total.amin(-1) ^ mix(fragment + 1)), fixed.sum(-1)


def tree_symmetry(
    fragment: Tensor,
    parent: Tensor,
    parent_site: Tensor,
    site: Tensor,
    num_fragments: Tensor,
    group: Tensor,
    group_size: Tensor,
) -> tuple[Tensor, Tensor]:
    """Canonical key and number of automorphisms of B trees with at most N nodes.

    Args:
        fragment: [B, N], -1 on padding.
        parent, parent_site, site: [B, N] the bond of each node but the root to its parent, which
            has a smaller index; -1 at the root and on padding.
        num_fragments: [B].
        group, group_size: the vocabulary's groups.
    Returns:
        key [B] int64; num_automorphisms [B] int64, 1 for the empty tree.
    """
    batch = torch.arange(len(fragment), device=fragment.device)
    num_nodes = int(num_fragments.max()) if len(fragment) else 0
    size = group.shape[-1]
    automorphisms = torch.ones_like(num_fragments)
    if num_nodes == 0:
        return torch.zeros_like(num_fragments), automorphisms
    fragment = fragment[:, :num_nodes].clamp(min=0)
    parent, parent_site, site = (x[:, :num_nodes].clamp(min=0) for x in (parent, parent_site, site))
    exists = torch.arange(num_nodes, device=fragment.device) < num_fragments[:, None]
    messages = torch.full((*fragment.shape, size), _OPEN, device=fragment.device)
    for i in range(num_nodes - 1, -1, -1):  # towards the root
        entry = messages[:, i]
        if i:
            entry = entry.scatter(1, site[:, i, None], _ENTRY)
        key, fixed = node_hash(fragment[:, i], entry, group, group_size)
        automorphisms = torch.where(exists[:, i], automorphisms * fixed, automorphisms)
        if i:
            where = (batch, parent[:, i], parent_site[:, i])
            messages[where] = torch.where(exists[:, i], key, messages[where])
    for i in range(1, num_nodes):  # and back
        above = messages[batch, parent[:, i]].scatter(1, parent_site[:, i, None], _ENTRY)
        key, _ = node_hash(fragment[batch, parent[:, i]], above, group, group_size)
        here = messages[:, i]
        filled = here.scatter(1, site[:, i, None], key[:, None])
        messages[:, i] = torch.where(exists[:, i, None], filled, here)
    rooted, _ = node_hash(fragment.flatten(), messages.flatten(0, 1), group, group_size)
    rooted = rooted.view_as(fragment)
    alike = ((rooted == rooted[:, :1]) & exists).sum(-1)
    key = rooted.masked_fill(~exists, torch.iinfo(torch.int64).max).amin(-1)
    empty = num_fragments == 0
    return key.masked_fill(empty, 0), (automorphisms * alike).masked_fill(empty, 1)
