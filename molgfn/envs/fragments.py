"""The fragment environment: a molecule grows by one fragment and one whole bond at each step."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Literal, get_args

import torch
from torch import Tensor

from molgfn.chem.atom_tables import AtomTables, TreeTensors
from molgfn.chem.cores import with_cores
from molgfn.chem.io import load_vocabulary
from molgfn.chem.tables import TreeSpec, VocabularyTables
from molgfn.chem.terminal_trees import TerminalTrees
from molgfn.chem.tree import Tree
from molgfn.chem.tree_molecules import TreeMolecules
from molgfn.chem.vocabulary import Vocabulary
from molgfn.envs.base import Environment
from molgfn.envs.equivalence import count_equivalent
from molgfn.envs.multiplicity import Multiplicity
from molgfn.envs.symmetry import NodeHash, mix, tree_symmetry
from molgfn.types import STOP, TensorBatch, TreeObservation

Target = Literal["trees", "molecules"]


@dataclass(frozen=True)
class FragmentStates(TensorBatch):
    """B trees of at most N fragments, nodes in an order in which parents come first.

    Attributes:
        fragment: [B, N] fragment of each node, -1 on padding.
        parent: [B, N] the node it is bonded to, -1 at node 0 and on padding.
        parent_site: [B, N] the parent's site of that bond, likewise.
        site: [B, N] the node's own site of that bond, likewise.
        num_fragments: [B].
        done: [B] True after the stop.
    """

    fragment: Tensor
    parent: Tensor
    parent_site: Tensor
    site: Tensor
    num_fragments: Tensor
    done: Tensor


class FragmentEnvironment(Environment[FragmentStates]):
    """Trees of fragments, built root first.

    Action 0 stops. Action `1 + (u S + a) P + p` bonds port p = (fragment, its site) to open site a
    of node u; at s0, u = a = 0 and p is the first port of the chosen fragment. Stopping is allowed
    from `min_fragments` on and forced at `max_fragments` or when no site is open. Backward action
    v removes node v, a leaf.

    With cores, every molecule starts from one of them, at node 0, which is removed last of all: a
    core is a fragment that only s0 offers. It has no second copy in a tree, so symmetries keep it,
    and the corrections below hold as they stand.

    Args:
        vocabulary: a name ("druglike", "published"), a YAML file, or a `Vocabulary`.
        min_fragments: smallest molecule that may be stopped at; a core counts as one.
        max_fragments: N, the largest molecule.
        symmetry_correction: False trains naively on log R, to show what the correction is for:
            the policy then samples x in proportion to R(x) prod_v |G_{f_v}| / |Aut(x)|.
        target: what is sampled in proportion to R. "trees": a molecule that m trees build gets m
            times its share. "molecules": R is divided by m, which is counted for every molecule.
        cores: SMILES with a star on each atom that may grow, such as `*c1ccc(*)nc1`; see
            `molgfn.chem.cores`. None: molecules start from any fragment.
        grow_anywhere: cores without stars may grow wherever they have a hydrogen.
        max_per_site: the most fragments that may hang on one site of a core; None: no limit.
    Raises:
        ValueError: sizes that contradict each other, a vocabulary or core that is not valid, or an
            unknown target.
    """

    def __init__(
        self,
        vocabulary: str | Path | Vocabulary = "druglike",
        min_fragments: int = 2,
        max_fragments: int = 9,
        symmetry_correction: bool = True,
        target: Target = "trees",
        cores: list[str] | None = None,
        grow_anywhere: bool = False,
        max_per_site: int | None = None,
    ) -> None:
        super().__init__()
        if not 1 <= min_fragments <= max_fragments:
            raise ValueError(
                f"min_fragments = {min_fragments} and max_fragments = {max_fragments}: "
                "accepted is 1 <= min_fragments <= max_fragments"
            )
        if target not in get_args(Target):
            raise ValueError(f"target = {target!r}; accepted are {', '.join(get_args(Target))}")
        if not isinstance(vocabulary, Vocabulary):
            vocabulary = load_vocabulary(vocabulary)
        if cores is not None:
            vocabulary = with_cores(vocabulary, cores, grow_anywhere=grow_anywhere)
        if max_per_site is not None and (max_per_site < 1 or not vocabulary.cores):
            raise ValueError(
                f"max_per_site = {max_per_site} with {len(vocabulary.cores)} cores: accepted are "
                "integers from 1, and only with cores"
            )
        self.max_per_site = max_per_site
        self.vocabulary = vocabulary
        self.min_fragments = min_fragments
        self.max_fragments = max_fragments
        self.symmetry_correction = symmetry_correction
        self.target = target
        self._multiplicity = Multiplicity(self.terminal_trees())
        self.max_steps = max_fragments + 1
        self.tables = VocabularyTables(vocabulary)
        self._atom_tables = AtomTables(vocabulary)
        self.node_hash = NodeHash(self.tables.group, self.tables.group_size)
        self.num_actions = 1 + max_fragments * self.tables.num_slots * self.tables.num_ports
        self.num_backward_actions = max_fragments

    def terminal_trees(self) -> TerminalTrees:
        """Finds the trees of a molecule that may be stopped at here."""
        return TerminalTrees(
            self.vocabulary, self.min_fragments, self.max_fragments, self.max_per_site
        )

    def start_from(self, cores: Sequence[str]) -> None:
        """Let s0 offer only these of the cores, for good.

        A core is chosen first and stays, so the policy then draws x with p(x) / (p of these cores):
        those built on them keep their proportions.

        Args:
            cores: as they were written when the environment was made.
        Raises:
            ValueError: one is none of the environment's cores.
        """
        known = {self.vocabulary.fragments[f].name: f for f in self.vocabulary.cores}
        for core in cores:
            if core not in known:
                accepted = ", ".join(map(repr, known)) or "none: it was made without cores"
                raise ValueError(f"{core!r} is no core of the environment; accepted are {accepted}")
        kept = torch.tensor([known[core] for core in cores], device=self.tables.port.device)
        self.tables.may_bond[self.tables.first] &= torch.isin(self.tables.port_fragment, kept)

    def reset(self, batch_size: int) -> FragmentStates:
        device = self.tables.port.device
        empty = torch.full((batch_size, self.max_fragments), -1, device=device)
        zero = torch.zeros(batch_size, dtype=torch.int64, device=device)
        return FragmentStates(empty, empty, empty, empty, zero, zero.bool())

    def encode(self, node: Tensor, slot: Tensor, port: Tensor) -> Tensor:
        """Number of the action that bonds `port` to `slot` of `node`."""
        return 1 + (node * self.tables.num_slots + slot) * self.tables.num_ports + port

    def split(self, actions: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Node, slot and port of actions that are not `stop`; the inverse of `encode`."""
        place, port = (actions - 1) // self.tables.num_ports, (actions - 1) % self.tables.num_ports
        return place // self.tables.num_slots, place % self.tables.num_slots, port

    def step(self, states: FragmentStates, actions: Tensor) -> FragmentStates:
        stops = actions == STOP
        node, slot, port = self.split(actions.clamp(min=1))
        grows = ~stops & ~states.done
        bonded = grows & (states.num_fragments > 0)
        here = (
            torch.arange(self.max_fragments, device=actions.device)
            == (states.num_fragments[:, None])
        )
        here, bond = here & grows[:, None], here & bonded[:, None]
        return FragmentStates(
            fragment=torch.where(here, self.tables.port_fragment[port][:, None], states.fragment),
            parent=torch.where(bond, node[:, None], states.parent),
            parent_site=torch.where(bond, slot[:, None], states.parent_site),
            site=torch.where(bond, self.tables.port_site[port][:, None], states.site),
            num_fragments=states.num_fragments + grows,
            done=states.done | stops,
        )

    def backward_step(
        self, states: FragmentStates, actions: Tensor
    ) -> tuple[FragmentStates, Tensor]:
        row = torch.arange(len(states), device=actions.device)
        leaf = actions
        # without its root, a tree of two or more has node 1, the root's only neighbour, as root
        child = torch.where((leaf == 0) & (states.num_fragments > 1), 1, leaf)
        is_root = leaf == 0
        fragment = states.fragment[row, leaf]
        slot = torch.where(is_root, states.site[row, child], states.parent_site[row, child])
        own = torch.where(is_root, states.parent_site[row, child], states.site[row, child])
        node = torch.where(is_root, 0, states.parent[row, child])
        single = states.num_fragments == 1
        forward = torch.where(
            single,
            self.encode(
                torch.zeros_like(leaf), torch.zeros_like(leaf), self.tables.port[fragment, 0]
            ),
            self.encode(node, slot, self.tables.port[fragment, own.clamp(min=0)]),
        )
        place = torch.arange(self.max_fragments, device=actions.device)
        source = place + (place >= leaf[:, None])
        past = source >= states.num_fragments[:, None]
        source = source.clamp(max=self.max_fragments - 1)

        def remove(values: Tensor) -> Tensor:
            return values.gather(1, source).masked_fill(past, -1)

        new_root = is_root[:, None] & (place == 0)
        parent = remove(states.parent)
        shrunk = FragmentStates(
            fragment=remove(states.fragment),
            parent=(parent - (parent > leaf[:, None]).long()).masked_fill(new_root, -1),
            parent_site=remove(states.parent_site).masked_fill(new_root, -1),
            site=remove(states.site).masked_fill(new_root, -1),
            num_fragments=states.num_fragments - 1,
            done=states.done,
        )
        unstopped = replace(states, done=torch.zeros_like(states.done))
        return (
            FragmentStates.where(states.done, unstopped, shrunk),
            torch.where(states.done, STOP, forward),
        )

    def undoing(self, states: FragmentStates, actions: Tensor) -> Tensor:
        """[B] the newest node, which has the largest number; 0 after a stop."""
        return (states.num_fragments - 1).masked_fill(states.done, 0)

    def log_num_paths(self, states: FragmentStates) -> Tensor:
        """[B] float64 log of the number of orders in which leaves can be removed.

            sum over roots r of n! / prod_v size of the branch of v as seen from r

        Backwards, an order in which leaves go is one in which a tree grows from the last of them.
        A core is always the last.
        Source: the hook length formula of forests; Knuth, TAOCP vol. 3, section 5.1.4, exercise 20.
        """
        size = states.num_fragments.double()
        exists = states.fragment >= 0
        branch = exists.double()  # [B, N] sizes, the root at node 0
        above = states.parent.clamp(min=0)
        for v in range(self.max_fragments - 1, 0, -1):
            branch = branch.scatter_add(1, above[:, v : v + 1], branch[:, v : v + 1])
        first = torch.lgamma(size + 1) - (branch.clamp(min=1).log() * exists).sum(1)
        if self.tables.num_cores:
            return torch.where(size > 0, first, 0.0)
        # the root moves from a node to its child v: their branches become n - branch_v and n
        moves = (branch.clamp(min=1) / (size[:, None] - branch).clamp(min=1)).log()
        from_here = torch.zeros_like(branch)  # log n! / prod, but for what all roots share
        for v in range(1, self.max_fragments):
            from_here[:, v] = from_here.gather(1, above[:, v : v + 1])[:, 0] + moves[:, v]
        roots = from_here.masked_fill(~exists, -torch.inf).logsumexp(1)
        return torch.where(size > 0, first + roots, 0.0)

    def neighbours(self, states: FragmentStates, num_nodes: int) -> tuple[Tensor, Tensor]:
        """Who sits where: the neighbour at each site and the site of the neighbour it uses.

        Returns:
            neighbour, its_site: [B, num_nodes, S], -1 at open sites and where there is no site.
        """
        batch = len(states)
        shape = (batch, num_nodes * self.tables.num_slots)
        neighbour = torch.full(shape, -1, device=states.fragment.device)
        its_site = torch.full(shape, -1, device=states.fragment.device)
        if num_nodes > 1:
            child = torch.arange(1, num_nodes, device=neighbour.device).expand(batch, -1)
            parent, parent_site, site = (
                x[:, 1:num_nodes] for x in (states.parent, states.parent_site, states.site)
            )
            exists = parent >= 0
            up = torch.where(exists, child * self.tables.num_slots + site, 0)
            down = torch.where(exists, parent * self.tables.num_slots + parent_site, 0)
            # padding writes to slot 0 of node 0 what max() with -1 undoes
            for index, who, where in ((up, parent, parent_site), (down, child, site)):
                neighbour.scatter_reduce_(1, index, torch.where(exists, who, -1), "amax")
                its_site.scatter_reduce_(1, index, torch.where(exists, where, -1), "amax")
        shape3 = (batch, num_nodes, self.tables.num_slots)
        return neighbour.view(shape3), its_site.view(shape3)

    def _open_sites(self, states: FragmentStates, neighbour: Tensor) -> Tensor:
        """[B, N, S] True where a site carries no bond yet and some port may bond to it."""
        fragment = states.fragment[:, : neighbour.shape[1]]
        bondable = self.tables.bondable[fragment.clamp(min=0)] & (fragment >= 0)[..., None]
        open_sites = bondable & (neighbour < 0)
        if self.max_per_site is not None and neighbour.shape[1] > 1:
            open_sites &= ~self._on_full_site(states, neighbour.shape[1], self.max_per_site)
        return open_sites

    @staticmethod
    def _on_full_site(states: FragmentStates, num_nodes: int, most: int) -> Tensor:
        """[B, num_nodes, 1] True on nodes that share their site of the core with `most` or more."""
        parent = states.parent[:, :num_nodes]
        branch = torch.arange(num_nodes, device=parent.device).expand_as(parent).clone()
        for v in range(2, num_nodes):  # the child of the core that leads to v
            above = parent[:, v : v + 1].clamp(min=0)
            branch[:, v : v + 1] = torch.where(above > 0, branch.gather(1, above), v)
        counted = (parent >= 0).long()
        size = torch.zeros_like(branch).scatter_add(1, branch, counted)
        return (size.gather(1, branch) >= most)[..., None]

    def may_stop(self, states: FragmentStates, open_sites: Tensor) -> Tensor:
        """[B] True where stopping is allowed: big enough, or nothing is left to bond to."""
        enough = states.num_fragments >= self.min_fragments
        full = (states.num_fragments > 0) & ~open_sites.flatten(1).any(-1)
        return (enough | full) & ~states.done

    def forward_mask(self, states: FragmentStates) -> Tensor:
        neighbour, _ = self.neighbours(states, self.max_fragments)
        open_sites = self._open_sites(states, neighbour)
        grows = ~states.done & (states.num_fragments < self.max_fragments)
        kinds = self.tables.site_type[states.fragment.clamp(min=0)]
        allowed = self.tables.may_bond[kinds] & open_sites[..., None]
        allowed &= grows[:, None, None, None]  # [B, N, S, P]
        allowed[:, 0, 0] |= (
            self.tables.may_bond[self.tables.first] & (states.num_fragments == 0)[:, None]
        )
        stop = self.may_stop(states, open_sites)
        return torch.cat([stop[:, None], allowed.flatten(1)], 1)

    def backward_mask(self, states: FragmentStates) -> Tensor:
        place = torch.arange(self.max_fragments, device=states.fragment.device)
        exists = place < states.num_fragments[:, None]
        is_child = states.parent >= 0
        degree = is_child.long().scatter_add(1, states.parent.clamp(min=0), is_child.long())
        leaves = exists & (degree <= 1)
        if self.tables.num_cores:
            leaves[:, 0] &= states.num_fragments == 1
        return torch.where(states.done[:, None], place == 0, leaves)

    def observe(self, states: FragmentStates) -> TreeObservation:
        num_nodes = int(states.num_fragments.max()) if len(states) else 0
        neighbour, its_site = self.neighbours(states, num_nodes)
        open_sites = self._open_sites(states, neighbour)
        may_stop = self.may_stop(states, open_sites)
        growing = states.num_fragments < self.max_fragments
        open_sites = open_sites & growing[:, None, None]
        equivalent_nodes, equivalent_sites = count_equivalent(
            states.fragment[:, :num_nodes],
            states.parent[:, :num_nodes],
            states.parent_site[:, :num_nodes],
            states.site[:, :num_nodes],
            open_sites,
            self.node_hash,
        )
        return TreeObservation(
            fragment=states.fragment[:, :num_nodes],
            neighbour=neighbour,
            its_site=its_site,
            open_sites=open_sites,
            equivalent_nodes=equivalent_nodes,
            equivalent_sites=equivalent_sites,
            num_fragments=states.num_fragments,
            may_stop=may_stop,
        )

    @property
    def spec(self) -> TreeSpec:
        return TreeSpec(self.tables, self.max_fragments)

    def is_terminal(self, states: FragmentStates) -> Tensor:
        return states.done

    def symmetry(self, states: FragmentStates) -> tuple[Tensor, Tensor]:
        """Canonical key of the tree and |Aut| of it, both [B] int64; `done` plays no part."""
        return tree_symmetry(
            states.fragment,
            states.parent,
            states.parent_site,
            states.site,
            states.num_fragments,
            self.node_hash,
        )

    def canonical_key(self, states: FragmentStates) -> Tensor:
        key, _ = self.symmetry(states)
        return torch.where(states.done, mix(key), key)

    def log_reward_correction(self, states: FragmentStates) -> Tensor:
        """log |Aut(x)| - sum_v log |G_{f_v}| - log m(x), [B] float32.

        The symmetry and the m trees of a molecule are left out where they are switched off. NaN
        where the target is over molecules and this one has too many trees to count.
        """
        correction = self.log_flow_correction(states)
        if self.target == "molecules":
            correction = correction - self.log_num_trees(states)
        return correction

    def log_flow_correction(self, states: FragmentStates) -> Tensor:
        """log |Aut(s)| - sum_v log |G_{f_v}|, [B] float32; 0 where it is switched off.

        Plain actions see F~(s) = F(s) |Aut(s)| / prod_v |G_{f_v}|, as they see R~ of a terminal
        tree; F is the flow through all trees that differ from s in the numbers of sites alone.
        """
        correction = self.log_symmetry(states)
        return correction if self.symmetry_correction else torch.zeros_like(correction)

    def log_num_trees(self, states: FragmentStates) -> Tensor:
        """log m of the molecules of trees that may be stopped at, [B] float32.

        m counts the trees of this environment that end at the same molecule; NaN where there are
        too many to count.

        Raises:
            NoTreeError: a tree may not be stopped at.
        """
        key, _ = self.symmetry(states)
        counts = self._multiplicity(key.tolist(), self.trees(states))
        return torch.tensor(counts, dtype=torch.float32, device=key.device).log()

    def log_symmetry(self, states: FragmentStates) -> Tensor:
        """log |Aut(x)| - sum_v log |G_{f_v}|, [B] float32.

        Source: Kim et al., Symmetry-Aware GFlowNets, ICML 2025; orbit-stabiliser.
        """
        _, automorphisms = self.symmetry(states)
        exists = states.fragment >= 0
        sizes = self.tables.group_size[states.fragment.clamp(min=0)].log() * exists
        return automorphisms.log() - sizes.sum(-1)

    def trees(self, states: FragmentStates) -> list[Tree]:
        """The trees as Python objects, one a state."""
        return self._tensors(states).trees()

    def _tensors(self, states: FragmentStates) -> TreeTensors:
        columns = (states.fragment, states.parent, states.parent_site, states.site)
        return TreeTensors(*(column.cpu() for column in columns))

    def from_trees(self, trees: Sequence[Tree]) -> FragmentStates:
        """Terminal states of given trees; the inverse of `trees`.

        Raises:
            ValueError: a tree has more than `max_fragments` fragments, or does not start from its
                only core.
        """
        n = self.max_fragments
        for tree in trees:
            if len(tree.fragments) > n:
                raise ValueError(
                    f"a tree of {len(tree.fragments)} fragments; accepted are at most {n}"
                )
            cores = [v for v, f in enumerate(tree.fragments) if f in self.vocabulary.cores]
            if cores != [0] * bool(self.tables.num_cores):
                raise ValueError(
                    f"a tree with cores at nodes {cores}; accepted are trees with one core, at "
                    "node 0, where the vocabulary has cores"
                )

        def column(rows: list[list[int]]) -> Tensor:
            padded = [row + [-1] * (n - len(row)) for row in rows]
            return torch.tensor(padded, dtype=torch.int64, device=self.tables.port.device).view(
                -1, n
            )

        return FragmentStates(
            fragment=column([list(tree.fragments) for tree in trees]),
            parent=column([[-1, *(bond[0] for bond in tree.bonds)] for tree in trees]),
            parent_site=column([[-1, *(bond[1] for bond in tree.bonds)] for tree in trees]),
            site=column([[-1, *(bond[3] for bond in tree.bonds)] for tree in trees]),
            num_fragments=torch.tensor(
                [len(tree.fragments) for tree in trees], device=self.tables.port.device
            ),
            done=torch.ones(len(trees), dtype=torch.bool, device=self.tables.port.device),
        )

    def decode(self, states: FragmentStates) -> TreeMolecules:
        """Molecules; None where the state is empty or RDKit refuses the molecule."""
        return TreeMolecules(self._tensors(states), self._atom_tables)

    def fingerprint(self) -> str:
        content = [self.vocabulary.digest, self.min_fragments, self.max_fragments]
        if not self.symmetry_correction:
            content.append("no symmetry correction")
        if self.target != "trees":
            content.append(f"target: {self.target}")
        if self.max_per_site is not None:
            content.append(f"max_per_site: {self.max_per_site}")
        return sha256(json.dumps(content).encode()).hexdigest()
