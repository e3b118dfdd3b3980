import random
from collections import defaultdict
from pathlib import Path

import pytest
from rdkit import Chem

from molgfn.chem.assemble import assemble
from molgfn.chem.decompose import MAX_BLOCKS, Decomposer, DecompositionLimitError
from molgfn.chem.io import load_vocabulary
from molgfn.chem.random_trees import RandomTrees
from molgfn.chem.tree import Tree
from molgfn.chem.tree_form import Form, canonical_form
from molgfn.chem.vocabulary import Fragment, Vocabulary
from tests.chem.vocabularies import OVERLAPPING, untyped


def smiles_of(vocabulary: Vocabulary, tree: Tree) -> str:
    return str(Chem.MolToSmiles(assemble(vocabulary, tree)))


def all_forms(vocabulary: Vocabulary, size: int) -> dict[str, set[Form]]:
    """Every distinct tree of at most `size` fragments, by its molecule: grown leaf by leaf."""
    layer = {Tree((number,)) for number in range(len(vocabulary))}
    found: dict[str, set[Form]] = defaultdict(set)
    for _ in range(size):
        grown = {}
        for tree in layer:
            form = canonical_form(vocabulary, tree)
            found[smiles_of(vocabulary, tree)].add(form)
            grown[form] = tree
        layer = {child for tree in grown.values() for child in children(vocabulary, tree)}
    return found


def children(vocabulary: Vocabulary, tree: Tree) -> list[Tree]:
    taken = {(u, a) for u, a, _, _ in tree.bonds} | {(v, b) for _, _, v, b in tree.bonds}
    return [
        Tree((*tree.fragments, new), (*tree.bonds, (u, a, len(tree), b)))
        for u, number in enumerate(tree.fragments)
        for a, own in enumerate(vocabulary.fragments[number].site_types)
        if (u, a) not in taken
        for new, fragment in enumerate(vocabulary.fragments)
        for b, other in enumerate(fragment.site_types)
        if vocabulary.may_bond(own, other)
    ]


def test_every_tree_of_a_molecule_is_found_and_no_other() -> None:
    decomposer = Decomposer(OVERLAPPING)
    expected = all_forms(OVERLAPPING, 3)
    assert max(map(len, expected.values())) >= 3
    for smiles, forms in expected.items():
        trees = decomposer.trees(Chem.MolFromSmiles(smiles))
        found = {canonical_form(OVERLAPPING, tree) for tree in trees}
        assert len(found) == len(trees)
        small = {canonical_form(OVERLAPPING, tree) for tree in trees if len(tree) <= 3}
        assert small == forms, smiles


def test_found_trees_build_the_molecule_they_were_found_in() -> None:
    for smiles in ("Cc1ccc(CNC=O)cc1", "CCc1ccccc1CC", "O=CNCc1ccc2ccccc2c1"):
        canonical = Chem.CanonSmiles(smiles)
        trees = Decomposer(OVERLAPPING).trees(Chem.MolFromSmiles(smiles))
        assert {smiles_of(OVERLAPPING, tree) for tree in trees} == {canonical}


def test_toluene_is_one_fragment_or_two() -> None:
    assert Decomposer(OVERLAPPING).count(Chem.MolFromSmiles("Cc1ccccc1")) == 2


def test_cuts_that_a_symmetry_relates_are_one_tree() -> None:
    vocabulary = untyped(("CC", (0, 1)), ("C", (0,)))
    assert Decomposer(vocabulary).count(Chem.MolFromSmiles("CCC")) == 1


def test_sites_that_no_symmetry_of_the_sites_relates_are_different_trees() -> None:
    vocabulary = untyped(("c1ccccc1", (0, 1, 3)), ("C", (0,)))
    assert Decomposer(vocabulary).count(Chem.MolFromSmiles("Cc1ccccc1")) == 3


