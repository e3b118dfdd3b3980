"""The symmetry group of a fragment's attachment sites."""

from collections.abc import Iterable
from functools import cache

import numpy as np
from rdkit import Chem

from molgfn.chem.vocabulary import Fragment

MAX_AUTOMORPHISMS = 100_000


@cache
def site_group(fragment: Fragment) -> tuple[tuple[int, ...], ...]:
    """G_f: the permutations of the sites that automorphisms of the fragment induce.

    An automorphism keeps elements, charges, hydrogens, aromaticity, bond orders, which atoms are
    sites, and the types of sites.

    Returns:
        Distinct permutations g, the identity first; `g[s]` is the slot that slot s is sent to.
    Raises:
        ValueError: the fragment has more than `MAX_AUTOMORPHISMS` automorphisms.
    """
    mol = Chem.MolFromSmiles(fragment.smiles)
    matches = mol.GetSubstructMatches(
        mol, uniquify=False, useChirality=False, maxMatches=MAX_AUTOMORPHISMS + 1
    )
    if len(matches) > MAX_AUTOMORPHISMS:
        raise ValueError(
            f"fragment {fragment.name!r} ({fragment.smiles}) has more than {MAX_AUTOMORPHISMS} "
            "automorphisms; a vocabulary accepts at most that many"
        )
    slot_of = {atom: slot for slot, atom in enumerate(fragment.sites)}
    colours = [
        (
            atom.GetAtomicNum(),
            atom.GetFormalCharge(),
            atom.GetTotalNumHs(),
            atom.GetIsotope(),
            atom.GetIsAromatic(),
            fragment.site_types[slot_of[i]] if i in slot_of else None,
        )
        for i, atom in enumerate(mol.GetAtoms())
    ]
    bonds = {
        frozenset((bond.GetBeginAtomIdx(), bond.GetEndAtomIdx())): bond.GetBondType()
        for bond in mol.GetBonds()
    }

    def is_automorphism(image: tuple[int, ...]) -> bool:
        return all(colours[i] == colours[j] for i, j in enumerate(image)) and all(
            bonds[frozenset(image[i] for i in pair)] == kind for pair, kind in bonds.items()
        )

    found = {
        tuple(slot_of[image[atom]] for atom in fragment.sites)
        for image in matches
        if is_automorphism(image)
    }
    return tuple(sorted(found))


def orbits(group: Iterable[tuple[int, ...]], size: int) -> list[int]:
    """Orbit number of each of `size` slots, numbered by first appearance."""
    smallest = np.min(np.array(list(group), dtype=np.int64).reshape(-1, size), axis=0)
    return _renumber(smallest.tolist())


def pair_orbits(group: Iterable[tuple[int, ...]], size: int) -> list[list[int]]:
    """Orbit number of each ordered pair of slots: ortho, meta and para get different numbers."""
    elements = np.array(list(group), dtype=np.int64).reshape(-1, size)
    images = elements[:, :, None] * size + elements[:, None, :]  # [G, S, S]
    flat = _renumber(images.min(axis=0).ravel().tolist())
    return [flat[row * size : (row + 1) * size] for row in range(size)]


def _renumber(labels: list[int]) -> list[int]:
    numbers: dict[int, int] = {}
    return [numbers.setdefault(label, len(numbers)) for label in labels]
