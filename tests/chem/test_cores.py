"""Cores: how they are written, what is refused, and the trees that are built on them."""

import pytest
from rdkit import Chem

from molgfn.chem.cores import with_cores
from molgfn.chem.decompose import Decomposer
from molgfn.chem.io import load_vocabulary
from molgfn.chem.vocabulary import Fragment
from tests.vocabularies import MULTIWAY, SYMMETRIC, TYPED, vocabulary

DRUGLIKE = load_vocabulary("druglike")
AMINES = vocabulary(
    {"CCC": (1,), "C1CNCCN1": (2, 5)},
    {"CCC": ("alkyl",), "C1CNCCN1": ("cyclic_amine", "cyclic_amine")},
    {("alkyl", "cyclic_amine")},
)
UREA = "O=C(N[*:1])NC1CCN([*:2])CC1"


def core_of(smiles: str, *, grow_anywhere: bool = False) -> Fragment:
    return with_cores(DRUGLIKE, [smiles], grow_anywhere=grow_anywhere).fragments[-1]


def test_stars_become_hydrogens_and_their_atoms_sites() -> None:
    core = core_of(UREA)
    assert core.smiles == "NC(=O)NC1CCNCC1"
    assert dict(zip(core.sites, core.site_types, strict=True)) == {
        0: "acylamino",
        7: "cyclic_amine",
    }
    assert core.is_core


@pytest.mark.parametrize("star", ["*", "[*]", "[*:3]", "[2*]"])
def test_stars_may_be_numbered_in_any_way(star: str) -> None:
    assert core_of(f"{star}c1ccncc1").sites == core_of("*c1ccncc1").sites


def test_a_star_on_an_aromatic_nitrogen_leaves_its_hydrogen_behind() -> None:
    core = core_of("*n1ccnc1")
    assert core.smiles == "c1c[nH]cn1"
    assert core.site_types == ("azolyl",)


def test_a_core_without_stars_grows_wherever_a_fragment_fits() -> None:
    core = core_of("Cc1ccncc1", grow_anywhere=True)
    molecule = Chem.MolFromSmiles(core.smiles)
    assert len(core.sites) == 4  # not the methyl group, which the rules would cut no bond of
    assert all(molecule.GetAtomWithIdx(site).GetIsAromatic() for site in core.sites)


def test_stars_hold_also_where_cores_may_grow_anywhere() -> None:
    assert len(core_of("*c1ccncc1", grow_anywhere=True).sites) == 1


def test_cores_change_the_digest_and_what_molecules_start_from() -> None:
    found = with_cores(SYMMETRIC, ["*C1CC1"])
    assert found.digest != SYMMETRIC.digest
    assert found.first == found.cores == (len(SYMMETRIC),)
    assert found.addable == SYMMETRIC.first == tuple(range(len(SYMMETRIC)))


def test_a_core_may_bond_by_rules_of_types_that_no_fragment_has() -> None:
    small = vocabulary({"c1ccccc1": (0,)}, {"c1ccccc1": ("aryl",)}, {("aryl", "aryl")})
    found = with_cores(small, ["*N1CCCC1"])
    assert found.may_bond("cyclic_amine", "aryl")
    assert not found.may_bond("cyclic_amine", "cyclic_amine")


@pytest.mark.parametrize(
    ("cores", "told"),
    [
        ([], "accepted is at least one SMILES"),
        (["c1ccc"], r"cores\[0\] \('c1ccc'\): RDKit does not read it"),
        (["c1ccccc1"], "has no attachment atom; put a star"),
        (["*"], "star 0 has 0 bonds"),
        (["**"], "two stars are bonded"),
        (["C*C"], "star 1 has 2 bonds"),
        (["*C(*)C"], r"atom 1 \(C\) carries two stars"),
        (["*CC.CC"], "several components"),
        (["C[C@H](F)*"], "stereo marks"),
        (["*c1ccncc1", "c1cc(*)ccn1"], r"cores\[1\] .* is the core '\*c1ccncc1'"),
        (["*S(C)(=O)=O"], r"atom 0 \(S\) cannot grow: .* know no bond of such an atom"),
        (["CC*", "*C(F)F"], r"cores\[1\].* cannot grow: no fragment .* type 'haloalkyl'"),
    ],
)
def test_a_core_that_cannot_grow_is_refused(cores: list[str], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        with_cores(AMINES if "haloalkyl" in told else DRUGLIKE, cores)


def test_a_core_that_no_fragment_fits_anywhere_is_refused() -> None:
    with pytest.raises(ValueError, match="no fragment of 'test' fits any of its atoms"):
        with_cores(AMINES, ["FC(F)F"], grow_anywhere=True)


def test_site_types_of_the_user_s_own_are_refused_with_cores() -> None:
    with pytest.raises(ValueError, match="site types of its own"):
        with_cores(TYPED, ["*c1ccccc1"])


def test_the_trees_of_a_molecule_are_those_on_each_place_of_its_core() -> None:
    decomposer = Decomposer(with_cores(MULTIWAY, ["*c1ccc(*)cc1"]))
    # on one ring or the other, which is the same by symmetry; with one methyl group or as toluene
    assert decomposer.count(Chem.MolFromSmiles("c1ccc(-c2ccccc2)cc1")) == 1
    # on the ring with the methyl group, or on the other one: then methyl is a fragment or in one
    assert decomposer.count(Chem.MolFromSmiles("Cc1ccc(-c2ccccc2)cc1")) == 3
    # meta to each other: one ring may be the core only with a single bond
    assert decomposer.count(Chem.MolFromSmiles("Cc1cccc(C)c1")) == 0


def test_trees_are_rooted_at_the_core() -> None:
    cored = with_cores(SYMMETRIC, ["*C1CC1*"])
    (tree,) = Decomposer(cored).trees(Chem.MolFromSmiles("c1ccccc1C1CC1F"))
    assert tree.fragments[0] in cored.cores


def test_a_molecule_without_the_core_has_no_tree() -> None:
    decomposer = Decomposer(with_cores(SYMMETRIC, ["*C1CC1*"]))
    assert decomposer.trees(Chem.MolFromSmiles("Fc1ccccc1")) == []
    assert decomposer.tree(Chem.MolFromSmiles("Fc1ccccc1")) is None


@pytest.mark.parametrize("smiles", ["FC1(F)CC1", "C1CC12CCCCC2", "F[C]1CC1", "C=C1CC1F"])
def test_a_core_that_is_bonded_otherwise_than_by_one_single_bond_a_site_has_no_tree(
    smiles: str,
) -> None:
    decomposer = Decomposer(with_cores(SYMMETRIC, ["*C1CC1*"]))
    assert decomposer.trees(Chem.MolFromSmiles(smiles)) == []


def test_a_large_core_costs_no_search_through_its_own_bonds() -> None:
    long = "*" + "CCO" * 15 + "C"
    decomposer = Decomposer(with_cores(SYMMETRIC, [long]), budget=2000)
    assert decomposer.count(Chem.MolFromSmiles(long.replace("*", "F"))) == 1
