"""Rewards that RDKit computes: drug-likeness, ease of synthesis, and the numbers of a molecule."""

from typing import ClassVar

from rdkit import Chem
from rdkit.Chem import QED as qed
from rdkit.Chem import Crippen, Descriptors, rdMolDescriptors

from molgfn.rewards.leaf import MoleculeLeaf
from molgfn.rewards.transforms import Clip, DoubleSigmoid, Linear, Transform


class Property(MoleculeLeaf):
    """A number of a molecule, with a transform that suits small drugs.

    Args:
        transform: makes scores in [0, 1]; None: the usual one, see `docs/rewards.md`.
        floor: least score that is not raised to it; in (0, 1].
        name: of the component; None: the name of the property.
    """

    default_name: ClassVar[str]
    default_transform: ClassVar[Transform]

    def __init__(
        self, transform: Transform | None = None, floor: float = 0.01, name: str | None = None
    ) -> None:
        super().__init__(
            self.default_name,
            name,
            self.default_transform if transform is None else transform,
            floor,
        )


class QED(Property):
    """Drug-likeness, in [0, 1]. Source: Bickerton et al., Nature Chemistry 2012."""

    default_name = "qed"
    default_transform = Clip()

    def measure(self, mol: Chem.Mol) -> float:
        return float(qed.qed(mol))


class SA(Property):
    """Ease of synthesis, from 1 (easy) to 10 (hard); score = (10 - SA) / 9.

    Raises:
        ImportError: this installation of RDKit carries no SA score.
    Source: Ertl and Schuffenhauer, Journal of Cheminformatics 2009.
    """

    default_name = "sa"
    default_transform = Linear(10, 1)

    def __init__(
        self, transform: Transform | None = None, floor: float = 0.01, name: str | None = None
    ) -> None:
        super().__init__(transform, floor, name)
        try:
            from rdkit.Contrib.SA_Score import sascorer
        except ImportError as error:
            raise ImportError(
                "this installation of RDKit carries no Contrib/SA_Score; install RDKit from PyPI "
                "or conda-forge, or leave the SA reward out"
            ) from error
        self._score = sascorer.calculateScore

    def measure(self, mol: Chem.Mol) -> float:
        return float(self._score(mol))


class LogP(Property):
    """The octanol-water partition coefficient, as Crippen estimates it; wanted are 0 to 4."""

    default_name = "logp"
    default_transform = DoubleSigmoid(0, 4, 1)

    def measure(self, mol: Chem.Mol) -> float:
        return float(Crippen.MolLogP(mol))


class TPSA(Property):
    """The topological polar surface area in square angstrom; wanted are 20 to 140."""

    default_name = "tpsa"
    default_transform = DoubleSigmoid(20, 140, 20)

    def measure(self, mol: Chem.Mol) -> float:
        return float(rdMolDescriptors.CalcTPSA(mol))


class MolecularWeight(Property):
    """The average molecular weight in g/mol; wanted are 200 to 500."""

    default_name = "mw"
    default_transform = DoubleSigmoid(200, 500, 50)

    def measure(self, mol: Chem.Mol) -> float:
        return float(Descriptors.MolWt(mol))


class HBD(Property):
    """The number of hydrogen-bond donors; wanted are at most 5."""

    default_name = "hbd"
    default_transform = Linear(10, 5)

    def measure(self, mol: Chem.Mol) -> float:
        return float(rdMolDescriptors.CalcNumHBD(mol))


class HBA(Property):
    """The number of hydrogen-bond acceptors; wanted are at most 10."""

    default_name = "hba"
    default_transform = Linear(15, 10)

    def measure(self, mol: Chem.Mol) -> float:
        return float(rdMolDescriptors.CalcNumHBA(mol))


class RotatableBonds(Property):
    """The number of rotatable bonds; wanted are at most 10."""

    default_name = "rotatable_bonds"
    default_transform = Linear(15, 10)

    def measure(self, mol: Chem.Mol) -> float:
        return float(rdMolDescriptors.CalcNumRotatableBonds(mol))


class Rings(Property):
    """The number of rings; wanted are at most 5."""

    default_name = "rings"
    default_transform = Linear(8, 5)

    def measure(self, mol: Chem.Mol) -> float:
        return float(rdMolDescriptors.CalcNumRings(mol))
