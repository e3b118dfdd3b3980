"""How many trees are the same molecule, as an environment counts them."""

import pytest
import torch
from rdkit import Chem

from molgfn.chem.terminal_trees import TerminalTrees
from molgfn.chem.tree import Tree
from molgfn.enumeration import enumerate_space
from molgfn.envs.fragments import FragmentEnvironment
from molgfn.envs.multiplicity import Multiplicity
from tests.vocabularies import MULTIWAY, vocabulary


class CountingTrees(TerminalTrees):
    """Remembers how often it was asked."""

    asked = 0

    def of(self, molecule: Chem.Mol) -> list[Tree]:
        self.asked += 1
        return super().of(molecule)


def test_m_is_that_of_the_enumerated_space() -> None:
    env = FragmentEnvironment(MULTIWAY, 2, 3)
    space = enumerate_space(env)
    counted = env.log_num_trees(space.states).exp().round().long()
    assert (counted == space.num_trees[space.molecule]).all()


def test_a_target_over_molecules_lowers_the_correction_by_log_m() -> None:
    space = enumerate_space(FragmentEnvironment(MULTIWAY, 2, 3))
    trees, molecules = (
        FragmentEnvironment(MULTIWAY, 2, 3, target=target).log_reward_correction(space.states)
        for target in ("trees", "molecules")
    )
    torch.testing.assert_close(trees - molecules, space.num_trees[space.molecule].log())


def test_a_known_tree_is_not_cut_again_until_it_is_forgotten() -> None:
    search = CountingTrees(MULTIWAY, 1, 3)
    count = Multiplicity(search, memory=2)
    one, two, three = (Tree((f,)) for f in range(3))
    assert count([1, 2, 1], [one, two, one]) == [1, 2, 1]
    assert search.asked == 2
    count([3, 1], [three, one])  # forgets 2, asked for longest ago
    assert search.asked == 3
    count([2], [two])
    assert search.asked == 4


def test_a_molecule_of_too_many_trees_has_no_correction_and_spoils_no_other() -> None:
    dominoes = vocabulary({"CC": (0, 1), "CCC": (0, 2)})
    env = FragmentEnvironment(dominoes, 2, 30, target="molecules")
    chain = Tree((0,) * 30, tuple((i, min(i, 1), i + 1, 0) for i in range(29)))
    pair = Tree((0, 0), ((0, 0, 1, 0),))
    correction = env.log_reward_correction(env.from_trees([pair, chain]))
    assert correction.isfinite().tolist() == [True, False]


def test_an_unknown_target_is_refused() -> None:
    with pytest.raises(ValueError, match="target = 'atoms'; accepted are trees, molecules"):
        FragmentEnvironment(MULTIWAY, target="atoms")  # type: ignore[arg-type]


def test_the_target_is_part_of_the_fingerprint_but_the_default_changes_nothing() -> None:
    plain = FragmentEnvironment(MULTIWAY, 2, 3)
    assert FragmentEnvironment(MULTIWAY, 2, 3, target="trees").fingerprint() == plain.fingerprint()
    other = FragmentEnvironment(MULTIWAY, 2, 3, target="molecules")
    assert other.fingerprint() != plain.fingerprint()
