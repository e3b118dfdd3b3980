"""A policy that begins with the weights of a trained one, though its vocabulary may be another."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from molgfn.chem.tables import TreeSpec, VocabularyTables
from molgfn.chem.vocabulary import Vocabulary
from molgfn.policies.base import Policy
from molgfn.policies.thermometer import Thermometer

CONDITION = "condition.weight"
"""[D, bins] what a policy reads a `Thermometer` with."""


@dataclass(frozen=True)
class Carried:
    """What became of the parts of a network that only one of two policies has.

    Attributes:
        fresh: names of those that are as they were before.
        left: names of those whose weights nobody took.
    """

    fresh: tuple[str, ...]
    left: tuple[str, ...]


def transfer(policy: Policy, weights: Mapping[str, Tensor], rows: Mapping[str, Tensor]) -> Carried:
    """Give a policy the weights of another one of its class and arguments.

    Parts that only one of them has, such as the head of an objective, stay as they are.

    Args:
        policy: changed in place; not at all when something does not fit.
        weights: the other's state.
        rows: name of a table -> [R] which row of the other's table each row begins as, -1 where it
            stays as it is. Tables that are not named are taken whole.
    Raises:
        ValueError: a tensor that is missing on one side, or of another shape.
    """
    state = policy.state_dict()
    ours, theirs = _parts(state), _parts(weights)
    for name in sorted(state.keys() ^ weights.keys()):
        if _part(name) in ours & theirs:
            where = "this run" if name in state else "the checkpoint"
            raise ValueError(f"the policy's {name} is only in {where}")
    for name in sorted(state.keys() & weights.keys()):
        own, given = state[name], weights[name].to(state[name])
        if name in rows:
            source = rows[name].to(own.device)
            if own.shape[1:] == given.shape[1:]:
                kept = (source < 0).view(-1, *[1] * (own.dim() - 1))
                given = torch.where(kept, own, given[source.clamp(min=0)])
        if own.shape != given.shape:
            raise ValueError(
                f"the policy's {name} is {list(own.shape)} in this run and {list(given.shape)} in "
                "the checkpoint; accepted is the same shape"
            )
        state[name] = given
    policy.load_state_dict(state)
    return Carried(tuple(sorted(ours - theirs)), tuple(sorted(theirs - ours)))


def _part(name: str) -> str:
    return name.partition(".")[0]


def _parts(state: Mapping[str, Tensor]) -> set[str]:
    """First names of parameters: the parts that a policy consists of."""
    return {_part(name) for name in state}


def conditioned(weight: Tensor, theirs: float, ours: float) -> Tensor:
    """The weights of a condition on beta for a thermometer that ends elsewhere.

        sum_j w'_j t'_j(beta) = sum_i w_i t_i(beta) wherever a bin of t' ends

    Above the other's end it is what it was there.

    Args:
        weight: [D, bins] for a `Thermometer` up to `theirs`.
        theirs, ours: the largest beta.
    Returns:
        [D, bins] for a `Thermometer` up to `ours`.
    """
    if theirs == ours:
        return weight
    bins = weight.shape[1]
    ends = torch.arange(bins + 1, device=weight.device) * (ours / bins)
    filled: Tensor = Thermometer(theirs, bins).to(weight)(ends.to(weight))  # [bins + 1, bins]
    return weight @ filled.diff(dim=0).T


def equal_fragments(ours: Vocabulary, theirs: Vocabulary) -> list[int]:
    """[F] which of their fragments each of ours is, -1 for none.

    Equal are the SMILES, the sites and their types; the name and the place do not count. A core
    may be equal to a fragment, which comes before it and is then the one that is meant.
    """
    number: dict[object, int] = {}
    for i, f in enumerate(theirs.fragments):
        number.setdefault((f.smiles, f.sites, f.site_types), i)
    return [number.get((f.smiles, f.sites, f.site_types), -1) for f in ours.fragments]


def rows_of_trees(ours: TreeSpec, theirs: TreeSpec, equal: Sequence[int]) -> dict[str, Tensor]:
    """`rows` of `transfer` between two `FragmentTransformer`.

    A number of fragments that the other never saw begins as the largest that it saw.

    Args:
        equal: [F] which of their fragments each of ours is, -1 for none.
    """
    fragment = torch.tensor(equal)
    site = _orbit_rows(ours.tables, theirs.tables, fragment, "site_orbit")
    pair = _orbit_rows(ours.tables, theirs.tables, fragment, "pair_orbit")
    partners = 2 + theirs.tables.num_site_orbits
    return {
        "fragment.weight": fragment,
        "port_fragment.weight": fragment,
        "used_site.weight": site,
        "partner_site.weight": site,
        "open_site.weight": site,
        "port_orbit.weight": site,
        "readout.gate.weight": pair,
        "relation.weight": torch.cat(
            [
                torch.arange(2),
                _shifted(site, 2),
                _shifted(site, partners),
                _shifted(pair, partners + theirs.tables.num_site_orbits),
            ]
        ),
        "size.weight": torch.arange(ours.max_fragments).clamp(max=theirs.max_fragments - 1),
    }


def _orbit_rows(
    ours: VocabularyTables, theirs: VocabularyTables, fragment: Tensor, name: str
) -> Tensor:
    """[number of our orbits] of sites or of pairs of sites: which of theirs each is, or -1."""
    mine, given = getattr(ours, name).cpu(), getattr(theirs, name).cpu()
    known = (fragment >= 0).nonzero()[:, 0]
    # equal fragments have no sites beyond the smaller of the two numbers of slots
    size = [slice(min(ours.num_slots, theirs.num_slots))] * (mine.dim() - 1)
    rows = torch.full((getattr(ours, f"num_{name}s"),), -1)
    rows[mine[(known, *size)]] = given[(fragment[known], *size)]
    rows[0] = 0  # where there is no site
    return rows


def _shifted(rows: Tensor, by: int) -> Tensor:
    """The same rows of a table that lies further down in a larger one."""
    return torch.where(rows >= 0, rows + by, -1)
