"""Where a molecule is cut: bonding rules between context-free site types, in the spirit of BRICS.

The type of a bond's end is read from its atom and that atom's *other* neighbours, never from what
lies beyond the bond. So an end has the same type in the molecule and in the piece whose open end
carries a hydrogen. Atoms that are cut once change, as neighbours, only into types that are never
cut again, and a piece holds no bond that the rules would cut. A molecule that is assembled by the
rules is therefore cut back at exactly the bonds it was assembled with: one molecule, one tree.

Rings are cut from what they carry; a one-atom bridge between a ring nitrogen and a ring carbon
stays with the nitrogen, other bridges stay whole; acyl groups are cut from alkyl chains.
Sulfonyl groups and formyl groups are never left with an open end.

Source of the idea: Degen et al. 2008, "On the art of compiling and using 'drug-like' chemical
fragment spaces" (BRICS). The types here are coarser, and single bonds only.
"""

from collections.abc import Callable
from dataclasses import dataclass

from rdkit import Chem

_SINGLE = Chem.BondType.SINGLE
_HALOGENS = frozenset({"F", "Cl", "Br", "I"})

_RING_CARBONS = ("aryl", "cycloalkyl", "cycloalkenyl")
_RING_NITROGENS = ("azolyl", "cyclic_amine")
_ALKYLS = ("alkyl", "oxyalkyl", "aminoalkyl")

_PARTNERS: dict[str, tuple[str, ...]] = {
    "aryl": (*_RING_CARBONS, "alpha_heterocyclyl", *_RING_NITROGENS),
    "cycloalkyl": ("cycloalkyl", "cycloalkenyl", "alpha_heterocyclyl", *_RING_NITROGENS),
    "cycloalkenyl": ("cycloalkenyl", "alpha_heterocyclyl", *_RING_NITROGENS),
    "alpha_heterocyclyl": ("alpha_heterocyclyl", *_RING_NITROGENS),
    "methyl": (*_RING_CARBONS, "alpha_heterocyclyl"),
    "alkyl": (*_RING_CARBONS, "alpha_heterocyclyl", *_RING_NITROGENS),
    "oxyalkyl": (*_RING_CARBONS, "alpha_heterocyclyl"),
    "aminoalkyl": (*_RING_CARBONS, "alpha_heterocyclyl"),
    "acylalkyl": (*_RING_CARBONS, "alpha_heterocyclyl", *_RING_NITROGENS),
    "haloalkyl": _RING_CARBONS,
    "amine_methylene": (*_RING_CARBONS, "alpha_heterocyclyl"),
    "vinyl": _RING_CARBONS,
    "alkynyl": _RING_CARBONS,
    "nitrile": (*_RING_CARBONS, *_ALKYLS),
    "acyl": (*_RING_CARBONS, "alpha_heterocyclyl"),
    "carbamoyl": (*_RING_CARBONS, "alpha_heterocyclyl", "cyclic_amine", *_ALKYLS),
    "amine_carbonyl": (*_RING_CARBONS, "alpha_heterocyclyl", *_ALKYLS),
    "carboxyl": (*_RING_CARBONS, "alpha_heterocyclyl", *_ALKYLS),
    "amino": (*_RING_CARBONS, "alpha_heterocyclyl"),
    "acylamino": (*_RING_CARBONS, "alpha_heterocyclyl", "alkyl", "oxyalkyl"),
    "oxy": (*_RING_CARBONS, "alpha_heterocyclyl"),
    "acyloxy": (*_RING_CARBONS, "alpha_heterocyclyl", "alkyl"),
    "thio": (*_RING_CARBONS, "alpha_heterocyclyl"),
    "halogen": ("aryl",),
    "nitro": ("aryl",),
}
_ACYL_TYPES = {"alkyl": "acyl", "vinyl": "acyl", "amino": "carbamoyl", "oxy": "carboxyl"}
RULES: frozenset[tuple[str, str]] = frozenset(
    (min(first, second), max(first, second))
    for first, partners in _PARTNERS.items()
    for second in partners
)


@dataclass(frozen=True)
class Piece:
    """What lies between cuts, with a hydrogen at every open end.

    Attributes:
        smiles: canonical.
        sites: atoms of `smiles` that were cut, ascending.
    """

    smiles: str
    sites: tuple[int, ...]


def site_type(atom: Chem.Atom, beyond: int | None = None) -> str | None:
    """The type of an atom as the end of a single bond, or None if no rule knows it.

    Args:
        beyond: index of the neighbour at the other end; None if the bond is still a hydrogen.
    """
    others = [n for n in atom.GetNeighbors() if n.GetIdx() != beyond]
    if atom.IsInRing():
        substituted = any(
            not bond.IsInRing() and bond.GetOtherAtomIdx(atom.GetIdx()) != beyond
            for bond in atom.GetBonds()
        )
        return None if substituted else _ring_type(atom)
    kinds = sorted(_kind(other) for other in others)
    kind = _kind(atom)
    if "ring_nitrogen" in kinds or "ring" in kinds:
        if kinds == ["ring_nitrogen"] and kind == "alkyl":
            return "amine_methylene"
        if kinds == ["oxo", "ring_nitrogen"] and kind == "carbonyl":
            return "amine_carbonyl"
        return None
    return _chain_type(kind, kinds)


