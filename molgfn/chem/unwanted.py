"""Pieces that no fragment vocabulary should be made of, each with the reason."""

from functools import cache

from rdkit import Chem

MAX_HEAVY_ATOMS = 18
MAX_RING_SIZE = 7

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
    "unusual element": "[!#6;!#7;!#8;!#16;!F;!Cl;!Br;!I]",
}


@cache
def _queries() -> dict[str, Chem.Mol]:
    return {reason: Chem.MolFromSmarts(smarts) for reason, smarts in _PATTERNS.items()}


def reason_unwanted(molecule: Chem.Mol) -> str | None:
    """Why a chemist would not want this piece in many molecules, or None.

    Reactive and unstable groups, frequent hitters of screening sets (hydrazones, quinones,
    rhodanines), a net charge, an isotope, more than 18 heavy atoms, or a ring of more than 7 atoms.
    """
    if molecule.GetNumHeavyAtoms() > MAX_HEAVY_ATOMS:
        return f"more than {MAX_HEAVY_ATOMS} heavy atoms"
    if any(len(ring) > MAX_RING_SIZE for ring in molecule.GetRingInfo().AtomRings()):
        return f"a ring of more than {MAX_RING_SIZE} atoms"
    if Chem.GetFormalCharge(molecule) != 0:
        return "a net charge"
    if any(atom.GetIsotope() or atom.GetNumRadicalElectrons() for atom in molecule.GetAtoms()):
        return "an isotope or a radical"
    for reason, query in _queries().items():
        if molecule.HasSubstructMatch(query):
            return reason
    return None
