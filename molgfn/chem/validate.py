"""What a vocabulary must satisfy before anything is built from it."""

import re
from collections.abc import Sequence

from rdkit import Chem, rdBase

from molgfn.chem.vocabulary import UNTYPED, Fragment, Vocabulary

_SMILES = re.compile(r"[!-~]+")
_STEREO = re.compile(r"[@/\\]")


def fragment_molecule(smiles: str, where: str) -> Chem.Mol:
    """The sanitized molecule of a fragment, with the atoms in the order of its SMILES.

    A fragment is one connected piece of known elements, without stereo marks, isotopes, atom maps
    or radicals: the environment models none of them.

    Args:
        smiles: the fragment with hydrogens where bonds may come.
        where: names file and fragment in errors.
    Raises:
        ValueError: the SMILES does not sanitize, or holds what is not modelled.
    """
    where = f"{where}, key 'smiles'"
    if not _SMILES.fullmatch(smiles):
        raise ValueError(f"{where}: {smiles!r} is no SMILES; accepted is ASCII without spaces")
    if _STEREO.search(smiles):
        raise ValueError(f"{where}: {smiles!r} has stereo marks; fragments are accepted without")
    with rdBase.BlockLogs():
        molecule = Chem.MolFromSmiles(smiles)
    if molecule is None:
        raise ValueError(f"{where}: RDKit does not sanitize {smiles!r}; check valences and rings")
    if molecule.GetNumAtoms() == 0:
        raise ValueError(f"{where}: {smiles!r} has no atoms; accepted is a molecule")
    if len(Chem.GetMolFrags(molecule)) > 1:
        raise ValueError(f"{where}: {smiles!r} has several components; accepted is one")
    for atom in molecule.GetAtoms():
        label = f"atom {atom.GetIdx()} ({atom.GetSymbol()}) of {smiles!r}"
        if atom.GetAtomicNum() <= 1:
            raise ValueError(f"{where}: {label} is no heavy element; accepted are He and on")
        if atom.GetIsotope() or atom.GetAtomMapNum():
            raise ValueError(f"{where}: {label} has an isotope or map number; accepted is neither")
        if atom.GetNumRadicalElectrons():
            raise ValueError(f"{where}: {label} is a radical; accepted are closed shells")
    return molecule


def check_fragment(fragment: Fragment, where: str) -> str:
    """Checks one fragment and returns its canonical SMILES.

    Raises:
        ValueError: a site is missing, repeated, out of range, or has no hydrogen to give for a
            bond; or the SMILES is refused by `fragment_molecule`.
    """
    molecule = fragment_molecule(fragment.smiles, where)
    sites = f"{where}, key 'sites'"
    if not fragment.sites:
        raise ValueError(f"{sites}: [] is empty; accepted is at least one atom index")
    if len(set(fragment.sites)) < len(fragment.sites):
        raise ValueError(f"{sites}: {list(fragment.sites)} repeats an atom; one site an atom")
    for site in fragment.sites:
        if not 0 <= site < molecule.GetNumAtoms():
            raise ValueError(
                f"{sites}: {site} is no atom of {fragment.smiles!r}; accepted are 0 to "
                f"{molecule.GetNumAtoms() - 1}"
            )
        atom = molecule.GetAtomWithIdx(site)
        if atom.GetTotalNumHs() == 0:
            raise ValueError(
                f"{sites}: atom {site} ({atom.GetSymbol()}) of {fragment.smiles!r} cannot take a "
                "bond; accepted are atoms with a hydrogen to replace"
            )
    if len(fragment.site_types) != len(fragment.sites):
        raise ValueError(
            f"{where}, key 'types': {len(fragment.site_types)} types for {len(fragment.sites)} "
            "sites; accepted is one type a site"
        )
    return str(Chem.MolToSmiles(molecule))


def check_rules(
    fragments: Sequence[Fragment], rules: frozenset[tuple[str, str]] | None, where: str
) -> None:
    """Checks that site types and bonding rules speak of the same things.

    Raises:
        ValueError: types without rules or rules without types, a rule about a type that no site
            has, or a site type that may bond with nothing in the vocabulary.
    """
    present: dict[str, Fragment] = {}
    for fragment in fragments:
        for site_type in fragment.site_types:
            present.setdefault(site_type, fragment)
    if rules is None:
        for site_type, fragment in present.items():
            if site_type != UNTYPED:
                raise ValueError(
                    f"{where}: fragment {fragment.name!r}, key 'types': site type {site_type!r} "
                    "without key 'rules'; accepted are both or neither"
                )
        return
    if UNTYPED in present:
        raise ValueError(
            f"{where}: fragment {present[UNTYPED].name!r}, key 'types': missing although "
            "key 'rules' is given; accepted are both or neither"
        )
    for pair in sorted(rules):
        for unknown in sorted(set(pair) - set(present)):
            raise ValueError(
                f"{where}, key 'rules': {list(pair)} mentions site type {unknown!r}; accepted are "
                f"{sorted(present)}"
            )
    for site_type, fragment in present.items():
        if not any(site_type in pair for pair in rules):
            raise ValueError(
                f"{where}: fragment {fragment.name!r}, key 'types': no rule lets site type "
                f"{site_type!r} bond; accepted are types of key 'rules'"
            )


def check_vocabulary(vocabulary: Vocabulary, where: str) -> Vocabulary:
    """Returns the vocabulary unchanged if molecules can be built from it.

    Args:
        where: the file, for errors.
    Raises:
        ValueError: it has no fragment, or one that `check_fragment` refuses; two fragments share a
            name or a molecule; or `check_rules` refuses the rules.
    """
    if not vocabulary.fragments:
        raise ValueError(f"{where}, key 'fragments': [] is empty; accepted is one fragment or more")
    names: set[str] = set()
    molecules: dict[str, str] = {}
    for fragment in vocabulary.fragments:
        here = f"{where}: fragment {fragment.name!r}"
        if fragment.name in names:
            raise ValueError(f"{here}, key 'name': given twice; accepted are distinct names")
        names.add(fragment.name)
        canonical = check_fragment(fragment, here)
        if canonical in molecules:
            raise ValueError(
                f"{here}, key 'smiles': {fragment.smiles!r} is the molecule of fragment "
                f"{molecules[canonical]!r}; accepted is one fragment a molecule, with all its sites"
            )
        molecules[canonical] = fragment.name
    check_rules(vocabulary.fragments, vocabulary.rules, where)
    return vocabulary
