"""Exact likelihood of molecules under a policy, without Monte Carlo.

A tree x can be built in many orders. With an equivariant policy the sum over all of them is a sum
over the connected subtrees S of x, with q(S) the probability of passing through S as it lies in x:

    q({v}) = P_F(first = f_v | s0)
    q(S)   = sum over leaves l of S of q(S - l) P_F(add l | S - l)
    p(x)   = q(x) P_F(stop | x) prod_v |G_{f_v}| / |Aut(x)|

with S only those that hold the core, where there is one.

Source: orbit-stabiliser; compare Kim et al., Symmetry-Aware GFlowNets, ICML 2025.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from molgfn.envs.fragments import FragmentEnvironment, FragmentStates
from molgfn.policies.base import Policy
from molgfn.types import STOP

MAX_NODES = 16  # subsets of nodes are bits of an integer, and all of them are looked at


@dataclass(frozen=True)
class _Subtrees:
    """All connected subtrees of B trees, and all ways to add one node to each.

    Attributes:
        tree, mask: [S] the tree and the nodes, as bits, of each subtree; ascending by size.
        states: S states, the subtrees on their own.
        subtree: [E] the subtree that is added to.
        grown: [E] the mask of the result, in the same tree.
        action: [E] the action that adds the node.
    """

    tree: Tensor
    mask: Tensor
    states: FragmentStates
    subtree: Tensor
    grown: Tensor
    action: Tensor


@torch.no_grad()
def log_likelihood(
    env: FragmentEnvironment,
    policy: Policy,
    states: FragmentStates,
    beta: Tensor,
    chunk_size: int = 1024,
) -> Tensor:
    """log p(x) of B trees, summed exactly over all orders of construction.

    Args:
        states: B trees; whether they were stopped plays no part.
        beta: [B] what the policy is conditioned on.
        chunk_size: how many subtrees go through the policy at once.
    Returns:
        [B] float64, in nats; -inf for a tree that may not be stopped at.
    Raises:
        ValueError: a tree without fragments, or with more than `MAX_NODES`.
    """
    if not len(states):
        return torch.zeros(0, dtype=torch.float64, device=beta.device)
    sizes = states.num_fragments
    if int(sizes.min()) < 1 or int(sizes.max()) > MAX_NODES:
        raise ValueError(
            f"trees of {int(sizes.min())} to {int(sizes.max())} fragments; accepted are 1 to "
            f"{MAX_NODES}"
        )
    subtrees = _subtrees(env, states)
    log_add, log_stop = _log_steps(env, policy, subtrees, beta, chunk_size)
    num_masks = 2 ** int(sizes.max())
    log_q = torch.full((len(states), num_masks), -torch.inf, dtype=torch.float64).to(beta.device)
    start = env.reset(1)
    first = env.observe(start[torch.zeros_like(sizes)])
    roots = policy(first, beta)
    for v in range(1 if env.tables.num_cores else int(sizes.max())):
        rows = (v < sizes).nonzero()[:, 0]
        port = env.tables.port[states.fragment[rows, v], 0]
        zero = torch.zeros_like(rows)
        log_q[rows, 1 << v] = roots.log_prob(env.encode(zero, zero, port), rows).double()
    size = popcount(subtrees.mask)
    for n in range(1, int(sizes.max())):
        edges = (size[subtrees.subtree] == n).nonzero()[:, 0]
        source = subtrees.subtree[edges]
        tree = subtrees.tree[source]
        through = log_q[tree, subtrees.mask[source]] + log_add[edges]
        target = tree * num_masks + subtrees.grown[edges]
        log_q = _scatter_logsumexp(log_q.flatten(), target, through).view_as(log_q)
    whole = (1 << sizes) - 1
    tree = torch.arange(len(states), device=beta.device)
    return log_q[tree, whole] + log_stop - env.log_symmetry(states).double()


def popcount(masks: Tensor) -> Tensor:
    """Number of bits set, of masks below 2^MAX_NODES."""
    bits = torch.arange(MAX_NODES, device=masks.device)
    return ((masks[..., None] >> bits) & 1).sum(-1)


def _subtrees(env: FragmentEnvironment, states: FragmentStates) -> _Subtrees:
    num_nodes = int(states.num_fragments.max())
    masks = torch.arange(1, 2**num_nodes, device=states.fragment.device)
    bit = 1 << torch.arange(num_nodes, device=masks.device)
    parent = states.parent[:, :num_nodes]
    parent_bit = torch.where(parent >= 0, 1 << parent.clamp(min=0), 0)  # [B, N]
    inside = (masks[:, None] & bit) > 0  # [masks, N]
    # a subset of a tree is connected when it has one bond less than it has nodes
    bonds = (inside & ((masks[:, None] & parent_bit[:, None]) > 0)).sum(-1)  # [B, masks]
    fits = masks < (1 << states.num_fragments)[:, None]
    if env.tables.num_cores:
        fits = fits & inside[:, 0]  # the core is node 0
    tree, number = ((bonds == inside.sum(-1) - 1) & fits).nonzero().unbind(1)
    by_size = popcount(masks[number]).argsort(stable=True)
    tree, number = tree[by_size], number[by_size]
    mask, contains = masks[number], inside[number]  # [S], [S, N]
    top = contains.long().argmax(1)

    # the subtree on its own: its nodes in their old order, so that its top comes first
    rank = contains.long().cumsum(1) - 1  # [S, N]
    place = torch.arange(env.max_fragments, device=mask.device)
    order = contains.long().argsort(dim=1, descending=True, stable=True)
    padded = order.new_zeros(len(mask), env.max_fragments)
    padded[:, :num_nodes] = order
    past = place >= contains.sum(1)[:, None]
    is_top = past | (place == 0)

    def select(values: Tensor, hidden: Tensor) -> Tensor:
        return values[tree].gather(1, padded).masked_fill(hidden, -1)

    old_parent = select(states.parent, is_top)
    alone = FragmentStates(
        fragment=select(states.fragment, past),
        parent=rank.gather(1, old_parent.clamp(min=0)).masked_fill(is_top, -1),
        parent_site=select(states.parent_site, is_top),
        site=select(states.site, is_top),
        num_fragments=contains.sum(1),
        done=torch.zeros_like(mask, dtype=torch.bool),
    )

    # a child of a node inside, or the parent of the top
    exists = bit[None] < (1 << states.num_fragments[tree])[:, None]
    below = ~contains & exists & ((mask[:, None] & parent_bit[tree]) > 0)
    above = ~contains & (bit == parent_bit[tree, top][:, None])
    subtree, new = (below | above).nonzero().unbind(1)
    of, head = tree[subtree], top[subtree]
    is_above = above[subtree, new]
    port_site = torch.where(is_above, states.parent_site[of, head], states.site[of, new])
    action = env.encode(
        node=torch.where(is_above, 0, rank[subtree, parent[of, new].clamp(min=0)]),
        slot=torch.where(is_above, states.site[of, head], states.parent_site[of, new]),
        port=env.tables.port[states.fragment[of, new], port_site],
    )
    return _Subtrees(tree, mask, alone, subtree, mask[subtree] | bit[new], action)


def _log_steps(
    env: FragmentEnvironment,
    policy: Policy,
    subtrees: _Subtrees,
    beta: Tensor,
    chunk_size: int,
) -> tuple[Tensor, Tensor]:
    """log P_F of every way to add a node [E], and of stopping at every whole tree [B]."""
    log_add = torch.empty(len(subtrees.action), dtype=torch.float64, device=beta.device)
    log_stop = torch.empty(len(beta), dtype=torch.float64, device=beta.device)
    is_whole = torch.ones(len(subtrees.mask), dtype=torch.bool, device=beta.device)
    is_whole[subtrees.subtree] = False
    for start in range(0, len(subtrees.mask), chunk_size):
        end = min(start + chunk_size, len(subtrees.mask))
        distribution = policy(
            env.observe(subtrees.states[start:end]), beta[subtrees.tree[start:end]]
        )
        edges = ((subtrees.subtree >= start) & (subtrees.subtree < end)).nonzero()[:, 0]
        log_add[edges] = distribution.log_prob(
            subtrees.action[edges], subtrees.subtree[edges] - start
        ).double()
        whole = is_whole[start:end].nonzero()[:, 0]
        stops = torch.full_like(whole, STOP)
        log_stop[subtrees.tree[start + whole]] = distribution.log_prob(stops, whole).double()
    return log_add, log_stop


def _scatter_logsumexp(values: Tensor, index: Tensor, terms: Tensor) -> Tensor:
    """values[i] <- log(exp values[i] + sum of exp terms at i)."""
    highest = values.scatter_reduce(0, index, terms, "amax")
    shift = highest.masked_fill(highest == -torch.inf, 0)
    total = (values - shift).exp().index_add(0, index, (terms - shift[index]).exp())
    return torch.where(highest == -torch.inf, values, total.log() + shift)
