"""A set of molecules, of any size, that can be asked whether it has a molecule."""

import itertools
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem, rdBase

from molgfn.chem.molecule_file import largest_component, molecules, named_molecules
from molgfn.chem.rows import INCHIKEY

SKELETON = 14
"""Letters of an InChIKey that tell how atoms are connected, without stereo, charges, isotopes."""


class KnownMolecules:
    """The molecules of a file, 8 bytes each: 80 MB for ten million.

    A molecule is found by the first 64 bits of a digest of its name, so that one in 10^12 may be
    taken for another of ten million. The name is the InChIKey where the file holds InChIKeys, else
    the canonical SMILES; of SMILES with several components the largest counts.

    Args:
        path: see `molgfn.chem.molecule_file`.
        stereo: whether stereoisomers are different molecules. False compares SMILES without stereo
            marks, and InChIKeys by their first block, to which charges and isotopes are alike too.
    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it holds no molecules that can be read.
    """

    def __init__(self, path: Path, stereo: bool = False) -> None:
        self.stereo = stereo
        named = named_molecules(path)
        first = list(itertools.islice(named, 1))
        self.by_inchikey = bool(first) and INCHIKEY.fullmatch(first[0][1]) is not None
        named = itertools.chain(first, named)
        names = self._keys(named, path) if self.by_inchikey else self._smiles(named, path)
        digests = np.fromiter(map(_digest, names), np.uint64)
        self._digests: NDArray[np.uint64] = np.unique(digests)

    def __len__(self) -> int:
        return len(self._digests)

    def __contains__(self, mol: Chem.Mol) -> bool:
        digest = np.uint64(_digest(self._name(largest_component(mol))))
        position = int(self._digests.searchsorted(digest))
        return position < len(self) and bool(self._digests[position] == digest)

    def _name(self, mol: Chem.Mol) -> str:
        if not self.by_inchikey:
            return str(Chem.MolToSmiles(mol, isomericSmiles=self.stereo))
        with rdBase.BlockLogs():
            key: str = Chem.MolToInchiKey(mol)
        if not key:
            raise ValueError("it has no InChIKey")
        return key if self.stereo else key[:SKELETON]

    def _smiles(self, named: Iterable[tuple[int, str]], path: Path) -> Iterator[str]:
        return map(self._name, molecules(named, str(path)))

    def _keys(self, named: Iterable[tuple[int, str]], path: Path) -> Iterator[str]:
        for line, text in named:
            if not INCHIKEY.fullmatch(text):
                raise ValueError(
                    f"{path}, line {line}: {text!r:.80} is no InChIKey, but the first entry is "
                    "one; accepted are InChIKeys throughout, or SMILES"
                )
            yield text if self.stereo else text[:SKELETON]


def _digest(name: str) -> int:
    return int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), "little")
