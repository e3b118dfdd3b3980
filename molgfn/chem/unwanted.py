"""Pieces that no fragment vocabulary should be made of, each with the reason."""

from dataclasses import dataclass
from functools import cache

from rdkit import Chem

KINDS = ("charged", "reactive", "elements")
"""What `Limits.keep` may name: pieces with a net charge, reactive ones, ones of other elements."""

_PATTERNS = {
    "peroxide": "[OX2][OX2]",
    "disulfide": "[S;!R]S",
    "chain of three nitrogens": "[#7;!a]~[#7;!a]~[#7;!a]",
    "nitrogen or sulfur halide": "[N,S,O][F,Cl,Br,I]",
    "acyl or sulfonyl halide": "[C,S](=O)[F,Cl,Br,I]",
    "alkyl halide": "[CX4;!$(C(F)F)][Cl,Br,I]",
    "anhydride": "C(=O)OC(=O)",
    "thioester": "C(=O)[S;!R]",
    "strained heterocycle": "C1[O,N,S]C1",
    "beta-lactam": "O=C1NCC1",
    "isocyanate": "N=C=[O,S]",
    "nitroso": "[#6][NX2]=O",
    "nitroalkane": "[CX4][N+](=O)[O-]",
    "N-oxide": "[n+][O-]",
    "hydrazide": "[N;!R]-[N;!R]",
    "acyl azole": "[n]-[CX3;!R]=O",
    "azo": "[N;!R]=[N;!R]",
    "hydrazone": "[#6]=!@N-[#7]",
    "imine": "[CX3;!R]=[NX2;!R]",
    "hydroxylamine": "[NX3;!$(N-C=O)][OX2]",
    "quinone": "O=C1C=CC(=O)C=C1",
    "ortho-quinone": "[#6]1(=O)[#6](=O)[c,C]~[c,C][c,C]~[c,C]1",
    "exocyclic alkylidene": "[R]=[CX3;!R]",
    "Michael acceptor": "[CX3;!R]=[CX3;!R]-C=O",
    "vinyl nitrile": "C=C(C#N)",
    "enamine or enol ether": "[CX3;!R]=[CX3;!R][N,O,S]",
    "chain of two carbonyls": "[CX3;!R](=O)-[CX3;!R]=O",
    "maleimide": "O=C1C=CC(=O)[N,O,S]1",
    "carbamic acid": "[NX3]C(=O)[OX2H]",
    "acylthiourea or thiosemicarbazide": "[NX3;!R]C(=S)[NX3;!R][$(N),$(C=O)]",
    "rhodanine": "S1C(=[O,S,N])NC(=[O,S,N])C1=C",
}
_USUAL_ELEMENTS = frozenset({6, 7, 8, 9, 16, 17, 35, 53})


@dataclass(frozen=True)
class Limits:
    """Which pieces are wanted.

    Attributes:
        min_atoms, max_atoms: heavy atoms of a piece.
        max_rings: how many rings a piece may have (of the smallest set of smallest rings).
        max_ring_size: atoms of a ring.
        keep: those of `KINDS` that are wanted all the same.
    Raises:
        ValueError: a limit that no piece satisfies, or an unknown kind.
    """

    min_atoms: int = 1
    max_atoms: int = 18
    max_rings: int | None = None
    max_ring_size: int = 7
    keep: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if not 1 <= self.min_atoms <= self.max_atoms:
            raise ValueError(
                f"pieces of {self.min_atoms} to {self.max_atoms} heavy atoms: accepted is 1 or "
                "more, the smaller number first"
            )
        if unknown := self.keep - set(KINDS):
            raise ValueError(f"keep {sorted(unknown)}: accepted are {', '.join(KINDS)}")


DEFAULT = Limits()


@cache
def _queries() -> dict[str, Chem.Mol]:
    return {reason: Chem.MolFromSmarts(smarts) for reason, smarts in _PATTERNS.items()}


def reason_unwanted(molecule: Chem.Mol, limits: Limits = DEFAULT) -> str | None:
    """Why a chemist would not want this piece in many molecules, or None.

    Reactive and unstable groups, frequent hitters of screening sets (hydrazones, quinones,
    rhodanines), a net charge, an isotope, an element beyond C, N, O, S and the halogens, or a size
    beyond the limits.
    """
    atoms, rings = molecule.GetNumHeavyAtoms(), molecule.GetRingInfo().AtomRings()
    if atoms > limits.max_atoms:
        return f"more than {limits.max_atoms} heavy atoms"
    if atoms < limits.min_atoms:
        return f"fewer than {limits.min_atoms} heavy atoms"
    if any(len(ring) > limits.max_ring_size for ring in rings):
        return f"a ring of more than {limits.max_ring_size} atoms"
    if limits.max_rings is not None and len(rings) > limits.max_rings:
        return f"more than {limits.max_rings} rings"
    if "charged" not in limits.keep and Chem.GetFormalCharge(molecule) != 0:
        return "a net charge"
    if any(atom.GetIsotope() or atom.GetNumRadicalElectrons() for atom in molecule.GetAtoms()):
        return "an isotope or a radical"
    if "reactive" not in limits.keep:
        for reason, query in _queries().items():
            if molecule.HasSubstructMatch(query):
                return reason
    if any(atom.GetAtomicNum() == 0 for atom in molecule.GetAtoms()):
        return "an unknown atom"
    elements = {atom.GetAtomicNum() for atom in molecule.GetAtoms()}
    if "elements" not in limits.keep and not elements <= _USUAL_ELEMENTS:
        return "unusual element"
    return None
