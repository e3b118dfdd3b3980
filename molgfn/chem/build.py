"""From molecules to the vocabulary that rebuilds the most of them."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from heapq import heapify, heappop, heappush
from itertools import islice

from rdkit import Chem

from molgfn.chem.cuts import Cuts
from molgfn.chem.fragmentation import Piece
from molgfn.chem.harvest import Harvest, harvest, parent_of
from molgfn.chem.one_tree import with_one_tree
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
        irreducible: leave out pieces with which some molecule had two trees.
        header: name, version, source and licence.
    Raises:
        ValueError: there is no piece that a vocabulary accepts.
    """
    order, recipes = CHOICES[by](found)
    sites: dict[str, set[int]] = defaultdict(set)
    for recipe in recipes:
        for piece in recipe:
            sites[piece.smiles].update(piece.sites)
    rules = found.cuts.rules
    chosen = order if irreducible else islice(order, size)
    made = tuple(_fragment(smiles, sites[smiles], found.cuts) for smiles in chosen)
    if irreducible:
        made = with_one_tree(Vocabulary(**header, fragments=made, rules=rules), size)
    if rules is not None:
        made = _with_partners(made, rules)
        used = {site_type for fragment in made for site_type in fragment.site_types}
        rules = frozenset(pair for pair in rules if used.issuperset(pair))
    vocabulary = Vocabulary(**header, fragments=made, rules=rules)
    return check_vocabulary(vocabulary, f"vocabulary {vocabulary.name!r}")


def most_covered(found: Harvest) -> tuple[Iterator[str], list[list[Piece]]]:
    """The pieces that complete the most molecules, and the molecules whose sites count."""
    needs = [frozenset(piece.smiles for piece in recipe) for recipe in found.whole]
    return ranked(needs), found.whole


def most_frequent(found: Harvest) -> tuple[Iterator[str], list[list[Piece]]]:
    """The pieces in the most molecules; ties go to the SMILES that sorts first."""
    recipes = found.whole + found.wanted
    counts = Counter(smiles for recipe in recipes for smiles in {p.smiles for p in recipe})
    return iter(sorted(counts, key=lambda smiles: (-counts[smiles], smiles))), recipes


CHOICES: Mapping[str, Callable[[Harvest], tuple[Iterator[str], list[list[Piece]]]]] = {
    "coverage": most_covered,
    "frequency": most_frequent,
}


def parent_molecule(smiles: str) -> Chem.Mol | None:
    """The largest component of a SMILES without stereo marks; None if RDKit does not sanitize it.

    Components of equal size: the one whose canonical SMILES sorts last.
    """
    molecule = Chem.MolFromSmiles(smiles)
    if molecule is None or molecule.GetNumAtoms() == 0:
        return None
    return parent_of(molecule)


def ranked(needs: Sequence[frozenset[str]]) -> Iterator[str]:
    """Pieces by greedy choice, the most useful first.

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
    queue = [(-worth[smiles], -len(users[smiles]), smiles) for smiles in worth]
    heapify(queue)
    while queue:
        value, _, best = heappop(queue)
        if -value != worth.get(best):  # chosen already, or worth more by now, and queued as such
            continue
        yield best
        del worth[best]
        changed: set[str] = set()
        for number in users[best]:
            gain = _worth(missing[number] - 1) - _worth(missing[number])
            missing[number] -= 1
            for smiles in needs[number] & worth.keys() if gain else ():
                worth[smiles] += gain
                changed.add(smiles)
        for smiles in changed:
            heappush(queue, (-worth[smiles], -len(users[smiles]), smiles))


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
    fragments: tuple[Fragment, ...], rules: frozenset[tuple[str, str]]
) -> tuple[Fragment, ...]:
    """The fragments without sites that no other site may bond to, and without those left bare."""
    while True:
        present = {site_type for fragment in fragments for site_type in fragment.site_types}
        bonding = {one for pair in rules if present.issuperset(pair) for one in pair}
        kept = tuple(
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
        )
        if kept == fragments:
            return kept
        fragments = kept
