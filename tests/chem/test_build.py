import importlib.util
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from rdkit import Chem, rdBase

from molgfn.chem.build import build_vocabulary, parent_molecule, ranked
from molgfn.chem.decompose import Decomposer
from molgfn.chem.fragmentation import RULES, site_type
from molgfn.chem.harvest import harvest
from molgfn.chem.io import load_vocabulary
from molgfn.chem.resources import shipped
from molgfn.chem.unwanted import reason_unwanted
from molgfn.chem.vocabulary import Fragment, Vocabulary

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "build_druglike.py"


def build(*smiles: str, size: int = 50) -> Vocabulary:
    molecules = [Chem.MolFromSmiles(one) for one in smiles]
    return build_vocabulary(
        molecules, size=size, name="mine", version="1", source="test", licence="CC0-1.0"
    )


def test_a_core_has_the_union_of_the_sites_seen_on_it() -> None:
    vocabulary = build("Clc1cccnc1", "Clc1ccncc1")
    (pyridine,) = [f for f in vocabulary.fragments if f.smiles == "c1ccncc1"]

    assert len(pyridine.sites) == 3


def test_atoms_that_symmetry_relates_are_sites_together() -> None:
    (benzene,) = [f for f in build("Clc1ccccc1").fragments if f.smiles == "c1ccccc1"]
    assert benzene.sites == (0, 1, 2, 3, 4, 5)


def test_every_molecule_of_a_large_enough_vocabulary_is_rebuilt() -> None:
    molecules = ["O=C(Nc1ccccc1)c1ccncc1", "COc1ccc(CN2CCOCC2)cc1"]
    decomposer = Decomposer(build(*molecules))
    assert [decomposer.count(Chem.MolFromSmiles(smiles)) for smiles in molecules] == [1, 1]


def test_pieces_are_chosen_so_that_molecules_are_complete() -> None:
    needs = [frozenset("ab")] * 3 + [frozenset("acde")] * 4
    assert list(ranked(needs))[:2] == ["a", "b"]


def test_the_order_of_the_molecules_does_not_matter() -> None:
    molecules = ["O=C(Nc1ccccc1)c1ccncc1", "COc1ccc(CN2CCOCC2)cc1", "Clc1ccccc1", "Cc1ccccc1"]
    assert build(*molecules, size=4) == build(*reversed(molecules), size=4)


def test_molecules_with_an_unwanted_piece_are_left_out() -> None:
    assert harvest([Chem.MolFromSmiles("Clc1ccccc1")]).whole != []
    assert harvest([Chem.MolFromSmiles("Clc1ccc(OOC)cc1")]).whole == []


def test_a_ketone_that_could_be_left_as_an_aldehyde_is_left_out() -> None:
    assert harvest([Chem.MolFromSmiles("O=C(C)c1ccccc1")]).whole != []
    assert harvest([Chem.MolFromSmiles("O=C(CSc1ccccc1)c1ccccc1")]).whole == []


def test_without_a_usable_molecule_nothing_is_built() -> None:
    with pytest.raises(ValueError, match="vocabulary 'mine', key 'fragments'"):
        build("c1ccccc1")


def test_the_parent_of_a_salt_is_its_largest_component_without_stereo() -> None:
    parent = parent_molecule("Cl.C[C@H](N)c1ccccc1")
    assert parent is not None
    assert Chem.MolToSmiles(parent) == "CC(N)c1ccccc1"
    with rdBase.BlockLogs():
        assert parent_molecule("no molecule") is None


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_druglike", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def shipped_fragments() -> Iterator[Fragment]:
    return iter(load_vocabulary("druglike").fragments)


def test_the_shipped_vocabulary_has_150_to_250_fragments() -> None:
    assert 150 <= len(load_vocabulary("druglike")) <= 250


def test_no_shipped_fragment_is_cut_further_by_its_own_rules() -> None:
    vocabulary = load_vocabulary("druglike")
    decomposer = Decomposer(vocabulary)
    for number, fragment in enumerate(vocabulary.fragments):
        (tree,) = decomposer.trees(Chem.MolFromSmiles(fragment.smiles))
        assert tree.fragments == (number,)


def test_every_shipped_fragment_is_wanted() -> None:
    for fragment in shipped_fragments():
        assert reason_unwanted(Chem.MolFromSmiles(fragment.smiles)) is None


def test_types_and_rules_of_the_shipped_vocabulary_are_those_of_the_code() -> None:
    vocabulary = load_vocabulary("druglike")
    for fragment in vocabulary.fragments:
        molecule = Chem.MolFromSmiles(fragment.smiles)
        types = tuple(site_type(molecule.GetAtomWithIdx(site)) for site in fragment.sites)
        assert types == fragment.site_types
    present = {type_ for fragment in vocabulary.fragments for type_ in fragment.site_types}
    assert vocabulary.rules == {pair for pair in RULES if present.issuperset(pair)}


def test_a_ketone_is_never_left_as_an_aldehyde() -> None:
    for fragment in shipped_fragments():
        assert "acyl" not in fragment.site_types or len(fragment.sites) == 1


@pytest.mark.slow
def test_the_script_makes_the_shipped_vocabulary_byte_for_byte(
    tmp_path: Path, script: ModuleType
) -> None:
    if not script.MOLECULES.exists():
        pytest.skip(f"this RDKit comes without {script.MOLECULES}")
    if rdBase.rdkitVersion not in load_vocabulary("druglike").source:
        pytest.skip(f"RDKit {rdBase.rdkitVersion} is not the version the vocabulary was made with")
    assert script.main(["--output", str(tmp_path / "again.yaml")]) == 0
    again = (tmp_path / "again.yaml").read_bytes()
    assert again == shipped("fragments/druglike.yaml").read_bytes()
