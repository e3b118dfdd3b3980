"""From molecules to the vocabulary that rebuilds the most of them."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from rdkit import Chem

from molgfn.chem.covering import Covering
from molgfn.chem.cuts import Cuts
from molgfn.chem.fragmentation import Piece
from molgfn.chem.harvest import Harvest, harvest, parent_of
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
    return vocabulary_of(
        harvest(molecules), size, name=name, version=version, source=source, licence=licence
    )


def vocabulary_of(
    found: Harvest, size: int, *, by: str = "coverage", irreducible: bool = False, **header: str
) -> Vocabulary:
    """A vocabulary of at most `size` pieces of a harvest.

    Args:
        by: one of `CHOICES`.
        irreducible: leave out fragments that smaller ones of the vocabulary build.
        header: name, version, source and licence.
    Raises:
        ValueError: there is no piece that a vocabulary accepts.
    """
    chosen, recipes = CHOICES[by](found, size)
    sites: dict[str, set[int]] = defaultdict(set)
    for recipe in recipes:
        for piece in recipe:
            sites[piece.smiles].update(piece.sites)
    fragments = [_fragment(smiles, sites[smiles], found.cuts) for smiles in chosen]
    rules = found.cuts.rules
    if rules is not None:
        fragments = _with_partners(fragments, rules)
        used = {site_type for fragment in fragments for site_type in fragment.site_types}
        rules = frozenset(pair for pair in rules if used.issuperset(pair))
    vocabulary = Vocabulary(**header, fragments=tuple(fragments), rules=rules)
    check_vocabulary(vocabulary, f"vocabulary {vocabulary.name!r}")
    return without_reducible(vocabulary) if irreducible else vocabulary


def most_covered(found: Harvest, size: int) -> tuple[list[str], list[list[Piece]]]:
    """The pieces that complete the most molecules, and the molecules whose sites count."""
    needs = [frozenset(piece.smiles for piece in recipe) for recipe in found.whole]
    return select(needs, size), found.whole


def most_frequent(found: Harvest, size: int) -> tuple[list[str], list[list[Piece]]]:
    """The pieces in the most molecules; ties go to the SMILES that sorts first."""
    recipes = found.whole + found.wanted
    counts = Counter(smiles for recipe in recipes for smiles in {p.smiles for p in recipe})
    ordered = sorted(counts, key=lambda smiles: (-counts[smiles], smiles))
    return ordered[:size], recipes


CHOICES: Mapping[str, Callable[[Harvest, int], tuple[list[str], list[list[Piece]]]]] = {
    "coverage": most_covered,
    "frequency": most_frequent,
}


def without_reducible(vocabulary: Vocabulary) -> Vocabulary:
    """The fragments that smaller ones which are kept do not build, in their order."""
    molecules = {f: Chem.MolFromSmiles(f.smiles) for f in vocabulary.fragments}
    kept: list[Fragment] = []
    for size in sorted({mol.GetNumAtoms() for mol in molecules.values()}):
        smaller = Covering(replace(vocabulary, fragments=tuple(kept)))
        kept += [
            fragment
            for fragment, mol in molecules.items()
            if mol.GetNumAtoms() == size and not smaller.cover(mol).is_built
        ]
    return replace(vocabulary, fragments=tuple(f for f in vocabulary.fragments if f in kept))


def parent_molecule(smiles: str) -> Chem.Mol | None:
    """The largest component of a SMILES without stereo marks; None if RDKit does not sanitize it.

    Components of equal size: the one whose canonical SMILES sorts last.
    """
    molecule = Chem.MolFromSmiles(smiles)
    if molecule is None or molecule.GetNumAtoms() == 0:
        return None
    return parent_of(molecule)


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


def _fragment(smiles: str, seen: set[int], cuts: Cuts) -> Fragment:
    """The core with the seen sites and all atoms equivalent to them."""
    molecule = Chem.MolFromSmiles(smiles)
    ranks = list(Chem.CanonicalRankAtoms(molecule, breakTies=False))
    orbits = {ranks[site] for site in seen}
    typed = [
        (atom.GetIdx(), type_)
        for atom in molecule.GetAtoms()
        if ranks[atom.GetIdx()] in orbits and (type_ := cuts.type_of(atom)) is not None
    ]
    if len(typed) > 1 and any(type_ != "acyl" for _, type_ in typed):
        typed = [(site, type_) for site, type_ in typed if type_ != "acyl"]
    return Fragment(
        name=smiles,
        smiles=smiles,
        sites=tuple(site for site, _ in typed),
        site_types=tuple(type_ for _, type_ in typed),
    )


def _with_partners(
    fragments: Sequence[Fragment], rules: frozenset[tuple[str, str]]
) -> list[Fragment]:
    """The fragments without sites that no other site may bond to, and without those left bare."""
    while True:
        present = {site_type for fragment in fragments for site_type in fragment.site_types}
        bonding = {one for pair in rules if present.issuperset(pair) for one in pair}
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
