"""The form of a molecule that is measured, fitted and predicted."""

import pytest
from rdkit import Chem

from molgfn.proxy.standard import Standardizer, parent, parse


def standard(smiles: str) -> str:
    return str(Chem.MolToSmiles(parent(parse(smiles))))


@pytest.mark.parametrize(
    ("salt", "free"),
    [
        ("CCCN.Cl", "CCCN"),
        ("[Na+].CC(=O)[O-]", "CC(=O)O"),
        ("CCCC[NH3+].[O-]C(=O)C(F)(F)F", "CCCCN"),
        ("CCCN.OC(=O)C(O)C(O)C(=O)O", "CCCN"),
        ("O.CCCN.OC(=O)/C=C/C(=O)O", "CCCN"),
        ("[K+].[O-]c1ccccc1", "Oc1ccccc1"),
    ],
)
def test_a_salt_is_its_free_form(salt: str, free: str) -> None:
    assert standard(salt) == standard(free) == Chem.CanonSmiles(free)


def test_a_counter_ion_alone_is_a_molecule() -> None:
    assert standard("OC(=O)C(F)(F)F") == "O=C(O)C(F)(F)F"


@pytest.mark.parametrize(
    "smiles", ["C[N+](C)(C)CC(=O)[O-]", "O=[N+]([O-])c1ccccc1", "C[n+]1ccccc1"]
)
def test_charges_that_no_proton_takes_away_stay(smiles: str) -> None:
    assert standard(smiles) == Chem.CanonSmiles(smiles)


def test_atom_maps_are_left_out() -> None:
    assert standard("[CH3:1][OH:2]") == "CO"


@pytest.mark.parametrize("smiles", ["[CH3:1][OH:2]", "[CH3:1]C(=O)[O-].[Na+]"])
def test_the_molecule_that_is_given_stays_as_it_is(smiles: str) -> None:
    mol = parse(smiles)
    before = Chem.MolToSmiles(mol)
    parent(mol)
    assert Chem.MolToSmiles(mol) == before


def test_the_standard_form_of_a_standard_form_is_itself() -> None:
    for smiles in ("CCCN.Cl", "[Na+].CC(=O)[O-]", "C[N+](C)(C)CC(=O)[O-]"):
        assert standard(standard(smiles)) == standard(smiles)


BAD = {
    "": "unreadable molecule: there is no SMILES",
    "not a molecule": "unreadable molecule: RDKit cannot parse it",
    "C[Xx]C": "unreadable molecule: there is no element 'Xx'",
    "C(C)(C)(C)(C)C": "unreadable molecule: RDKit does not sanitize it: Explicit valence",
    "*c1ccccc1": r"unsuitable molecule: it has an atom \*; accepted are H, B, C",
    "C[Pt]C": "unsuitable molecule: it has an atom Pt",
    "[Na+].[Na+]": "unsuitable molecule: it has an atom Na",
    "C" * 500: "unsuitable molecule: it has 500 heavy atoms; accepted are up to 150",
}


@pytest.mark.parametrize(("smiles", "message"), BAD.items(), ids=[text[:20] for text in BAD])
def test_a_molecule_without_a_standard_form_has_a_reason(smiles: str, message: str) -> None:
    standardizer = Standardizer()
    for _ in range(2):  # also when it is remembered
        with pytest.raises(ValueError, match=f"^{message}"):
            standardizer(smiles)
    assert not standardizer.drawn
