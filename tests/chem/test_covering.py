import random
import time
from dataclasses import replace

import pytest
from rdkit import Chem

from molgfn.chem.assemble import assemble
from molgfn.chem.covering import MAX_ATOMS, Cover, Covering
from molgfn.chem.decompose import Decomposer
from molgfn.chem.io import load_vocabulary
from molgfn.chem.random_trees import RandomTrees
from molgfn.chem.tree import Tree
from molgfn.chem.tree_form import canonical_form
from molgfn.chem.vocabulary import Fragment, Vocabulary
from tests.chem.vocabularies import OVERLAPPING, untyped

DRUGLIKE = load_vocabulary("druglike")


def cover(vocabulary: Vocabulary, smiles: str) -> Cover:
    return Covering(vocabulary, seconds=30).cover(Chem.MolFromSmiles(smiles))


def random_smiles(vocabulary: Vocabulary, number: int) -> list[str]:
    sampler = RandomTrees(vocabulary, random.Random(1))
    trees = [sampler.sample(1 + size % 5) for size in range(number)]
    return [Chem.MolToSmiles(assemble(vocabulary, tree)) for tree in trees]


@pytest.mark.parametrize("number", range(len(OVERLAPPING)))
def test_without_a_fragment_it_builds_what_the_search_for_all_trees_builds(number: int) -> None:
    fewer = tuple(f for i, f in enumerate(OVERLAPPING.fragments) if i != number)
    vocabulary = Vocabulary("v", "1", "t", "l", fewer, OVERLAPPING.rules)
    for smiles in random_smiles(OVERLAPPING, 40):
        trees = Decomposer(vocabulary).trees(Chem.MolFromSmiles(smiles))
        found = cover(vocabulary, smiles).tree
        assert (found is None) == (not trees), smiles
        assert found is None or len(found) == min(map(len, trees)), smiles


SMALL = untyped(
    ("C", (0,)),
    ("CC", (0, 1)),
    ("CO", (0, 1)),
    ("CN", (0, 1)),
    ("NC=O", (0, 1)),
    ("CC(C)N", (0, 3)),
)
TYPED = Vocabulary(
    "v",
    "1",
    "t",
    "l",
    (
        Fragment("a", "C", (0,), ("x",)),
        Fragment("b", "CC", (0, 1), ("x", "x")),
        Fragment("c", "CO", (0, 1), ("x", "y")),
        Fragment("d", "NC=O", (0, 1), ("y", "z")),
        Fragment("e", "C1CC1", (0, 1, 2), ("z", "z", "z")),
    ),
    frozenset({("x", "y"), ("x", "z"), ("z", "z")}),
)


def everything(vocabulary: Vocabulary, most_atoms: int) -> set[str]:
    """The molecules of all trees of so many atoms, grown leaf by leaf."""
    sizes = [Chem.MolFromSmiles(f.smiles).GetNumAtoms() for f in vocabulary.fragments]
    layer = {Tree((number,)) for number in range(len(vocabulary))}
    found: set[str] = set()
    while layer:
        forms = {canonical_form(vocabulary, tree): tree for tree in layer}
        found |= {Chem.MolToSmiles(assemble(vocabulary, tree)) for tree in forms.values()}
        layer = {
            Tree((*tree.fragments, new), (*tree.bonds, (u, a, len(tree), b)))
            for tree in forms.values()
            for u, number in enumerate(tree.fragments)
            for a, own in enumerate(vocabulary.fragments[number].site_types)
            if not any((u, a) in (bond[:2], bond[2:]) for bond in tree.bonds)
            for new, fragment in enumerate(vocabulary.fragments)
            if sizes[new] + sum(sizes[one] for one in tree.fragments) <= most_atoms
            for b, other in enumerate(fragment.site_types)
            if vocabulary.may_bond(own, other)
        }
    return found


@pytest.mark.parametrize("whole", [SMALL, TYPED])
def test_what_it_says_it_cannot_build_is_in_no_tree_of_all(whole: Vocabulary) -> None:
    molecules = everything(whole, 6)
    assert len(molecules) > 30
    for left_out in range(len(whole)):
        fewer = tuple(f for number, f in enumerate(whole.fragments) if number != left_out)
        vocabulary = replace(whole, fragments=fewer)
        covering = Covering(vocabulary, seconds=30)
        built = {one for one in molecules if covering.cover(Chem.MolFromSmiles(one)).is_built}
        assert built == everything(vocabulary, 6)
        assert built < molecules


