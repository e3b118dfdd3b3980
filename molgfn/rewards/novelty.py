"""Novelty: molecules that are not in the user's file."""

from pathlib import Path

from rdkit import Chem

from molgfn.chem.known_molecules import KnownMolecules
from molgfn.rewards.leaf import MoleculeLeaf
from molgfn.rewards.transforms import Clip, Transform


class Novelty(MoleculeLeaf):
    """1 for a molecule that is not in a file, 0 for one that is; as a filter, a ban.

    Args:
        file: path, see `molgfn.chem.molecule_file`. A million InChIKeys are read in seconds, a
            million SMILES in minutes.
        stereo: whether stereoisomers are different molecules; the shipped vocabularies make
            molecules without stereo marks, which False compares rightly.
        transform: of 0 and 1; None: as they are.
        floor: least score that is not raised to it; in (0, 1].
        name: of the component; None: `novelty`.
    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it holds no molecules that can be read.
    """

    def __init__(
        self,
        file: str,
        stereo: bool = False,
        transform: Transform | None = None,
        floor: float = 0.01,
        name: str | None = None,
    ) -> None:
        super().__init__("novelty", name, Clip() if transform is None else transform, floor)
        self.known = KnownMolecules(Path(file), stereo)

    def measure(self, mol: Chem.Mol) -> float:
        return float(mol not in self.known)