def cuttable_bonds(molecule: Chem.Mol) -> list[int]:
    """Indices of the acyclic single bonds whose two ends may bond by `RULES`."""
    found = []
    for bond in molecule.GetBonds():
        if bond.IsInRing() or bond.GetBondType() != _SINGLE:
            continue
        begin, end = bond.GetBeginAtom(), bond.GetEndAtom()
        first, second = site_type(begin, end.GetIdx()), site_type(end, begin.GetIdx())
        if first and second and (min(first, second), max(first, second)) in RULES:
            found.append(bond.GetIdx())
    return found


def pieces(
    molecule: Chem.Mol, bonds: Callable[[Chem.Mol], list[int]] = cuttable_bonds
) -> list[Piece]:
    """The pieces of a molecule after every cut; stereo marks are dropped.

    Args:
        bonds: indices of the bonds that are cut.
    Raises:
        ValueError: an atom is cut twice; a tree of fragments has no such molecule.
    """
    work = Chem.RWMol(molecule)
    Chem.RemoveStereochemistry(work)
    cut: set[int] = set()
    for begin, end in [
        (bond.GetBeginAtomIdx(), bond.GetEndAtomIdx())
        for bond in map(work.GetBondWithIdx, bonds(work))
    ]:
        work.RemoveBond(begin, end)
        for index in (begin, end):
            if index in cut:
                raise ValueError(f"atom {index} of {Chem.MolToSmiles(molecule)!r} is cut twice")
            cut.add(index)
            atom = work.GetAtomWithIdx(index)
            if atom.GetNoImplicit() or (atom.GetIsAromatic() and atom.GetSymbol() != "C"):
                atom.SetNumExplicitHs(atom.GetNumExplicitHs() + 1)
    found: list[Piece] = []
    origins: list[list[int]] = []
    for part in Chem.GetMolFrags(
        work, asMols=True, sanitizeFrags=True, fragsMolAtomMapping=origins
    ):
        smiles = Chem.MolToSmiles(part)
        order = list(part.GetPropsAsDict(True, True)["_smilesAtomOutputOrder"])
        origin = origins[len(found)]
        sites = tuple(new for new, old in enumerate(order) if origin[old] in cut)
        found.append(Piece(smiles, sites))
    return found


def _ring_type(atom: Chem.Atom) -> str | None:
    if atom.GetFormalCharge() or atom.GetSymbol() not in ("C", "N"):
        return None
    aromatic, unsaturated = atom.GetIsAromatic(), _is_unsaturated(atom)
    if atom.GetSymbol() == "N":
        return "azolyl" if aromatic else None if unsaturated else "cyclic_amine"
    if aromatic:
        return "aryl"
    if unsaturated:
        return "cycloalkenyl"
    beside = any(other.GetSymbol() in ("N", "O", "S") for other in atom.GetNeighbors())
    return "alpha_heterocyclyl" if beside else "cycloalkyl"


def _chain_type(kind: str, others: list[str]) -> str | None:
    """The type of a chain atom without ring neighbours, from its kind and theirs."""
    if kind == "alkyl":
        for type_, marks in (
            ("haloalkyl", {"halogen"}),
            ("acylalkyl", {"carbonyl", "alkynyl", "nitrile"}),
            ("aminoalkyl", {"amino"}),
            ("oxyalkyl", {"oxy", "thio"}),
        ):
            if marks.intersection(others):
                return type_
        return "alkyl" if others else "methyl"
    if kind == "carbonyl":
        beside = [other for other in others if other != "oxo"]
        return _ACYL_TYPES.get(beside[0]) if len(beside) == 1 else None
    if kind == "amino" and others in (["carbonyl"], ["sulfonyl"]):
        return "acylamino"
    if kind == "oxy" and others == ["carbonyl"]:
        return "acyloxy"
    return kind if kind in _PARTNERS else None


def _kind(atom: Chem.Atom) -> str:
    """What an atom is by itself: element, charge, multiple bonds, ring."""
    symbol = atom.GetSymbol()
    if atom.IsInRing():
        return "ring_nitrogen" if symbol == "N" else "ring"
    if atom.GetFormalCharge():
        is_nitro = symbol == "N" and sum(n.GetSymbol() == "O" for n in atom.GetNeighbors()) == 2
        return "nitro" if is_nitro else "charged"
    if symbol in _HALOGENS:
        return "halogen"
    doubled = {
        bond.GetOtherAtom(atom).GetSymbol()
        for bond in atom.GetBonds()
        if bond.GetBondType() == Chem.BondType.DOUBLE
    }
    tripled = {
        bond.GetOtherAtom(atom).GetSymbol()
        for bond in atom.GetBonds()
        if bond.GetBondType() == Chem.BondType.TRIPLE
    }
    if symbol == "C":
        if tripled:
            return "nitrile" if tripled == {"N"} else "alkynyl"
        if "O" in doubled:
            return "carbonyl"
        return "alkyl" if not doubled else "vinyl" if doubled == {"C"} else "unsaturated"
    if symbol == "N":
        return "imino" if doubled or tripled else "amino"
    if symbol == "O":
        return "oxo" if doubled else "oxy"
    if symbol == "S":
        return "sulfonyl" if "O" in doubled else "thioxo" if doubled else "thio"
    return "other"


def _is_unsaturated(atom: Chem.Atom) -> bool:
    return any(bond.GetBondType() != _SINGLE for bond in atom.GetBonds())
