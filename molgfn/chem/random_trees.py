"""Random trees of a vocabulary, to train and to time proxies with."""

import random

from molgfn.chem.tree import Tree
from molgfn.chem.vocabulary import Vocabulary


class RandomTrees:
    """Grows trees: a random first fragment or core, then a random partner at a random open site.

    Args:
        vocabulary: where fragments come from.
        rng: all randomness comes from it.
    """

    def __init__(self, vocabulary: Vocabulary, rng: random.Random) -> None:
        self._vocabulary = vocabulary
        self._rng = rng
        ports = [
            (number, slot, site_type)
            for number in vocabulary.addable
            for slot, site_type in enumerate(vocabulary.fragments[number].site_types)
        ]
        self._partners = {
            own: [(f, b) for f, b, other in ports if vocabulary.may_bond(own, other)]
            for own in {kind for one in vocabulary.fragments for kind in one.site_types}
        }

    def sample(self, num_fragments: int) -> Tree:
        """One tree, smaller than asked for if no site is open any more."""
        fragments = [self._rng.choice(self._vocabulary.first)]
        bonds: list[tuple[int, int, int, int]] = []
        open_sites = self._open(0, fragments[0])
        while len(fragments) < num_fragments and open_sites:
            u, a = open_sites.pop(self._rng.randrange(len(open_sites)))
            f, b = self._rng.choice(self._partners[self._site_type(fragments[u], a)])
            v = len(fragments)
            fragments.append(f)
            bonds.append((u, a, v, b))
            open_sites += [site for site in self._open(v, f) if site != (v, b)]
        return Tree(tuple(fragments), tuple(bonds))

    def _site_type(self, fragment: int, slot: int) -> str:
        return self._vocabulary.fragments[fragment].site_types[slot]

    def _open(self, node: int, fragment: int) -> list[tuple[int, int]]:
        """Sites of a new node that some fragment may bond to."""
        types = self._vocabulary.fragments[fragment].site_types
        return [(node, slot) for slot, own in enumerate(types) if self._partners[own]]
