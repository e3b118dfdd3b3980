"""Cores: what every molecule of a run is built on, with the atoms where it may grow."""

import re
from collections.abc import Sequence
from dataclasses import replace

from rdkit import Chem, rdBase

from molgfn.chem.fragmentation import RULES, site_type
from molgfn.chem.validate import check_fragment
from molgfn.chem.vocabulary import UNTYPED, Fragment, Vocabulary

_STEREO = re.compile(r"[@/\\]")


def with_cores(
    vocabulary: Vocabulary, cores: Sequence[str], *, grow_anywhere: bool = False
) -> Vocabulary:
    """The vocabulary with cores, from one of which every molecule starts.

    Args:
        cores: SMILES in which a star stands on each atom that may take a bond, such as
            `O=C([*:1])NC1CCN([*:2])CC1`; numbers on stars are only for the reader.
        grow_anywhere: a core without stars may grow at every atom that has a hydrogen and that a
            fragment may bond to, instead of being refused.
    Raises:
        ValueError: a core cannot be read, is given twice, has no site, two stars on one atom, or a
            site that cannot bond or that no fragment fits.
    """
    if not cores:
        raise ValueError("cores = []: accepted is at least one SMILES, or null for none")
    rules = None if vocabulary.rules is None else _wider(vocabulary)
    found: list[Fragment] = []
    for number, smiles in enumerate(cores):
        where = f"cores[{number}] ({smiles!r})"
        molecule, marked = unmarked(smiles, where)
        sites = _sites(vocabulary, rules, molecule, marked, grow_anywhere, where)
        core = _fragment(smiles, molecule, sites)
        check_fragment(core, where)
        for other in found:
            if _same(core, other):
                raise ValueError(f"{where} is the core {other.name!r}; accepted are distinct cores")
        found.append(core)
    kinds = {kind for one in (*vocabulary.fragments, *found) for kind in one.site_types}
    return replace(
        vocabulary,
        name=f"{vocabulary.name} on {len(found)} core{'s' if len(found) > 1 else ''}",
        fragments=(*vocabulary.fragments, *found),
        rules=None
        if rules is None
        else frozenset(pair for pair in rules if kinds.issuperset(pair)),
    )


def _wider(vocabulary: Vocabulary) -> frozenset[tuple[str, str]]:
    """The vocabulary's rules, and those of types that none of its fragments has.

    Raises:
        ValueError: its rules are not those of `fragmentation`, so that atoms of a core have no
            type.
    """
    assert vocabulary.rules is not None
    if not vocabulary.rules <= RULES:
        raise ValueError(
            f"vocabulary {vocabulary.name!r} has site types of its own, which the atoms of a core "
            "do not have; accepted with cores are the types that `molgfn fragments build` makes, "
            "or a vocabulary without rules"
        )
    known = {kind for fragment in vocabulary.fragments for kind in fragment.site_types}
    return vocabulary.rules | {pair for pair in RULES if not known.issuperset(pair)}


def unmarked(smiles: str, where: str = "core") -> tuple[Chem.Mol, list[int]]:
    """The core with hydrogens instead of stars, and the atoms that carried one.

    Args:
        where: for errors.
    Raises:
        ValueError: it cannot be read, has stereo marks, or stars that are not on one atom each.
    """
    with rdBase.BlockLogs():
        molecule = Chem.MolFromSmiles(smiles)
    if molecule is None or not molecule.GetNumAtoms():
        raise ValueError(
            f"{where}: RDKit does not read it; accepted is a SMILES with a star on each atom that "
            "may take a bond, such as *c1ccncc1"
        )
    if _STEREO.search(smiles):
        raise ValueError(f"{where} has stereo marks; cores are accepted without, as fragments are")
    editable = Chem.RWMol(molecule)
    marked: list[int] = []
    for star in editable.GetAtoms():
        if star.GetAtomicNum():
            continue
        bonds = star.GetBonds()
        if len(bonds) != 1 or bonds[0].GetBondType() != Chem.BondType.SINGLE:
            raise ValueError(
                f"{where}: star {star.GetIdx()} has {len(bonds)} bonds; accepted is a star with "
                "one single bond, to the atom that may grow"
            )
        near = bonds[0].GetOtherAtom(star)
        if not near.GetAtomicNum():
            raise ValueError(f"{where}: two stars are bonded; accepted is a star on an atom")
        if near.GetIdx() in marked:
            raise ValueError(
                f"{where}: atom {near.GetIdx()} ({near.GetSymbol()}) carries two stars; accepted "
                "is one, as an atom takes one new bond"
            )
        marked.append(near.GetIdx())
        star.SetAtomicNum(1)
        star.SetIsotope(0)
        star.SetAtomMapNum(0)
        star.SetNoImplicit(True)
    for atom in editable.GetAtoms():
        atom.SetIntProp("_marked", int(atom.GetIdx() in marked))
    bare = Chem.RemoveHs(editable.GetMol())
    return bare, [atom.GetIdx() for atom in bare.GetAtoms() if atom.GetIntProp("_marked")]


