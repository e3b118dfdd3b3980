import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdkit import Chem, RDConfig

from molgfn.chem.assemble import assemble
from molgfn.chem.build import vocabulary_of
from molgfn.chem.cuts import CUTS
from molgfn.chem.decompose import Decomposer
from molgfn.chem.harvest import harvest
from molgfn.chem.io import load_vocabulary
from molgfn.chem.one_tree import has_one_tree, with_one_tree
from molgfn.chem.random_trees import RandomTrees
from molgfn.chem.unwanted import KINDS, Limits
from molgfn.chem.vocabulary import UNTYPED, Fragment, Vocabulary
from tests.chem.vocabularies import OVERLAPPING, untyped

MEASURED = Path(RDConfig.RDContribDir) / "FreeWilson" / "data" / "CHEMBL2321810.smi"
HEADER = {"name": "v", "version": "1", "source": "t", "licence": "l"}
CORES = (
    "C CC CCC CO CN CNC COC CC(C)C NC=O CC(N)=O O N F OCO CC=C c1ccccc1 c1ccncc1 Cc1ccccc1 C1CC1"
)


def multiplicities(vocabulary: Vocabulary, number: int, seed: int = 0) -> list[int]:
    """m of the molecules of random trees."""
    sampler, decomposer = RandomTrees(vocabulary, random.Random(seed)), Decomposer(vocabulary)
    trees = [sampler.sample(1 + size % 6) for size in range(number)]
    return [decomposer.count(assemble(vocabulary, tree)) for tree in trees]


@st.composite
def vocabularies(draw: st.DrawFn) -> Vocabulary:
    """Some molecules, each with the sites of some orbits; without rules."""
    fragments = []
    for smiles in draw(st.lists(st.sampled_from(CORES.split()), min_size=2, unique=True)):
        mol = Chem.MolFromSmiles(smiles)
        ranks = list(Chem.CanonicalRankAtoms(mol, breakTies=False))
        bare = {ranks[atom.GetIdx()] for atom in mol.GetAtoms() if atom.GetTotalNumHs()}
        chosen = draw(st.sets(st.sampled_from(sorted(bare)), min_size=1))
        sites = tuple(atom for atom, rank in enumerate(ranks) if rank in chosen)
        fragments.append(Fragment(smiles, smiles, sites, (UNTYPED,) * len(sites)))
    return Vocabulary(**HEADER, fragments=tuple(fragments))


@settings(max_examples=25, deadline=None)
@given(vocabularies(), st.integers(0, 9))
def test_each_molecule_of_the_fragments_that_are_taken_has_one_tree(
    vocabulary: Vocabulary, seed: int
) -> None:
    kept = Vocabulary(**HEADER, fragments=with_one_tree(vocabulary, 99))
    assert set(multiplicities(kept, 30, seed)) == {1}


@settings(max_examples=25, deadline=None)
@given(vocabularies())
def test_a_molecule_with_two_trees_is_never_overlooked(vocabulary: Vocabulary) -> None:
    assert not (has_one_tree(vocabulary) and max(multiplicities(vocabulary, 30)) > 1)


@pytest.mark.parametrize(
    ("cores", "expected"),
    [
        ([("CC", (0, 1)), ("c1ccccc1", (0, 1, 2, 3, 4, 5))], True),
        ([("CC", (0, 1)), ("C", (0,))], False),  # ethane
        ([("CCC", (0, 2)), ("CCCCC", (0, 4))], False),  # 3 + 5 = 5 + 3 in longer chains
        ([("CO", (0,)), ("C", (0,)), ("O", (0,))], False),  # methanol itself
        ([("CO", (0,)), ("F", (0,))], True),
        ([("c1ccccc1", (0,))], False),  # of six equal atoms one is a site
    ],
)
def test_what_is_known_by_hand_is_found(
    cores: list[tuple[str, tuple[int, ...]]], expected: bool
) -> None:
    assert has_one_tree(untyped(*cores)) == expected


def test_two_trees_may_need_a_molecule_larger_than_any_fragment() -> None:
    vocabulary = untyped(("CCC", (0, 2)), ("CCCC", (0, 3)), ("OC", (1,)), ("NC", (1,)))
    assert not has_one_tree(vocabulary)
    assert Decomposer(vocabulary).count(Chem.MolFromSmiles("OC" + "C" * 7 + "CN")) == 2


def test_fragments_that_come_first_are_taken() -> None:
    assert [f.smiles for f in with_one_tree(OVERLAPPING, 99)][:2] == ["c1ccccc1", "C"]
    assert len(with_one_tree(OVERLAPPING, 2)) == 2


def test_types_can_tell_bonds_apart() -> None:
    fragments = (
        Fragment("a", "CCC", (0, 2), ("x", "x")),
        Fragment("b", "CCCC", (0, 3), ("y", "y")),
    )
    assert has_one_tree(
        Vocabulary(**HEADER, fragments=fragments[:1], rules=frozenset({("x", "x")}))
    )
    assert not has_one_tree(
        Vocabulary(**HEADER, fragments=fragments, rules=frozenset({("x", "x"), ("x", "y")}))
    )


@pytest.mark.parametrize("name", ["druglike", "audit/druglike"])
def test_shipped_typed_vocabularies_have_one_tree_a_molecule(name: str) -> None:
    assert has_one_tree(load_vocabulary(name))


@pytest.mark.parametrize("cuts", ["brics", "single"])
@pytest.mark.parametrize("keep", [(), KINDS])
def test_irreducible_vocabularies_of_real_molecules_have_one_tree_a_molecule(
    cuts: str, keep: tuple[str, ...]
) -> None:
    if not MEASURED.exists():
        pytest.skip(f"this RDKit comes without {MEASURED}")
    lines = MEASURED.read_text().splitlines()[1:200]
    mols = [Chem.MolFromSmiles(line.split()[0]) for line in lines]
    found = harvest(mols, CUTS[cuts], Limits(keep=frozenset(keep)))
    vocabulary = vocabulary_of(found, 60, irreducible=True, **HEADER)
    assert len(vocabulary) > 10
    assert set(multiplicities(vocabulary, 100)) == {1}
    if cuts == "brics":
        assert vocabulary == vocabulary_of(found, 60, **HEADER)