def test_a_bond_that_the_rules_forbid_is_not_cut() -> None:
    fragments = (
        Fragment("phenyl", "c1ccccc1", (0,), ("aryl",)),
        Fragment("methyl", "C", (0,), ("methyl",)),
    )
    vocabulary = Vocabulary("v", "1", "t", "l", fragments, frozenset({("aryl", "aryl")}))
    assert Decomposer(vocabulary).tree(Chem.MolFromSmiles("Cc1ccccc1")) is None
    assert Decomposer(vocabulary).tree(Chem.MolFromSmiles("c1ccccc1-c1ccccc1")) is not None


def test_an_atom_that_is_no_site_is_not_bonded() -> None:
    vocabulary = untyped(("c1ccncc1", (2,)), ("C", (0,)))
    assert Decomposer(vocabulary).tree(Chem.MolFromSmiles("Cc1ccncc1")) is None


def test_charges_are_kept() -> None:
    decomposer = Decomposer(untyped(("C[NH3+]", (0,)), ("CN", (0,)), ("C", (0,))))
    tree = decomposer.tree(Chem.MolFromSmiles("CC[NH3+]"))
    assert tree is not None
    assert 0 in tree.fragments
    assert 1 not in tree.fragments


def test_stereo_marks_are_ignored() -> None:
    decomposer = Decomposer(untyped(("CC(N)O", (0,)), ("F", (0,))))
    assert decomposer.count(Chem.MolFromSmiles("FC[C@H](N)O")) == 1


@pytest.mark.parametrize("smiles", ["[2H]Cc1ccccc1", "[13CH3]C", "C.C", "[CH2]C", "", "CBr"])
def test_what_fragments_cannot_hold_has_no_tree(smiles: str) -> None:
    assert Decomposer(OVERLAPPING).trees(Chem.MolFromSmiles(smiles)) == []


def test_a_bound_that_is_hit_is_told() -> None:
    chain = Chem.MolFromSmiles("C" * 24)
    with pytest.raises(DecompositionLimitError, match="more than 1 trees"):
        Decomposer(OVERLAPPING).trees(Chem.MolFromSmiles("Cc1ccccc1"), limit=1)
    with pytest.raises(DecompositionLimitError, match="more than 10 steps"):
        Decomposer(OVERLAPPING, budget=10).tree(chain)
    with pytest.raises(DecompositionLimitError, match=f"at most {MAX_BLOCKS}"):
        Decomposer(OVERLAPPING).tree(Chem.MolFromSmiles("C" * (MAX_BLOCKS + 1)))


def test_ortho_meta_and_para_are_different_forms() -> None:
    xylenes = [Tree((0, 1, 1), ((0, 0, 1, 0), (0, slot, 2, 0))) for slot in (1, 2, 3)]
    assert len({canonical_form(OVERLAPPING, tree) for tree in xylenes}) == 3


def test_renamed_nodes_and_moved_sites_keep_the_form() -> None:
    first = Tree((0, 1, 2), ((0, 0, 1, 0), (0, 1, 2, 0)))
    second = Tree((2, 0, 1), ((0, 1, 1, 4), (1, 3, 2, 0)))
    assert canonical_form(OVERLAPPING, first) == canonical_form(OVERLAPPING, second)


def round_trips(vocabulary: Vocabulary, number: int) -> None:
    decomposer = Decomposer(vocabulary)
    sampler = RandomTrees(vocabulary, random.Random(0))
    for size in range(number):
        tree = sampler.sample(1 + size % 9)
        molecule = Chem.MolFromSmiles(smiles_of(vocabulary, tree))
        found = {canonical_form(vocabulary, other) for other in decomposer.trees(molecule)}
        assert canonical_form(vocabulary, tree) in found
        one = decomposer.tree(molecule)
        assert one is not None
        assert canonical_form(vocabulary, one) in found


def test_random_molecules_of_the_published_blocks_hold_their_tree(seh_folder: Path) -> None:
    round_trips(load_vocabulary("published"), 200)


def test_random_molecules_of_the_shipped_fragments_hold_their_tree() -> None:
    round_trips(load_vocabulary("druglike"), 100)
