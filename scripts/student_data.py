"""Molecules with labels of the published sEH proxy, packed so that batches are cut from arrays."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from hashlib import sha256
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from rdkit import Chem
from torch import Tensor

from molgfn.chem.atom_features import AtomGraphs, atom_graphs
from molgfn.rewards.messages import BondMessages
from molgfn.rewards.seh import SEHProxy

HELD_OUT = 10
"""One molecule in this many is never trained on, chosen by a hash of its canonical SMILES."""


@dataclass(frozen=True)
class Labelled:
    """M molecules with labels; a molecule's atoms and bonds lie one after the other.

    Attributes:
        key: [M] uint64, a hash of the canonical SMILES.
        label: [M] float32, the published proxy.
        num_atoms, num_bonds: [M] atoms and directed bonds of each molecule.
        atoms: [N, 4] uint8, as in `AtomGraphs`.
        bonds: [E, 3] int16: target and source within the molecule, and type.
    """

    key: NDArray[np.uint64]
    label: NDArray[np.float32]
    num_atoms: NDArray[np.int64]
    num_bonds: NDArray[np.int64]
    atoms: NDArray[np.uint8]
    bonds: NDArray[np.int16]

    def __len__(self) -> int:
        return len(self.key)

    @property
    def held_out(self) -> NDArray[np.bool_]:
        """[M] which molecules are never trained on."""
        held_out: NDArray[np.bool_] = self.key % HELD_OUT == 0
        return held_out

    def save(self, path: Path) -> None:
        """Write to one file."""
        np.savez_compressed(path, **{f.name: getattr(self, f.name) for f in fields(self)})

    @classmethod
    def load(cls, path: Path) -> "Labelled":
        """Read what `save` wrote."""
        with np.load(path) as arrays:
            return cls(**{f.name: arrays[f.name] for f in fields(cls)})

    @classmethod
    def cat(cls, parts: Sequence["Labelled"]) -> "Labelled":
        """All molecules of several sets."""
        return cls(
            **{f.name: np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(cls)}
        )

    def batch(self, chosen: NDArray[np.int64]) -> tuple[AtomGraphs, BondMessages, Tensor]:
        """Graph, messages and labels of some of the molecules."""
        num_atoms, num_bonds = self.num_atoms[chosen], self.num_bonds[chosen]
        atom_rows = _ranges(np.cumsum(self.num_atoms)[chosen] - num_atoms, num_atoms)
        bond_rows = _ranges(np.cumsum(self.num_bonds)[chosen] - num_bonds, num_bonds)
        bonds = self.bonds[bond_rows].astype(np.int64)
        bonds[:, :2] += np.repeat(np.cumsum(num_atoms) - num_atoms, num_bonds)[:, None]
        target, source, bond_type = torch.from_numpy(bonds.T.copy())
        graphs = AtomGraphs(
            atoms=torch.from_numpy(self.atoms[atom_rows].astype(np.int64)),
            molecule=torch.from_numpy(np.repeat(np.arange(len(chosen)), num_atoms)),
            source=source,
            target=target,
            bond_type=bond_type,
            num_molecules=len(chosen),
        )
        return graphs, BondMessages.of(graphs), torch.from_numpy(self.label[chosen])


def _ranges(starts: NDArray[np.int64], lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """The concatenation of `range(start, start + length)`."""
    offsets = np.cumsum(lengths) - lengths
    return np.repeat(starts - offsets, lengths) + np.arange(lengths.sum())


class Labeller:
    """Labels distinct molecules with the published proxy as they come, and keeps only arrays."""

    def __init__(self, proxy: SEHProxy) -> None:
        self._proxy = proxy
        self._seen: set[int] = set()
        self._parts: list[Labelled] = []

    def __len__(self) -> int:
        return len(self._seen)

    @property
    def labelled(self) -> Labelled:
        """All molecules so far."""
        return Labelled.cat(self._parts)

    def add(self, mols: Sequence[Chem.Mol | None]) -> None:
        """Label those molecules that are new; what the proxy cannot read is left out."""
        _, unread = atom_graphs(mols)
        new: dict[int, Chem.Mol] = {}
        for position, mol in enumerate(mols):
            if position not in unread:
                new.setdefault(molecule_key(mol), mol)
        keys = [key for key in new if key not in self._seen]
        if keys:
            self._parts.append(self._label(keys, [new[key] for key in keys]))
            self._seen.update(keys)

    @torch.no_grad()
    def _label(self, keys: Sequence[int], mols: Sequence[Chem.Mol]) -> Labelled:
        graphs, _ = atom_graphs(mols)
        num_atoms = torch.bincount(graphs.molecule, minlength=len(mols))
        first = num_atoms.cumsum(0) - num_atoms
        molecule = graphs.molecule[graphs.target]
        bonds = [graphs.target - first[molecule], graphs.source - first[molecule], graphs.bond_type]
        return Labelled(
            key=np.array(keys, dtype=np.uint64),
            label=self._proxy.network(graphs, BondMessages.of(graphs)).numpy(),
            num_atoms=num_atoms.numpy(),
            num_bonds=torch.bincount(molecule, minlength=len(mols)).numpy(),
            atoms=graphs.atoms.numpy().astype(np.uint8),
            bonds=torch.stack(bonds, 1).numpy().astype(np.int16),
        )


def molecule_key(mol: Chem.Mol) -> int:
    """64 bits of the SHA-256 of the canonical SMILES."""
    return int.from_bytes(sha256(Chem.MolToSmiles(mol).encode()).digest()[:8], "big")
