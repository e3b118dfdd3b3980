"""A policy that begins with another one's weights decides as that one does."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from molgfn.chem.vocabulary import Vocabulary
from molgfn.envs.fragments import FragmentEnvironment, FragmentStates
from molgfn.envs.hypergrid import Hypergrid
from molgfn.laws import random_walk
from molgfn.policies.categorical import SiteCategorical
from molgfn.policies.fragments import FragmentTransformer
from molgfn.policies.mlp import MLP
from molgfn.policies.thermometer import Thermometer
from molgfn.policies.transfer import conditioned, equal_fragments, rows_of_trees, transfer
from tests.vocabularies import SYMMETRIC, TYPED, vocabulary

WIDER = vocabulary({"C1CCCCCC1": (0, 1, 2, 3, 4, 5, 6), "N": (0,)}).fragments
"""Of which the first has more sites than any fragment of `SYMMETRIC`."""


def environment(of: Vocabulary, max_fragments: int = 6) -> FragmentEnvironment:
    return FragmentEnvironment(of, 2, max_fragments)


def policy_of(env: FragmentEnvironment, seed: int) -> FragmentTransformer:
    torch.manual_seed(seed)
    return FragmentTransformer(env.spec, width=32, num_layers=2, max_beta=4).double()


def taught(ours: FragmentEnvironment, theirs: FragmentEnvironment) -> list[FragmentTransformer]:
    """A policy of our environment that began with one of theirs, and that one."""
    policies = [policy_of(ours, seed=1), policy_of(theirs, seed=2)]
    equal = equal_fragments(ours.vocabulary, theirs.vocabulary)
    rows = rows_of_trees(ours.spec, theirs.spec, equal)
    transfer(policies[0], policies[1].state_dict(), rows)
    return policies


def walk(env: FragmentEnvironment) -> FragmentStates:
    """States of all sizes that are not terminal, the empty one not among them."""
    states = FragmentStates.cat([s for s, _ in random_walk(env, 12)])
    return states[~states.done & (states.num_fragments > 0)]


def seen_from(
    env: FragmentEnvironment, other: FragmentEnvironment, states: FragmentStates, to: Sequence[int]
) -> FragmentStates:
    """The same trees in another environment, where fragment f has the number to[f]."""
    trees = [replace(t, fragments=tuple(to[f] for f in t.fragments)) for t in env.trees(states)]
    return replace(other.from_trees(trees), done=states.done)


@torch.no_grad()
def decided(
    env: FragmentEnvironment, policy: FragmentTransformer, states: FragmentStates
) -> tuple[SiteCategorical, Tensor]:
    """The distributions, and the [R, P] port logits of all their sites."""
    beta = torch.linspace(0, 4, len(states), dtype=torch.float64)
    found = policy(env.observe(states), beta)
    return found, found.port_logits(torch.arange(len(found.site_logit)))


@pytest.mark.parametrize("of", [SYMMETRIC, TYPED], ids=["symmetric", "typed"])
def test_on_the_same_vocabulary_all_logits_are_equal_bit_for_bit(of: Vocabulary) -> None:
    env = environment(of)
    student, teacher = taught(env, environment(of))
    states = FragmentStates.cat([env.reset(1), walk(env)])
    (mine, my_ports), (theirs, their_ports) = (decided(env, p, states) for p in (student, teacher))
    assert torch.equal(mine.site_logit, theirs.site_logit)
    assert torch.equal(mine.stop_logit, theirs.stop_logit)
    assert torch.equal(my_ports, their_ports)


@pytest.mark.parametrize("state", ["empty", "grown"])
def test_shared_fragments_keep_their_logits_among_others_in_another_order(state: str) -> None:
    order = [3, 0, 4, 2, 1]
    shared = [SYMMETRIC.fragments[f] for f in order]
    theirs = environment(SYMMETRIC)
    ours = environment(replace(SYMMETRIC, fragments=(WIDER[0], *shared, WIDER[1])))
    student, teacher = taught(ours, theirs)
    to = [1 + order.index(f) for f in range(len(order))]
    states = theirs.reset(2) if state == "empty" else walk(theirs)
    there = ours.reset(2) if state == "empty" else seen_from(theirs, ours, states, to)
    expected, their_ports = decided(theirs, teacher, states)
    found, our_ports = decided(ours, student, there)
    ports = [
        int(ours.tables.port[to[f], slot])
        for f, slot in zip(
            theirs.tables.port_fragment.tolist(), theirs.tables.port_site.tolist(), strict=True
        )
    ]
    torch.testing.assert_close(found.site_logit, expected.site_logit, atol=1e-10, rtol=0)
    torch.testing.assert_close(found.stop_logit, expected.stop_logit, atol=1e-10, rtol=0)
    torch.testing.assert_close(our_ports[:, ports], their_ports, atol=1e-10, rtol=0)


def test_fragments_with_other_site_types_are_other_fragments() -> None:
    retyped = replace(TYPED.fragments[0], site_types=("aryl", "alkyl", "aryl"))
    renamed = replace(TYPED.fragments[1], name="another name")
    ours = replace(TYPED, fragments=(TYPED.fragments[3], retyped, renamed))
    assert equal_fragments(ours, TYPED) == [3, -1, 1]


def test_of_a_fragment_and_an_equal_core_behind_it_the_fragment_is_meant() -> None:
    theirs = replace(SYMMETRIC, fragments=(*SYMMETRIC.fragments, SYMMETRIC.fragments[0]))
    assert equal_fragments(SYMMETRIC, theirs) == [0, 1, 2, 3, 4]


def test_what_is_new_stays_as_it_was_made() -> None:
    theirs = environment(SYMMETRIC)
    ours = environment(replace(SYMMETRIC, fragments=(*SYMMETRIC.fragments, WIDER[1])))
    student, _ = taught(ours, theirs)
    untaught = policy_of(ours, seed=1)
    orbit = int(ours.tables.site_orbit[-1, 0])
    for table in ("fragment", "port_fragment"):
        assert torch.equal(getattr(student, table).weight[-1], getattr(untaught, table).weight[-1])
    for table in ("used_site", "partner_site", "open_site", "port_orbit"):
        kept, made = getattr(student, table).weight, getattr(untaught, table).weight
        assert torch.equal(kept[orbit], made[orbit])
    first = 2 + ours.tables.num_site_orbits  # of the relations to a partner
    rows = [2 + orbit, first + orbit, -1]
    assert torch.equal(student.relation.weight[rows], untaught.relation.weight[rows])


def test_a_tree_larger_than_any_seen_begins_as_the_largest_that_was() -> None:
    student, teacher = taught(environment(SYMMETRIC, 8), environment(SYMMETRIC, 5))
    assert torch.equal(student.size.weight[:5], teacher.size.weight)
    assert torch.equal(student.size.weight[5:], teacher.size.weight[4:].expand(3, -1))


def test_heads_that_one_of_the_two_lacks_are_named_and_left_alone() -> None:
    env = environment(SYMMETRIC)
    student, teacher = policy_of(env, 1), policy_of(env, 2)
    student.add_flow_head()
    teacher.add_backward_head(env.num_backward_actions)
    assert student.flow is not None
    before = student.flow.last.weight.clone()
    carried = transfer(student, teacher.state_dict(), {})
    assert (carried.fresh, carried.left) == (("flow",), ("leaf",))
    assert torch.equal(student.flow.last.weight, before)


def test_a_tensor_of_another_shape_is_named_and_nothing_is_taken_over() -> None:
    small, large = (MLP(Hypergrid(2, side).spec, width=8) for side in (4, 6))
    before = {name: value.clone() for name, value in small.state_dict().items()}
    with pytest.raises(ValueError, match=r"layers\.0\.weight is \[8, 8\] .* and \[8, 12\]"):
        transfer(small, large.state_dict(), {})
    assert all(torch.equal(value, before[name]) for name, value in small.state_dict().items())


def test_a_layer_that_one_of_the_two_lacks_is_refused() -> None:
    spec = Hypergrid(2, 4).spec
    with pytest.raises(ValueError, match=r"layers\.2\.bias is only in this run"):
        transfer(MLP(spec, width=8, num_layers=3), MLP(spec, width=8).state_dict(), {})


@pytest.mark.parametrize("ends", [(32.0, 64.0), (64.0, 16.0)])
def test_a_condition_on_beta_says_the_same_on_a_thermometer_that_ends_elsewhere(
    ends: tuple[float, float],
) -> None:
    theirs, ours = ends
    weight = torch.randn(5, 32, dtype=torch.float64)
    beta = torch.linspace(0, ours, 33, dtype=torch.float64)
    expected = Thermometer(theirs).double()(beta) @ weight.T
    found = Thermometer(ours).double()(beta) @ conditioned(weight, theirs, ours).T
    torch.testing.assert_close(found, expected)
