"""How near molecules are to references that the user gives: wanted, or unwanted."""

from pathlib import Path

from rdkit import Chem
from rdkit.DataStructs import BulkTanimotoSimilarity

from molgfn.chem.molecule_file import molecules, named_molecules
from molgfn.chem.similarity import fingerprints
from molgfn.rewards.leaf import MoleculeLeaf
from molgfn.rewards.transforms import Clip, Transform


class _References(MoleculeLeaf):
    """A leaf that knows fingerprints of reference molecules."""

    def __init__(
        self,
        default_name: str,
        references: list[str] | None,
        file: str | None,
        transform: Transform | None,
        floor: float,
        name: str | None,
    ) -> None:
        super().__init__(default_name, name, Clip() if transform is None else transform, floor)
        if (references is None) == (file is None):
            raise ValueError(
                f"references are {references} and file is {file}; accepted is one of the two: a "
                "list of SMILES, or the path of a file"
            )
        if file is not None:
            found = molecules(named_molecules(Path(file)), file)
        else:
            found = molecules(enumerate(references or [], start=1), "references")
        self.references = fingerprints(list(found))

    def nearest(self, mol: Chem.Mol) -> float:
        """The greatest Tanimoto similarity to a reference."""
        (own,) = fingerprints([mol])
        return float(max(BulkTanimotoSimilarity(own, self.references)))


class Similarity(_References):
    """The Tanimoto similarity to the nearest reference, in [0, 1].

    Of Morgan fingerprints of radius 2 and 2,048 bits, which see no stereo marks. Of a reference
    with several components the largest counts.

    Args:
        references: SMILES.
        file: instead, the path of a file, see `molgfn.chem.molecule_file`.
        transform: makes scores in [0, 1]; None: the similarity itself.
        floor: least score that is not raised to it; in (0, 1].
        name: of the component; None: `similarity`.
    Raises:
        FileNotFoundError: there is no such file.
        ValueError: not one of references and file, or no reference that can be read.
    """

    def __init__(
        self,
        references: list[str] | None = None,
        file: str | None = None,
        transform: Transform | None = None,
        floor: float = 0.01,
        name: str | None = None,
    ) -> None:
        super().__init__("similarity", references, file, transform, floor, name)

    def measure(self, mol: Chem.Mol) -> float:
        return self.nearest(mol)


class Distance(_References):
    """1 minus the Tanimoto similarity to the nearest reference: away from all of them.

    Arguments and errors are those of `Similarity`; the component is `distance`.
    """

    def __init__(
        self,
        references: list[str] | None = None,
        file: str | None = None,
        transform: Transform | None = None,
        floor: float = 0.01,
        name: str | None = None,
    ) -> None:
        super().__init__("distance", references, file, transform, floor, name)

    def measure(self, mol: Chem.Mol) -> float:
        return 1.0 - self.nearest(mol)
