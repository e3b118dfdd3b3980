"""Ring systems of molecules, and how often each is met in a collection."""

import json
import os
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from rdkit import Chem


@dataclass(frozen=True)
class RingTable:
    """In how many molecules of a collection each ring system is.

    Attributes:
        source, licence: of the collection.
        num_molecules: how many it has, those without a ring included.
        counts: SMILES of a ring system -> in how many molecules it is, from 1.
    """

    source: str
    licence: str
    num_molecules: int
    counts: Mapping[str, int]


def ring_systems(mol: Chem.Mol) -> set[str]:
    """SMILES of the distinct ring systems of a molecule.

    Rings that share an atom are one system. It keeps the atoms that double bonds tie to it, such as
    the oxygen of a ketone; every other neighbour becomes a hydrogen. Stereo marks are dropped.
    """
    flat = Chem.Mol(mol)
    Chem.RemoveStereochemistry(flat)
    own = _systems(flat)
    if not own:
        return set()
    cut = [
        bond.GetIdx()
        for bond in flat.GetBonds()
        if own.get(bond.GetBeginAtomIdx()) != own.get(bond.GetEndAtomIdx())
    ]
    parts = Chem.FragmentOnBonds(flat, cut, dummyLabels=[(0, 0)] * len(cut)) if cut else flat
    return {
        _capped(Chem.MolToSmiles(part))
        for part in Chem.GetMolFrags(parts, asMols=True)
        if part.GetRingInfo().NumRings()
    }


def count_ring_systems(mols: Iterable[Chem.Mol], source: str, licence: str) -> RingTable:
    """The table of a collection, the most frequent ring system first."""
    counts: Counter[str] = Counter()
    num_molecules = 0
    for mol in mols:
        num_molecules += 1
        counts.update(ring_systems(mol))
    ordered = dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
    return RingTable(source, licence, num_molecules, ordered)


def save_ring_table(table: RingTable, path: Path) -> None:
    """Write a table as JSON; equal tables give equal bytes."""
    content = {
        "source": table.source,
        "licence": table.licence,
        "num_molecules": table.num_molecules,
        "ring_systems": dict(table.counts),
    }
    temporary = path.with_name(path.name + ".part")
    temporary.write_text(json.dumps(content, indent=0) + "\n", encoding="utf-8", newline="\n")
    os.replace(temporary, path)


def load_ring_table(path: Path) -> RingTable:
    """A table that `save_ring_table` wrote.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is no such table.
    """
    if not path.is_file():
        raise FileNotFoundError(f"there is no table of ring systems at {path}")
    try:
        content = json.loads(path.read_bytes())
        counts = {str(smiles): int(count) for smiles, count in content["ring_systems"].items()}
        table = RingTable(
            str(content["source"]), str(content["licence"]), int(content["num_molecules"]), counts
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(
            f"{path} is no table of ring systems ({type(error).__name__}: {error}); accepted is "
            "what scripts/build_ring_systems.py writes"
        ) from error
    if not counts or not all(0 < count <= table.num_molecules for count in counts.values()):
        raise ValueError(
            f"{path}: accepted are counts from 1 to num_molecules = {table.num_molecules}"
        )
    return table


def _systems(mol: Chem.Mol) -> dict[int, int]:
    """Atom -> number of the ring system that keeps it; the double-bonded neighbours too."""
    systems: list[set[int]] = []
    for ring in map(set, mol.GetRingInfo().AtomRings()):
        touched = [system for system in systems if system & ring]
        systems = [system for system in systems if not system & ring]
        systems.append(ring.union(*touched))
    own = {atom: number for number, system in enumerate(systems) for atom in system}
    for atom, number in list(own.items()):
        for bond in mol.GetAtomWithIdx(atom).GetBonds():
            if bond.GetBondType() == Chem.BondType.DOUBLE:
                own.setdefault(bond.GetOtherAtomIdx(atom), number)
    return own


@lru_cache(maxsize=100_000)
def _capped(smiles: str) -> str:
    """Canonical SMILES with a hydrogen wherever a bond was cut."""
    part = Chem.RWMol(Chem.MolFromSmiles(smiles))
    for atom in part.GetAtoms():
        if atom.GetAtomicNum() == 0:
            atom.SetAtomicNum(1)
    return str(Chem.MolToSmiles(Chem.RemoveHs(part)))
