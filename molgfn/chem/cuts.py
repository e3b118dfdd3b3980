"""Two ways to cut molecules into fragments: at typed ends, or at every acyclic single bond."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from rdkit import Chem

from molgfn.chem.fragmentation import RULES, cuttable_bonds, site_type
from molgfn.chem.vocabulary import UNTYPED


@dataclass(frozen=True)
class Cuts:
    """How molecules are cut, and what may be joined again.

    Attributes:
        words: for cards: where is cut.
        bonds: of a molecule, the indices of the bonds that are cut; no atom ends two of them, or
            the molecule is refused.
        type_of: of an atom of a piece, the type of a site there; None if it cannot be one.
        rules: see `Vocabulary`.
        refuses: why the open ends of a piece may not stay open, from the piece and the types of
            its ends; None if they may.
    """

    words: str
    bonds: Callable[[Chem.Mol], list[int]]
    type_of: Callable[[Chem.Atom], str | None]
    rules: frozenset[tuple[str, str]] | None
    refuses: Callable[[Chem.Mol, Sequence[str | None]], str | None]


def single_bonds(molecule: Chem.Mol) -> list[int]:
    """Indices of acyclic single bonds, as many as leave no atom cut twice.

    Bonds of two ring atoms are taken first, then bonds of one, then those of a carbon and another
    element, then others; among equals the order is that of RDKit's canonical ranks. A bond between
    two charges, as in nitro groups, is not cut.
    """
    ranks = list(Chem.CanonicalRankAtoms(molecule))

    def order(bond: Chem.Bond) -> tuple[int, int, int]:
        ends = bond.GetBeginAtom(), bond.GetEndAtom()
        in_ring = sum(end.IsInRing() for end in ends)
        carbons = sum(end.GetAtomicNum() == 6 for end in ends)
        first, second = sorted(ranks[end.GetIdx()] for end in ends)
        return (2 - in_ring) if in_ring else 3 - (carbons == 1), first, second

    cut: set[int] = set()
    found: list[int] = []
    for bond in sorted(filter(_is_single, molecule.GetBonds()), key=order):
        ends = {bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()}
        if not cut & ends:
            cut |= ends
            found.append(bond.GetIdx())
    return found


def _is_single(bond: Chem.Bond) -> bool:
    return (
        bond.GetBondType() == Chem.BondType.SINGLE
        and not bond.IsInRing()
        and not (bond.GetBeginAtom().GetFormalCharge() and bond.GetEndAtom().GetFormalCharge())
    )


def _typed_refuses(molecule: Chem.Mol, types: Sequence[str | None]) -> str | None:
    """A ketone's carbonyl is an aldehyde while its end is open, so it must be the only site: then
    the end is never left open in a molecule of two or more fragments.
    """
    if cuttable_bonds(molecule):
        return "cut further once its ends are open"
    return "a ketone with further open ends" if len(types) > 1 and "acyl" in types else None


CUTS: Mapping[str, Cuts] = {
    "brics": Cuts(
        "acyclic single bonds between typed ends, in the spirit of BRICS",
        cuttable_bonds,
        site_type,
        RULES,
        _typed_refuses,
    ),
    "single": Cuts(
        "acyclic single bonds, at most one an atom, bonds of rings first",
        single_bonds,
        lambda atom: UNTYPED if atom.GetTotalNumHs() else None,
        None,
        lambda molecule, types: None,
    ),
}
