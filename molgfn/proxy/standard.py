"""The one form in which a molecule is measured, fitted and predicted: no salt, no charge."""

import re
from collections.abc import Sequence
from functools import lru_cache

from rdkit import Chem, rdBase
from rdkit.Chem.MolStandardize import rdMolStandardize
from rdkit.Chem.SaltRemover import SaltRemover

MAX_HEAVY_ATOMS = 150
ELEMENTS = ("H", "B", "C", "N", "O", "F", "Si", "P", "S", "Cl", "As", "Se", "Br", "Te", "I")

_NUMBERS = frozenset(map(Chem.GetPeriodicTable().GetAtomicNumber, ELEMENTS))
_BRACKET = re.compile(r"\[\d*([A-Z][a-z]?)")


def parse(smiles: str) -> Chem.Mol:
    """The sanitized molecule of a SMILES.

    Raises:
        ValueError: it is none, with what RDKit has against it.
    """
    if not smiles.strip():
        raise ValueError("there is no SMILES")
    with rdBase.BlockLogs():
        mol = Chem.MolFromSmiles(smiles)
        if mol is None:
            raise ValueError(_complaint(smiles))
    return mol


def _complaint(smiles: str) -> str:
    raw = Chem.MolFromSmiles(smiles, sanitize=False)
    if raw is not None:
        problems = [problem.Message() for problem in Chem.DetectChemistryProblems(raw)]
        return f"RDKit does not sanitize it: {problems[0] if problems else 'no reason given'}"
    table = Chem.GetPeriodicTable()
    symbols = {table.GetElementSymbol(number) for number in range(1, 119)}
    if unknown := [found for found in _BRACKET.findall(smiles) if not {found, found[0]} & symbols]:
        return f"there is no element {unknown[0]!r}"
    return "RDKit cannot parse it"


def parent(mol: Chem.Mol) -> Chem.Mol:
    """A molecule as its models see it: without salts and solvents, neutral, without atom maps.

    Known counter-ions and solvents go first, then all but the largest organic component; charges
    that a proton can take away are taken away. A molecule in this form stays as it is.

    Raises:
        ValueError: it has no atoms, more than 150 heavy ones, or an element outside `ELEMENTS`.
    """
    with rdBase.BlockLogs():
        if len(Chem.GetMolFrags(mol)) > 1:
            mol = _remover().StripMol(mol, dontRemoveEverything=True)
            mol = _chooser().choose(mol)
        atoms = list(mol.GetAtoms())
        if not atoms:
            raise ValueError("the molecule has no atoms")
        for atom in atoms:
            if atom.GetAtomicNum() not in _NUMBERS:
                raise ValueError(
                    f"it has an atom {atom.GetSymbol()}; accepted are {', '.join(ELEMENTS)}"
                )
        if mol.GetNumHeavyAtoms() > MAX_HEAVY_ATOMS:
            raise ValueError(
                f"it has {mol.GetNumHeavyAtoms()} heavy atoms; accepted are up to {MAX_HEAVY_ATOMS}"
            )
        if any(atom.GetFormalCharge() for atom in atoms):
            mol = _uncharger().uncharge(mol)
        if any(atom.GetAtomMapNum() for atom in atoms):
            mol = Chem.Mol(mol)
            for atom in mol.GetAtoms():
                atom.SetAtomMapNum(0)
    return mol


class Standardizer:
    """Standard forms of SMILES, computed once for each text.

    Attributes:
        drawn: canonical SMILES of the molecules as they were written.
    """

    def __init__(self) -> None:
        self.drawn: set[str] = set()
        self._known: dict[str, str | ValueError] = {}

    def __call__(self, text: str) -> str:
        """Canonical SMILES of the parent of a SMILES.

        Raises:
            ValueError: it has none; "KIND: DETAIL".
        """
        if text not in self._known:
            try:
                self._known[text] = self._standard(text)
            except ValueError as error:
                self._known[text] = error
        known = self._known[text]
        if isinstance(known, ValueError):
            raise known
        return known

    def _standard(self, text: str) -> str:
        mol = read_smiles(text)
        found = _parent(mol)
        drawn = str(Chem.MolToSmiles(mol))
        self.drawn.add(drawn)
        return drawn if found is mol else str(Chem.MolToSmiles(found))


def read_smiles(text: str) -> Chem.Mol:
    """The molecule of a SMILES, as it is drawn.

    Raises:
        ValueError: it is none; "KIND: DETAIL".
    """
    try:
        return parse(text)
    except ValueError as error:
        raise ValueError(f"unreadable molecule: {error}") from error


def _parent(mol: Chem.Mol) -> Chem.Mol:
    try:
        return parent(mol)
    except ValueError as error:
        raise ValueError(f"unsuitable molecule: {error}") from error


def parents(mols: Sequence[Chem.Mol | None]) -> tuple[list[Chem.Mol | None], dict[int, str]]:
    """The parent of each molecule, None where there is none; position -> why, "KIND: DETAIL"."""
    found: list[Chem.Mol | None] = []
    unsuitable: dict[int, str] = {}
    for position, mol in enumerate(mols):
        try:
            found.append(None if mol is None else _parent(mol))
        except ValueError as error:
            found.append(None)
            unsuitable[position] = str(error)
    return found, unsuitable


@lru_cache
def _remover() -> SaltRemover:
    return SaltRemover()


@lru_cache
def _chooser() -> rdMolStandardize.LargestFragmentChooser:
    return rdMolStandardize.LargestFragmentChooser(preferOrganic=True)


@lru_cache
def _uncharger() -> rdMolStandardize.Uncharger:
    return rdMolStandardize.Uncharger()
