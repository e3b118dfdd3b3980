#!/usr/bin/env python3
"""Makes many drug-like molecules from the real ones in RDKit, to time commands with.

Two molecules are cut at one BRICS bond of the same kind each, and the halves are exchanged. So the
pieces are those of the 10,000 screening molecules, common and rare ones in their proportion, and
the molecules are of drug-like size.

Example:
    python scripts/recombine.py --num 100000 --output many.smi
"""

import argparse
import csv
import random
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from rdkit import Chem, RDConfig, rdBase
from rdkit.Chem import BRICS

MOLECULES = Path(RDConfig.RDDataDir) / "Pains" / "test_data" / "wehi_mols.csv"
HEAVY_ATOMS = range(12, 41)  # of a molecule that is written


def halves_of(mol: Chem.Mol) -> Iterator[tuple[tuple[str, str], Chem.Mol]]:
    """For each BRICS bond both halves, with an atom * where the bond was.

    Yields:
        The BRICS types of the own end and of the other, and the half.
    """
    for (begin, end), (own, other) in BRICS.FindBRICSBonds(mol):
        bond = mol.GetBondBetweenAtoms(begin, end)
        if bond.GetBondType() != Chem.BondType.SINGLE:
            continue
        cut = Chem.FragmentOnBonds(mol, [bond.GetIdx()], dummyLabels=[(1, 1)])
        for half, atoms in zip(
            Chem.GetMolFrags(cut, asMols=True), Chem.GetMolFrags(cut), strict=True
        ):
            yield ((own, other) if begin in atoms else (other, own)), half


def joined(first: Chem.Mol, second: Chem.Mol) -> Chem.Mol:
    """The molecule of two halves."""
    both = Chem.RWMol(Chem.CombineMols(first, second))
    stumps = [atom.GetIdx() for atom in both.GetAtoms() if atom.GetAtomicNum() == 0]
    ends = [both.GetAtomWithIdx(stump).GetNeighbors()[0].GetIdx() for stump in stumps]
    both.AddBond(*ends, Chem.BondType.SINGLE)
    for stump in reversed(stumps):
        both.RemoveAtom(stump)
    Chem.SanitizeMol(both)
    return both.GetMol()


def recombined(rng: random.Random) -> Iterator[str]:
    """Different canonical SMILES without end."""
    by_kind: dict[tuple[str, str], list[Chem.Mol]] = defaultdict(list)
    with MOLECULES.open(newline="", encoding="utf-8") as file:
        given = [row[0] for row in csv.reader(file) if row]
    for mol in map(Chem.MolFromSmiles, given):
        if mol is None or len(Chem.GetMolFrags(mol)) > 1:
            continue
        Chem.RemoveStereochemistry(mol)
        for kind, half in halves_of(mol):
            by_kind[kind].append(half)
    firsts = [(kind, half) for kind, halves in by_kind.items() for half in halves]
    seen: set[str] = set()
    while True:
        (own, other), first = rng.choice(firsts)
        second = rng.choice(by_kind[other, own])
        if first.GetNumAtoms() + second.GetNumAtoms() - 2 not in HEAVY_ATOMS:
            continue
        smiles = Chem.MolToSmiles(joined(first, second))
        if smiles not in seen:
            seen.add(smiles)
            yield smiles


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--num", type=int, default=100_000, help="molecules (default 100000)")
    parser.add_argument("--output", type=Path, required=True, metavar="F", help="ends in .smi")
    parser.add_argument("--seed", type=int, default=0, help="default 0")
    options = parser.parse_args(arguments)
    with rdBase.BlockLogs(), options.output.open("w", encoding="utf-8") as file:
        found = recombined(random.Random(options.seed))
        file.writelines(f"{next(found)} r{number}\n" for number in range(options.num))
    return 0


if __name__ == "__main__":
    sys.exit(main())
