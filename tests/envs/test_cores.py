"""Molecules on a core: every one has it, and the mathematics holds as without."""

import itertools
from collections.abc import Mapping
from typing import Any

import pytest
import torch
from rdkit import Chem

from molgfn.chem.terminal_trees import NoTreeError
from molgfn.chem.tree import Tree
from molgfn.enumeration import enumerate_space, estimate_num_states
from molgfn.envs.fragments import FragmentEnvironment
from molgfn.laws import random_walk
from molgfn.likelihood import log_likelihood
from molgfn.molecules import log_likelihood_of_molecules
from molgfn.policies.fragments import FragmentTransformer
from tests.cores import is_on
from tests.tabular import enumerate_states, terminal_distribution
from tests.vocabularies import MULTIWAY, SYMMETRIC

PARA, META = "*c1ccc(*)cc1", "*c1cc(*)cc(*)c1"
SMALL: Mapping[str, Mapping[str, Any]] = {
    "one": {"cores": [PARA]},
    "several": {"cores": [META, "*C1CC1*", PARA]},
    "anywhere": {"cores": ["c1ccccc1"], "grow_anywhere": True},
    "one at a site": {"cores": [META], "max_per_site": 1},
    "two at a site": {"cores": [META, "*C1CC1*"], "max_per_site": 2, "min_fragments": 4},
    "many ways": {"cores": [PARA], "vocabulary": MULTIWAY, "target": "molecules"},
}


def made(name: str, max_fragments: int) -> FragmentEnvironment:
    options = {"vocabulary": SYMMETRIC, **SMALL[name], "max_fragments": max_fragments}
    return FragmentEnvironment(**options)


def policy_of(env: FragmentEnvironment) -> FragmentTransformer:
    torch.manual_seed(0)
    return FragmentTransformer(env.spec, width=16, num_layers=1)


@pytest.mark.parametrize(
    ("cores", "grow_anywhere"),
    [
        (["O=C(N[*:1])NC1CCN([*:2])CC1", "O=C(N[*:1])C1CCN([*:2])CC1"], False),
        (["O=C1NCc2ccccc21"], True),
    ],
)
def test_every_sample_contains_a_core_and_grows_at_its_stars_alone(
    cores: list[str], grow_anywhere: bool
) -> None:
    env = FragmentEnvironment("druglike", 3, 9, cores=cores, grow_anywhere=grow_anywhere)
    *_, (states, _) = random_walk(env, 64)
    found = [[is_on(core, mol) for core in cores] for mol in env.decode(states)]
    assert all(any(row) for row in found)
    assert all(any(column) for column in zip(*found, strict=True))


@pytest.mark.parametrize("name", SMALL)
def test_likelihoods_are_those_of_all_action_sequences_and_sum_to_one(name: str) -> None:
    env = made(name, 4 if name == "two at a site" else 3)
    policy, states = policy_of(env), enumerate_states(env)
    expected = terminal_distribution(env, states, policy)
    ends = type(states[next(iter(states))]).cat([states[key] for key in expected])
    found = log_likelihood(env, policy, ends, torch.ones(len(ends)))
    assert len(ends) >= 20
    torch.testing.assert_close(
        found.exp(), torch.tensor(list(expected.values())).double(), atol=1e-6, rtol=1e-5
    )
    assert float(found.exp().sum()) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("name", SMALL)
def test_the_number_of_trees_is_that_of_the_formula(name: str) -> None:
    env = made(name, 4)
    space = enumerate_space(env, decode=False)
    assert space.num_states == round(estimate_num_states(env))
    assert len(set(space.key.tolist())) == len(space.key)


@pytest.mark.parametrize("name", SMALL)
def test_the_trees_of_every_molecule_are_those_of_the_space(name: str) -> None:
    env = made(name, 4)
    space = enumerate_space(env)
    mols = [Chem.MolFromSmiles(smiles) for smiles in space.smiles]
    found = log_likelihood_of_molecules(env, policy_of(env), mols, torch.ones(len(mols)))
    assert not found.failures
    assert torch.equal(found.num_trees, space.num_trees)
    assert float(found.log_p.exp().sum()) == pytest.approx(1, abs=1e-5)


