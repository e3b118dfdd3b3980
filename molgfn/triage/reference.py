"""How near candidates are to the molecules of a file, which may be larger than the memory."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem
from rdkit.DataStructs import BulkTanimotoSimilarity

from molgfn.chem.molecule_file import largest_component
from molgfn.chem.records import Record, molecule_of, read_records
from molgfn.chem.similarity import fingerprints
from molgfn.triage.candidate import Candidate
from molgfn.triage.told import told

CHUNK = 10_000  # references in memory at once


class Reference:
    """Compares candidates with a file of molecules; removes what is in it, or too near.

    Adds the columns nearest_reference (canonical SMILES), nearest_reference_id (what the file calls
    it, or its row) and nearest_similarity (Tanimoto, of Morgan fingerprints of radius 2). Of a
    molecule with several components the largest counts. The work is the number of references times
    that of candidates.

    Args:
        path: see `molgfn.chem.records.read_records`.
        novel: remove the molecules of the file; stereo marks do not count.
        max_similarity: remove what is nearer to one of them; None: nothing.
        tell: gets a line every few seconds.
    Raises:
        FileNotFoundError: there is no such file.
    """

    name = "reference"
    removes = True

    def __init__(
        self,
        path: Path,
        novel: bool,
        max_similarity: float | None,
        tell: Callable[[str], object],
    ) -> None:
        if not path.is_file():
            raise FileNotFoundError(f"reference {path} does not exist")
        self.path, self.novel, self.max_similarity = path, novel, max_similarity
        self.tell = tell
        self.notes: list[str] = []

    def __call__(self, candidates: Sequence[Candidate]) -> list[str | None]:
        """Raises ValueError where the file holds no molecule that can be read."""
        prints, flats = [], []
        for candidate in candidates:
            mol = largest_component(candidate.mol)
            prints += fingerprints([mol])
            flats.append(flat(mol))
        own = set(flats)
        best: NDArray[np.float64] = np.full(len(candidates), -1.0)
        nearest: list[tuple[str, str]] = [("", "")] * len(candidates)
        known: dict[str, str] = {}
        for chunk in _chunks(told(self._molecules(), self.name, self.tell)):
            references = fingerprints([mol for _, mol in chunk])
            for i, one in enumerate(prints):
                similarities = np.asarray(BulkTanimotoSimilarity(one, references))
                place = int(similarities.argmax())
                if similarities[place] > best[i]:
                    best[i] = similarities[place]
                    name, mol = chunk[place]
                    nearest[i] = (Chem.MolToSmiles(mol), name)
            for name, mol in chunk:
                if (smiles := flat(mol)) in own:
                    known.setdefault(smiles, name)
        reasons = []
        for i, (candidate, similarity) in enumerate(zip(candidates, best, strict=True)):
            smiles, name = nearest[i]
            candidate.row["nearest_reference"] = smiles
            candidate.row["nearest_reference_id"] = name
            candidate.row["nearest_similarity"] = float(similarity)
            reasons.append(self._reason(float(similarity), name, known.get(flats[i])))
        return reasons

    def _reason(self, similarity: float, nearest: str, known: str | None) -> str | None:
        if self.novel and known is not None:
            return f"it is {known} of {self.path.name}"
        if self.max_similarity is not None and similarity > self.max_similarity:
            return f"similarity {similarity:.2f} to {nearest} is above {self.max_similarity:g}"
        return None

    def _molecules(self) -> Iterator[tuple[str, Chem.Mol]]:
        """Name and molecule of each reference; those that cannot be read are counted."""
        unread, num_read = [], 0
        for record in read_records(self.path):
            mol, reason = _read(record)
            if mol is None:
                unread.append((record.row, reason))
                continue
            num_read += 1
            yield record.name or f"row {record.row}", largest_component(mol)
        if not num_read:
            raise ValueError(f"reference {self.path} holds no molecule that can be read")
        self.notes = [f"{num_read:,} references in {self.path}"]
        if unread:
            row, reason = unread[0]
            self.notes.append(
                f"{len(unread)} rows of {self.path} cannot be read, the first is {row}: {reason}"
            )


def flat(mol: Chem.Mol) -> str:
    """Canonical SMILES without stereo marks."""
    return str(Chem.MolToSmiles(mol, isomericSmiles=False))


def _read(record: Record) -> tuple[Chem.Mol | None, str | None]:
    if record.mol is not None or record.reason is not None:
        return record.mol, record.reason
    mol, reason = molecule_of(record.text)
    if mol is not None and mol.GetNumAtoms() == 0:
        return None, "it has no atoms"
    return mol, reason


def _chunks(
    molecules: Iterator[tuple[str, Chem.Mol]],
) -> Iterator[list[tuple[str, Chem.Mol]]]:
    while chunk := list(itertools.islice(molecules, CHUNK)):
        yield chunk
