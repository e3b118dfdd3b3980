"""Likelihoods of molecules, and the trees that they sum over, against enumerated spaces."""

import pytest
import torch
from rdkit import Chem

from molgfn.chem.decompose import DecompositionLimitError
from molgfn.chem.terminal_trees import NoTreeError, TerminalTrees
from molgfn.enumeration import Space, enumerate_space
from molgfn.envs.fragments import FragmentEnvironment
from molgfn.likelihood import log_likelihood
from molgfn.molecules import log_likelihood_of_molecules
from molgfn.policies.base import Policy
from molgfn.policies.fragments import FragmentTransformer
from tests.vocabularies import MULTIWAY, TYPED, vocabulary

SPACES = {"multiway": (MULTIWAY, 2, 3), "typed": (TYPED, 3, 4)}
DOMINOES = vocabulary({"CC": (0, 1), "CCC": (0, 2)})  # as many trees as ways to tile a chain


@pytest.fixture(params=SPACES, scope="module")
def case(request: pytest.FixtureRequest) -> tuple[FragmentEnvironment, Space]:
    env = FragmentEnvironment(*SPACES[request.param])
    return env, enumerate_space(env)


def random_policy(env: FragmentEnvironment) -> Policy:
    torch.manual_seed(0)
    return FragmentTransformer(env.spec, width=16, num_layers=1)


def molecules(*smiles: str) -> list[Chem.Mol]:
    return [Chem.MolFromSmiles(one) for one in smiles]


def test_probabilities_of_all_molecules_sum_to_one(
    case: tuple[FragmentEnvironment, Space],
) -> None:
    env, space = case
    found = log_likelihood_of_molecules(
        env, random_policy(env), molecules(*space.smiles), torch.ones(len(space.smiles))
    )
    assert not found.failures
    assert float(found.log_p.exp().sum()) == pytest.approx(1, abs=1e-5)


def test_a_molecule_has_the_probability_of_its_trees_together(
    case: tuple[FragmentEnvironment, Space],
) -> None:
    env, space = case
    policy = random_policy(env)
    of_trees = log_likelihood(env, policy, space.states, torch.ones(len(space.key))).exp()
    expected = torch.zeros(len(space.smiles)).double().index_add(0, space.molecule, of_trees)
    found = log_likelihood_of_molecules(
        env, policy, molecules(*space.smiles), torch.ones(len(space.smiles))
    )
    torch.testing.assert_close(found.log_p, expected.log(), atol=1e-5, rtol=0)


def test_the_trees_of_every_molecule_are_those_of_the_space(
    case: tuple[FragmentEnvironment, Space],
) -> None:
    env, space = case
    search = TerminalTrees(env.vocabulary, env.min_fragments, env.max_fragments)
    for number, molecule in enumerate(molecules(*space.smiles)):
        keys = env.canonical_key(env.from_trees(search.of(molecule)))
        assert set(keys.tolist()) == set(space.key[space.molecule == number].tolist())
        assert len(keys) == space.num_trees[number]


def test_what_cannot_be_built_is_named_and_spoils_nothing_else() -> None:
    env = FragmentEnvironment(MULTIWAY, 2, 3)
    policy = random_policy(env)
    smiles = ["CCC", "CBr", "Oc1ccccc1", "CCCCCCCCCC", "Cc1ccccc1"]
    given = [*molecules(*smiles), None]
    found = log_likelihood_of_molecules(env, policy, given, torch.ones(6))
    good = [0, 4]
    assert found.failures == {
        1: "no fragments of vocabulary 'test' build it",
        2: "no fragments of vocabulary 'test' build it",
        3: "it takes 5 or 6 fragments; accepted are 2 to 3",
        5: "it could not be read",
    }
    assert found.log_p[[1, 2, 3]].tolist() == [-torch.inf] * 3
    assert found.log_p[5].isnan()
    assert found.num_trees.tolist() == [1, 0, 0, 0, 1, 0]
    alone = log_likelihood_of_molecules(
        env, policy, [given[i] for i in good], torch.ones(len(good))
    )
    torch.testing.assert_close(found.log_p[good], alone.log_p)


def test_a_molecule_of_too_many_trees_has_no_known_likelihood() -> None:
    env = FragmentEnvironment(DOMINOES, 1, 16)
    smiles = "C" * 60
    found = log_likelihood_of_molecules(
        env, random_policy(env), molecules(smiles, "CC"), torch.ones(2)
    )
    assert found.log_p.isnan().tolist() == [True, False]
    assert "more than 10000 trees" in found.failures[0]


def test_a_tree_too_large_to_sum_over_makes_the_likelihood_unknown() -> None:
    ethane = vocabulary({"CC": (0, 1), "C": (0,)})
    env = FragmentEnvironment(ethane, 2, 20)
    found = log_likelihood_of_molecules(env, random_policy(env), molecules("C" * 34), torch.ones(1))
    assert found.log_p.isnan().all()
    assert "accepted are at most 16" in found.failures[0]


def test_no_molecules_have_no_likelihoods() -> None:
    env = FragmentEnvironment(MULTIWAY, 2, 3)
    found = log_likelihood_of_molecules(env, random_policy(env), [], torch.ones(0))
    assert found.log_p.shape == found.num_trees.shape == (0,)


def test_a_closed_tree_counts_below_the_smallest_size_and_an_open_one_does_not() -> None:
    search = TerminalTrees(vocabulary({"CC": (0, 1), "C": (0,)}), 3, 4)
    assert [len(tree) for tree in search.of(Chem.MolFromSmiles("CC"))] == [2]
    with pytest.raises(NoTreeError, match="it takes 2 fragments; accepted are 3 to 4"):
        search.of(Chem.MolFromSmiles("CCC"))


def test_a_search_that_is_too_long_says_so() -> None:
    with pytest.raises(DecompositionLimitError, match="allow a larger limit"):
        TerminalTrees(DOMINOES, 1, 60).of(Chem.MolFromSmiles("C" * 60))
