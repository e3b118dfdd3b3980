"""How rare the ring systems of a molecule are: a sign of what is hard to make, or made up."""

import math
from pathlib import Path

from rdkit import Chem

from molgfn.chem.resources import shipped
from molgfn.chem.ring_systems import load_ring_table, ring_systems
from molgfn.rewards.leaf import MoleculeLeaf
from molgfn.rewards.transforms import Linear, Transform


class RingRarity(MoleculeLeaf):
    """The rarity of the rarest ring system, against a collection of N molecules:

        max over ring systems r of  log10((N + 1) / (number of molecules with r + 1))

    So 2 means 1 molecule in 100; a system that is in none of them has log10(N + 1), and a molecule
    without a ring 0.

    Args:
        table: path of a table that `scripts/build_ring_systems.py` wrote; None: the shipped one of
            about 15,000 molecules, see `data/ring_systems/collection.md`.
        transform: of the rarity; None: 1 up to rarity 3 (1 molecule in 1,000), from there down to 0
            for what the collection does not have.
        floor: least score that is not raised to it; in (0, 1].
        name: of the component; None: `ring_rarity`.
    Raises:
        FileNotFoundError: there is no such table.
        ValueError: the file is no such table, or too small for the usual transform.
    """

    def __init__(
        self,
        table: str | None = None,
        transform: Transform | None = None,
        floor: float = 0.01,
        name: str | None = None,
    ) -> None:
        path = shipped("ring_systems/collection.json") if table is None else Path(table)
        known = load_ring_table(path)
        unseen = math.log10(known.num_molecules + 1)
        if transform is None:
            if unseen <= 3:
                raise ValueError(
                    f"{path} is of {known.num_molecules} molecules, among which 1 in 1,000 cannot "
                    "be told from none; accepted are more molecules, or a transform"
                )
            transform = Linear(unseen, 3)
        super().__init__("ring_rarity", name, transform, floor)
        self.known = known

    def measure(self, mol: Chem.Mol) -> float:
        systems = ring_systems(mol)
        if not systems:
            return 0.0
        fewest = min(self.known.counts.get(system, 0) for system in systems)
        return math.log10((self.known.num_molecules + 1) / (fewest + 1))