def test_no_site_of_a_core_carries_more_than_its_share() -> None:
    env = FragmentEnvironment("druglike", 2, 9, cores=[META], max_per_site=3)
    *_, (states, _) = random_walk(env, 64)
    largest = []
    for tree in env.trees(states):
        branch = {v: v for _, (u, _, v, _) in enumerate(tree.bonds) if u == 0}
        for u, _, v, _ in tree.bonds:
            branch.setdefault(v, branch.get(u, v))
        counts = [list(branch.values()).count(b) for b in set(branch.values())]
        largest.append(max(counts, default=0))
    assert max(largest) == 3


def test_the_core_is_removed_last() -> None:
    env = FragmentEnvironment("druglike", 2, 6, cores=[PARA])
    *_, (states, _) = random_walk(env, 64)
    for _ in itertools.count():
        mask = env.backward_mask(states)
        if not mask.any():
            break
        has_core = env.tables.is_core[states.fragment[:, 0]]
        assert has_core[states.num_fragments > 0].all()
        states, _ = env.backward_step(states, mask.float().argmax(1))
    assert (states.num_fragments == 0).all()


def test_the_share_of_a_core_is_that_of_the_first_action() -> None:
    env = made("several", 3)
    space = enumerate_space(env, decode=False)
    policy = policy_of(env)
    log_p = log_likelihood(env, policy, space.states, torch.ones(len(space.key)))
    root = space.states.fragment[:, 0]
    ports = env.tables.port[torch.tensor(env.vocabulary.cores), 0]
    start = policy(env.observe(env.reset(len(ports))), torch.ones(len(ports)))
    first = start.log_prob(env.encode(torch.zeros(3), torch.zeros(3), ports).long())
    for core, log_first in zip(env.vocabulary.cores, first, strict=True):
        share = log_p[root == core].exp().sum()
        assert float(share) == pytest.approx(log_first.exp().item(), abs=1e-5)


def test_trees_on_the_chosen_cores_keep_their_proportions() -> None:
    env = made("several", 3)
    space = enumerate_space(env, decode=False)
    policy, beta = policy_of(env), torch.ones(len(space.key))
    before = log_likelihood(env, policy, space.states, beta)
    env.start_from([META, PARA])
    after = log_likelihood(env, policy, space.states, beta)
    chosen = torch.isin(space.states.fragment[:, 0], torch.tensor(env.vocabulary.cores)[[0, 2]])
    share = before[chosen].logsumexp(0)
    torch.testing.assert_close(after[chosen], before[chosen] - share, atol=1e-6, rtol=0)
    assert (after[~chosen] == -torch.inf).all()
    *_, (states, _) = random_walk(env, 64)
    assert set(states.fragment[:, 0].tolist()) == {env.vocabulary.cores[i] for i in (0, 2)}


def test_another_core_than_the_environment_s_is_refused() -> None:
    with pytest.raises(ValueError, match=r"'C' is no core .* accepted are .*, '\*C1CC1\*', "):
        made("several", 3).start_from([PARA, "C"])
    with pytest.raises(ValueError, match="accepted are none: it was made without cores"):
        FragmentEnvironment(SYMMETRIC, 2, 3).start_from([PARA])


def test_a_tree_without_its_core_in_front_is_refused() -> None:
    env = made("one", 4)
    core = env.vocabulary.cores[0]
    for tree in (Tree((0,)), Tree((0, core), ((0, 0, 1, 0),))):
        with pytest.raises(ValueError, match="accepted are trees with one core, at node 0"):
            env.from_trees([tree])


def test_a_molecule_with_too_much_on_one_site_is_not_built() -> None:
    env = made("one at a site", 3)
    with pytest.raises(NoTreeError, match="and 1 on one site of a core"):
        env.terminal_trees().of(Chem.MolFromSmiles("c1ccccc1N1CCN(C)CC1"))


def test_a_limit_without_cores_is_refused() -> None:
    with pytest.raises(ValueError, match="max_per_site = 2 with 0 cores"):
        FragmentEnvironment(SYMMETRIC, 2, 3, max_per_site=2)
    with pytest.raises(ValueError, match="max_per_site = 0 with 1 cores"):
        FragmentEnvironment(SYMMETRIC, 2, 3, cores=[PARA], max_per_site=0)


def test_environments_with_other_cores_or_limits_are_told_apart() -> None:
    prints = {made(name, 4).fingerprint() for name in SMALL}
    prints.add(FragmentEnvironment(SYMMETRIC, 2, 4).fingerprint())
    prints.add(FragmentEnvironment(SYMMETRIC, 2, 4, cores=[META]).fingerprint())
    assert len(prints) == len(SMALL) + 2
