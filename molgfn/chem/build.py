"""From molecules to the vocabulary that rebuilds the most of them."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cache

from rdkit import Chem

from molgfn.chem.fragmentation import RULES, Piece, cuttable_bonds, pieces, site_type
from molgfn.chem.unwanted import reason_unwanted
from molgfn.chem.validate import check_vocabulary
from molgfn.chem.vocabulary import Fragment, Vocabulary


def build_vocabulary(
    molecules: Iterable[Chem.Mol], *, size: int, name: str, version: str, source: str, licence: str
) -> Vocabulary:
    """The `size` cores that together rebuild the most molecules.

    Each molecule is cut at every bond that `fragmentation.RULES` allow. A fragment is a piece with
    the union of the sites seen on it, and on the atoms equivalent to them.

    Raises:
        ValueError: no molecule was cut into pieces that a vocabulary accepts.
    """
    recipes = [recipe for molecule in molecules if (recipe := usable_pieces(molecule))]
    needs = [frozenset(piece.smiles for piece in recipe) for recipe in recipes]
    sites: dict[str, set[int]] = defaultdict(set)
    for recipe in recipes:
        for piece in recipe:
            sites[piece.smiles].update(piece.sites)
    fragments = _with_partners([_fragment(smiles, sites[smiles]) for smiles in select(needs, size)])
    used = {site_type for fragment in fragments for site_type in fragment.site_types}
    vocabulary = Vocabulary(
        name=name,
        version=version,
        source=source,
        licence=licence,
        fragments=tuple(fragments),
        rules=frozenset(pair for pair in RULES if used.issuperset(pair)),
    )
    return check_vocabulary(vocabulary, f"vocabulary {name!r}")


def parent_molecule(smiles: str) -> Chem.Mol | None:
    """The largest component of a SMILES without stereo marks; None if RDKit does not sanitize it.

    Components of equal size: the one whose canonical SMILES sorts last.
    """
    molecule = Chem.MolFromSmiles(smiles)
    if molecule is None or molecule.GetNumAtoms() == 0:
        return None
    Chem.RemoveStereochemistry(molecule)
    parts = Chem.GetMolFrags(molecule, asMols=True)
    return max(parts, key=lambda part: (part.GetNumHeavyAtoms(), Chem.MolToSmiles(part)))


def usable_pieces(molecule: Chem.Mol) -> list[Piece]:
    """The pieces of a molecule; none if one of them is unwanted or the molecule is not cut."""
    try:
        found = pieces(molecule)
    except ValueError:
        return []
    if any(not piece.sites or not _is_usable(piece) for piece in found):
        return []
    return found


def select(needs: Sequence[frozenset[str]], size: int) -> list[str]:
    """Greedy choice of pieces, the most useful first.

    A molecule that lacks k pieces adds 10^(1 - k) to the worth of each of them. Ties go to the
    piece in more molecules, then to the SMILES that sorts first.

    Args:
        needs: for each molecule, the pieces it is made of.
    """
    users: dict[str, list[int]] = defaultdict(list)
    for number, need in enumerate(needs):
        for smiles in need:
            users[smiles].append(number)
    missing = [len(need) for need in needs]
    worth = {
        smiles: sum(_worth(missing[number]) for number in numbers)
        for smiles, numbers in users.items()
    }
    chosen: list[str] = []
    while worth and len(chosen) < size:
        best = min(worth, key=lambda smiles: (-worth[smiles], -len(users[smiles]), smiles))
        chosen.append(best)
        del worth[best]
        for number in users[best]:
            gain = _worth(missing[number] - 1) - _worth(missing[number])
            missing[number] -= 1
            for smiles in needs[number] & worth.keys():
                worth[smiles] += gain
    return chosen


def _worth(missing: int) -> int:
    """10^(1 - missing) in whole millionths, so that sums do not depend on their order."""
    return int(10 ** (7 - missing)) if 1 <= missing <= 7 else 0


@cache
def _is_usable(piece: Piece) -> bool:
    """Whether a piece is wanted, is not cut further, and its open ends may stay open.

    A ketone's carbonyl is an aldehyde while its end is open, so it must be the only site: then the
    end is never left open in a molecule of two or more fragments.
    """
    molecule = Chem.MolFromSmiles(piece.smiles)
    if molecule is None or cuttable_bonds(molecule) or reason_unwanted(molecule):
        return False
    types = [site_type(molecule.GetAtomWithIdx(site)) for site in piece.sites]
    return len(types) == 1 or "acyl" not in types


def _fragment(smiles: str, seen: set[int]) -> Fragment:
    """The core with the seen sites and all atoms equivalent to them."""
    molecule = Chem.MolFromSmiles(smiles)
    ranks = list(Chem.CanonicalRankAtoms(molecule, breakTies=False))
    orbits = {ranks[site] for site in seen}
    typed = [
        (atom.GetIdx(), type_)
        for atom in molecule.GetAtoms()
        if ranks[atom.GetIdx()] in orbits and (type_ := site_type(atom))
    ]
    if len(typed) > 1 and any(type_ != "acyl" for _, type_ in typed):
        typed = [(site, type_) for site, type_ in typed if type_ != "acyl"]
    return Fragment(
        name=smiles,
        smiles=smiles,
        sites=tuple(site for site, _ in typed),
        site_types=tuple(type_ for _, type_ in typed),
    )


def _with_partners(fragments: Sequence[Fragment]) -> list[Fragment]:
    """The fragments without sites that no other site may bond to, and without those left bare."""
    while True:
        present = {site_type for fragment in fragments for site_type in fragment.site_types}
        bonding = {one for pair in RULES if present.issuperset(pair) for one in pair}
        kept = [
            Fragment(
                fragment.name,
                fragment.smiles,
                tuple(
                    s
                    for s, t in zip(fragment.sites, fragment.site_types, strict=True)
                    if t in bonding
                ),
                tuple(t for t in fragment.site_types if t in bonding),
            )
            for fragment in fragments
            if bonding.intersection(fragment.site_types)
        ]
        if kept == list(fragments):
            return kept
        fragments = kept
