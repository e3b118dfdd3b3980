"""Molecules as the page searches them: graphs of few types of atoms."""

from collections.abc import Sequence
from typing import Any

from rdkit import Chem

_ORDERS = {
    Chem.BondType.SINGLE: 1,
    Chem.BondType.DOUBLE: 2,
    Chem.BondType.TRIPLE: 3,
    Chem.BondType.AROMATIC: 4,
}


def pack(mols: Sequence[Chem.Mol]) -> dict[str, Any]:
    """Graphs of sanitized molecules, as JSON holds them; `web/smarts.js` says what it reads.

    Returns:
        elements: symbols, hydrogen first.
        types: the different atoms; see `_type`.
        atoms: for each molecule the number of each atom's type.
        bonds: for each molecule the bonds, one after the other as begin, end and kind: twice the
            order, 8 if aromatic, 0 if another, and one more in a ring.
    """
    table = Chem.GetPeriodicTable()
    types: dict[tuple[int, ...], int] = {}
    atoms, bonds = [], []
    for mol in mols:
        atoms.append([types.setdefault(_type(atom), len(types)) for atom in mol.GetAtoms()])
        bonds.append([value for bond in mol.GetBonds() for value in _bond(bond)])
    return {
        "elements": [table.GetElementSymbol(number) for number in range(1, 119)],
        "types": [list(one) for one in types],
        "atoms": atoms,
        "bonds": bonds,
    }


def _type(atom: Chem.Atom) -> tuple[int, ...]:
    """What SMARTS asks of an atom: its number, whether it is aromatic, charge, hydrogens, degree

    (D), connections (X), rings (R), size of the smallest (r) and ring bonds (x).
    """
    rings = atom.GetOwningMol().GetRingInfo()
    index = atom.GetIdx()
    return (
        atom.GetAtomicNum(),
        int(atom.GetIsAromatic()),
        atom.GetFormalCharge(),
        atom.GetTotalNumHs(includeNeighbors=True),
        atom.GetDegree(),
        atom.GetTotalDegree(),
        rings.NumAtomRings(index),
        rings.MinAtomRingSize(index),
        sum(bond.IsInRing() for bond in atom.GetBonds()),
    )


def _bond(bond: Chem.Bond) -> tuple[int, int, int]:
    kind = 2 * _ORDERS.get(bond.GetBondType(), 0) + bond.IsInRing()
    return bond.GetBeginAtomIdx(), bond.GetEndAtomIdx(), kind
