"""The pieces of many molecules, and what became of every molecule."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from rdkit import Chem, rdBase

from molgfn.chem.cuts import CUTS, Cuts
from molgfn.chem.fragmentation import Piece, pieces
from molgfn.chem.molecule_file import largest_component
from molgfn.chem.records import Record, molecule_of
from molgfn.chem.unwanted import DEFAULT, Limits, reason_unwanted
from molgfn.chem.validate import fragment_molecule

NOT_CUT = "nothing in it can be cut"
NO_PIECES = "it is not cut into a tree of pieces"


@dataclass
class Harvest:
    """What a file of molecules gives.

    Attributes:
        cuts: where molecules are cut.
        limits: which pieces are wanted.
        whole: the pieces of each different molecule all of whose pieces are wanted.
        wanted: the wanted pieces of each other one.
        unread: row and reason of each record that is no molecule.
        set_aside: why molecules without wanted pieces throughout are not in `whole` -> how many.
        unwanted: why pieces are not wanted -> their SMILES -> in how many molecules.
        num_records, num_salts, num_repeated: records, those of several components, and those
            whose molecule came before.
        molecules: canonical SMILES of the different molecules of a file, in their order.
    """

    cuts: Cuts = CUTS["brics"]
    limits: Limits = DEFAULT
    whole: list[list[Piece]] = field(default_factory=list)
    wanted: list[list[Piece]] = field(default_factory=list)
    unread: list[tuple[int, str]] = field(default_factory=list)
    set_aside: Counter[str] = field(default_factory=Counter)
    unwanted: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    num_records: int = 0
    num_salts: int = 0
    num_repeated: int = 0
    molecules: dict[str, None] = field(default_factory=dict)
    _judged: dict[Piece, tuple[Piece, str | None]] = field(default_factory=dict)

    def add_record(self, cut: "CutRecord") -> None:
        """Count what a record of a file gives, unless its molecule came before."""
        self.num_records += 1
        if cut.reason is not None:
            self.unread.append((cut.row, cut.reason))
            return
        self.num_salts += cut.is_salt
        if cut.smiles in self.molecules:
            self.num_repeated += 1
            return
        self.molecules[cut.smiles] = None
        self.add(cut.pieces)

    def add(self, found: Sequence[Piece] | None) -> None:
        """Count the pieces of a molecule; None: it is not cut into a tree of pieces."""
        if found is None:
            self.set_aside[NO_PIECES] += 1
            return
        if not all(piece.sites for piece in found):
            self.set_aside[NOT_CUT] += 1
            return
        judged = [self._judge(piece) for piece in found]
        reasons = {piece.smiles: reason for piece, reason in judged if reason}
        for smiles, reason in reasons.items():
            self.unwanted[reason][smiles] += 1
        for reason in sorted(set(reasons.values())):
            self.set_aside[f"a piece is unwanted: {reason}"] += 1
        good = [piece for piece, reason in judged if reason is None]
        (self.wanted if reasons else self.whole).append(good)

    def _judge(self, piece: Piece) -> tuple[Piece, str | None]:
        if piece not in self._judged:
            self._judged[piece] = piece, reason_unusable(piece, self.cuts, self.limits)
        return self._judged[piece]


class CutRecord(NamedTuple):
    """What a record of a file gives.

    Attributes:
        row: its number in the file.
        reason: why it is no molecule; None if it is one.
        smiles: canonical, of the molecule that was cut.
        is_salt: whether the record has further components.
        pieces: of the molecule; None if it is not cut into a tree of pieces.
    """

    row: int
    reason: str | None = None
    smiles: str = ""
    is_salt: bool = False
    pieces: Sequence[Piece] | None = None


def cut_record(record: Record, bonds: Callable[[Chem.Mol], list[int]]) -> CutRecord:
    """Cut what a record of a file holds.

    Args:
        bonds: see `Cuts`.
    """
    mol, reason = record.mol, record.reason
    if mol is None and reason is None:
        mol, reason = molecule_of(record.text)
    if mol is None or mol.GetNumAtoms() == 0:
        return CutRecord(record.row, reason or "it has no atoms")
    with rdBase.BlockLogs():
        parent = parent_of(mol)
        is_salt = parent.GetNumAtoms() < mol.GetNumAtoms()
        found = pieces_of(parent, bonds)
        return CutRecord(record.row, None, Chem.MolToSmiles(parent), is_salt, found)


def pieces_of(molecule: Chem.Mol, bonds: Callable[[Chem.Mol], list[int]]) -> Sequence[Piece] | None:
    """The pieces of a molecule of one component; None if it is not cut into a tree of pieces."""
    try:
        return pieces(molecule, bonds)
    except ValueError:  # an atom is cut twice, or RDKit refuses a piece
        return None


def reason_unusable(piece: Piece, cuts: Cuts, limits: Limits) -> str | None:
    """Why a piece is no fragment of a vocabulary, or None."""
    molecule = Chem.MolFromSmiles(piece.smiles)
    if molecule is None:
        return "RDKit does not read it"
    if reason := reason_unwanted(molecule, limits):
        return reason
    try:
        fragment_molecule(piece.smiles, "a piece")
    except ValueError:
        return "no fragment can hold it"
    types = [cuts.type_of(molecule.GetAtomWithIdx(site)) for site in piece.sites]
    if None in types:
        return "an end that cannot stay open"
    return cuts.refuses(molecule, types)


def parent_of(molecule: Chem.Mol) -> Chem.Mol:
    """The largest component without stereo marks and atom numbers; see `largest_component`."""
    plain = Chem.Mol(molecule)
    Chem.RemoveStereochemistry(plain)
    for atom in plain.GetAtoms():
        atom.SetAtomMapNum(0)
    return largest_component(plain)


def harvest(
    molecules: Iterable[Chem.Mol], cuts: Cuts = CUTS["brics"], limits: Limits = DEFAULT
) -> Harvest:
    """The pieces of given molecules, each counted as often as it is given."""
    found = Harvest(cuts, limits)
    for molecule in molecules:
        found.add(pieces_of(molecule, cuts.bonds))
    return found