def test_trees_that_are_found_build_the_molecule() -> None:
    for smiles in random_smiles(DRUGLIKE, 20):
        tree = cover(DRUGLIKE, smiles).tree
        assert tree is not None
        assert Chem.MolToSmiles(assemble(DRUGLIKE, tree)) == smiles


@pytest.mark.parametrize(
    "smiles", ["CC1(C)CC(n2cccc2)CC(C)(C)N1", "Cc1ccc(OC)c(C#N)c1", "O=C(Nc1ccncc1)C1CCC1", "CCCN"]
)
def test_a_vocabulary_that_gets_the_missing_pieces_builds_the_molecule(smiles: str) -> None:
    missing = cover(OVERLAPPING, smiles).missing
    assert missing
    added = []
    for piece in missing:
        mol = Chem.MolFromSmiles(piece)
        sites = tuple(atom.GetIdx() for atom in mol.GetAtoms() if atom.GetTotalNumHs())
        added.append(Fragment(piece, piece, sites, ("",) * len(sites)))
    larger = Vocabulary("v", "1", "t", "l", (*OVERLAPPING.fragments, *added))
    assert cover(larger, smiles).is_built


def test_missing_pieces_are_cut_by_the_rules_of_a_typed_vocabulary() -> None:
    found = cover(DRUGLIKE, "CC(C)(C)c1ccc(NNC(=O)C2CCC2)cc1")
    assert found == Cover(missing=("NNC=O",))
    assert cover(DRUGLIKE, "c1nsnc1-c1cnsn1").missing == ("c1cnsn1", "c1cnsn1")


def test_a_fragment_without_a_site_where_one_is_needed_is_named() -> None:
    vocabulary = untyped(("c1ccncc1", (2,)), ("C", (0,)))
    assert cover(vocabulary, "Cc1ccncc1") == Cover(no_site=("c1ccncc1",))


def test_types_that_no_rule_lets_bond_are_named() -> None:
    fragments = (
        Fragment("phenyl", "c1ccccc1", (0,), ("ring",)),
        Fragment("methyl", "C", (0,), ("chain",)),
    )
    vocabulary = Vocabulary("v", "1", "t", "l", fragments, frozenset({("ring", "ring")}))
    assert cover(vocabulary, "Cc1ccccc1") == Cover(no_rule=(("chain", "ring"),))


def test_two_missing_pieces_are_both_named() -> None:
    found = cover(untyped(("O", (0,)), ("CC", (0, 1))), "FCCCl")
    assert found.missing == ("Cl", "F")


def test_what_takes_too_long_is_undecided_and_not_refused() -> None:
    found = Covering(DRUGLIKE, seconds=0).cover(Chem.MolFromSmiles("Cc1ccccc1"))
    assert found == Cover(undecided="not decided within 0 s")


@pytest.mark.parametrize("smiles", ["C" * 190, "C(CO)" * 60, "C(C)(C(C))" * 45, "C" * 5000])
def test_the_time_is_kept_whatever_the_molecule(smiles: str) -> None:
    every = untyped(("CCCCCCCCCCCCCCCCCC", tuple(range(18))), ("CO", (0, 1)), ("C", (0,)))
    covering, molecule = Covering(every, seconds=0.1), Chem.MolFromSmiles(smiles)
    started = time.process_time()
    covering.cover(molecule)
    assert time.process_time() - started < 0.15


def test_a_molecule_of_very_many_atoms_is_undecided() -> None:
    assert cover(OVERLAPPING, "C" * (MAX_ATOMS + 1)).undecided == f"more than {MAX_ATOMS} atoms"


@pytest.mark.parametrize("smiles", ["[2H]Cc1ccccc1", "[CH2]C", "C[Se]C", "C*"])
def test_what_fragments_cannot_hold_is_missing(smiles: str) -> None:
    assert cover(OVERLAPPING, smiles).missing
