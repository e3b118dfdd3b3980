"""A triage: steps one after the other, and what each of them removed."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from molgfn.chem.descriptors import canonical_smiles, inchikey, molecule_id
from molgfn.chem.processes import ALONE, Processes
from molgfn.chem.records import molecule_of
from molgfn.triage.candidate import Candidate, number
from molgfn.triage.config import TriageConfig
from molgfn.triage.files import UNREAD
from molgfn.triage.filters import (
    Alerts,
    Described,
    Duplicates,
    MinReward,
    Properties,
    RareRings,
    Step,
)
from molgfn.triage.reference import Reference
from molgfn.triage.selection import BestOfEach, Clusters, Diverse
from molgfn.triage.told import told

READ = "read"
REMOVED = {"step", "reason"}  # columns of what is removed
CHUNK = 5_000  # rows that are read at once


@dataclass
class Triaged:
    """What a triage made of its candidates.

    Attributes:
        kept: rows with their columns, the highest reward first.
        removed: rows in the order of their removal, with `step` and `reason` behind the
            columns that they had by then.
        funnel: of each step its name `step`, how many it `removed`, and how many were `left`.
        notes: a sentence each, such as how many references could not be read.
    """

    kept: list[dict[str, Any]] = field(default_factory=list)
    removed: list[dict[str, Any]] = field(default_factory=list)
    funnel: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def emptied_by(self) -> str | None:
        """The step that removed the last candidate; None where some are kept."""
        if self.kept:
            return None
        return next((str(step["step"]) for step in self.funnel if not step["left"]), None)


def triage(
    rows: Iterable[Mapping[str, Any]],
    config: TriageConfig,
    tell: Callable[[str], object] = lambda line: None,
    processes: Processes = ALONE,
) -> Triaged:
    """Send candidates through the steps of a triage.

    Columns that a row has are used as they are; `id`, `inchikey` and the descriptors are computed
    where they are missing. Alerts, ring systems, references and clusters are always computed.

    Args:
        rows: each with a `smiles`; one with `molgfn.triage.files.UNREAD` is removed for it.
        tell: gets a line when a step is done, and every few seconds of a long one.
        processes: which read molecules and compute descriptors.
    Raises:
        FileNotFoundError: there is no such reference or table of ring systems.
        ValueError: one of these cannot be used, or `min_reward` meets candidates without rewards.
    """
    # before any work: files that it needs may be missing
    planned = list(steps(config, tell, processes))
    found = Triaged()
    candidates: list[Candidate] = []
    for row, candidate, reason in told(_all_read(rows, processes), READ, tell):
        if candidate is None:
            bare = {name: value for name, value in row.items() if name != UNREAD}
            found.removed.append({**bare, "step": READ, "reason": reason})
        else:
            candidates.append(candidate)
    _count(found, READ, len(found.removed), len(candidates), tell)
    candidates.sort(key=_reward, reverse=True)  # stable: equal ones keep their order
    for step in planned:
        if not candidates:
            break
        reasons = step(candidates)
        left = [c for c, reason in zip(candidates, reasons, strict=True) if reason is None]
        for candidate, reason in zip(candidates, reasons, strict=True):
            if reason is not None:
                found.removed.append({**candidate.row, "step": step.name, "reason": reason})
        if step.removes:
            _count(found, step.name, len(candidates) - len(left), len(left), tell)
        found.notes += getattr(step, "notes", [])
        candidates = left
    found.kept = [candidate.row for candidate in candidates]
    return found


def steps(
    config: TriageConfig,
    tell: Callable[[str], object] = lambda line: None,
    processes: Processes = ALONE,
) -> Iterator[Step]:
    """The steps that a config asks for; see `triage`.

    Raises:
        FileNotFoundError: there is no such reference or table of ring systems.
        ValueError: the table cannot be used.
    """
    if config.duplicates:
        yield Duplicates()
    if config.min_reward is not None:
        yield MinReward(config.min_reward)
    yield Described(tell, processes)
    if config.properties:
        yield Properties(config.properties)
    if config.alerts:
        yield Alerts(config.alerts, processes)
    if config.max_ring_rarity is not None:
        yield RareRings(config.max_ring_rarity, config.ring_table)
    if config.reference is not None:
        yield Reference(Path(config.reference), config.novel, config.max_similarity, tell)
    if config.cluster_similarity is not None:
        yield Clusters(config.cluster_similarity)
    if config.best_of_cluster is not None:
        yield BestOfEach("cluster", config.best_of_cluster)
    if config.best_of_scaffold is not None:
        yield BestOfEach("scaffold", config.best_of_scaffold)
    if config.diverse is not None:
        yield Diverse(config.diverse)


def _all_read(
    rows: Iterable[Mapping[str, Any]], processes: Processes
) -> Iterator[tuple[Mapping[str, Any], Candidate | None, str | None]]:
    """Each row with what `_read` makes of it."""
    waiting = iter(rows)
    while chunk := list(islice(waiting, CHUNK)):
        for row, (candidate, reason) in zip(chunk, processes.map(_read, chunk), strict=True):
            yield row, candidate, reason


def _read(row: Mapping[str, Any]) -> tuple[Candidate | None, str | None]:
    """The candidate of a row with all its columns; None and the reason where there is none."""
    if reason := row.get(UNREAD):
        return None, str(reason)
    mol, reason = molecule_of(str(row.get("smiles") or ""))
    if mol is None or mol.GetNumAtoms() == 0:
        return None, reason or "the SMILES has no atoms"
    smiles = canonical_smiles(mol)
    columns = {**dict.fromkeys(("id", "smiles", "inchikey")), **row, "smiles": smiles}
    if columns.keys() >= REMOVED:  # by an earlier triage, which this one may judge otherwise
        columns = {name: value for name, value in columns.items() if name not in REMOVED}
    columns["id"] = row.get("id") or molecule_id(smiles)
    columns["inchikey"] = row.get("inchikey") or inchikey(mol)
    return Candidate(columns, mol.ToBinary()), None


def _reward(candidate: Candidate) -> float:
    reward = number(candidate.row, "reward")
    return float("-inf") if reward is None else reward


def _count(
    found: Triaged, step: str, removed: int, left: int, tell: Callable[[str], object]
) -> None:
    found.funnel.append({"step": step, "removed": removed, "left": left})
    tell(f"{step}: {removed:,} removed, {left:,} left")