def _sites(
    vocabulary: Vocabulary,
    rules: frozenset[tuple[str, str]] | None,
    molecule: Chem.Mol,
    marked: Sequence[int],
    grow_anywhere: bool,
    where: str,
) -> dict[int, str]:
    """Atom -> site type of the atoms that may grow."""
    if marked:
        sites = {}
        for atom in marked:
            kind, reason = _kind(vocabulary, rules, molecule.GetAtomWithIdx(atom))
            if kind is None:
                label = f"atom {atom} ({molecule.GetAtomWithIdx(atom).GetSymbol()})"
                raise ValueError(f"{where}: {label} cannot grow: {reason}")
            sites[atom] = kind
        return sites
    if not grow_anywhere:
        raise ValueError(
            f"{where} has no attachment atom; put a star on each atom that may take a bond, such "
            "as *c1ccncc1, or set grow_anywhere to let it grow wherever it has a hydrogen"
        )
    kinds = {a.GetIdx(): _kind(vocabulary, rules, a)[0] for a in molecule.GetAtoms()}
    sites = {atom: kind for atom, kind in kinds.items() if kind is not None}
    if not sites:
        raise ValueError(f"{where}: no fragment of {vocabulary.name!r} fits any of its atoms")
    return sites


def _kind(
    vocabulary: Vocabulary, rules: frozenset[tuple[str, str]] | None, atom: Chem.Atom
) -> tuple[str | None, str]:
    """The type of a site at an atom; None where there can be none, and why."""
    if not atom.GetTotalNumHs():
        return None, "it has no hydrogen to replace"
    if rules is None:
        return UNTYPED, ""
    kind = site_type(atom)
    if kind is None:
        return None, f"the bonding rules of {vocabulary.name!r} know no bond of such an atom"
    others = {other for one in vocabulary.fragments for other in one.site_types}
    partners = {other for pair in rules if kind in pair for other in pair}
    if not any((min(kind, other), max(kind, other)) in rules for other in partners & others):
        return None, f"no fragment of {vocabulary.name!r} bonds to a site of type {kind!r}"
    return kind, ""


def _fragment(name: str, molecule: Chem.Mol, sites: dict[int, str]) -> Fragment:
    """The fragment with its atoms in the order of a canonical SMILES."""
    plain = Chem.Mol(molecule)
    smiles = str(Chem.MolToSmiles(plain))
    order = list(plain.GetPropsAsDict(True, True)["_smilesAtomOutputOrder"])
    placed = sorted((order.index(atom), kind) for atom, kind in sites.items())
    return Fragment(
        name,
        smiles,
        tuple(site for site, _ in placed),
        tuple(kind for _, kind in placed),
        is_core=True,
    )


def _same(core: Fragment, other: Fragment) -> bool:
    """Whether two cores are one molecule that may grow at equivalent atoms."""

    def labelled(fragment: Fragment) -> str:
        molecule = Chem.MolFromSmiles(fragment.smiles)
        for site in fragment.sites:
            molecule.GetAtomWithIdx(site).SetAtomMapNum(1)
        return str(Chem.MolToSmiles(molecule))

    return labelled(core) == labelled(other)
