"""Steps of a triage that look at one molecule at a time, or at which are equal."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Protocol

from rdkit import Chem

from molgfn.chem.alerts import USUAL, alerts
from molgfn.chem.processes import Processes
from molgfn.chem.ring_systems import ring_systems
from molgfn.rewards.ring_systems import RingRarity
from molgfn.rewards.transforms import Clip
from molgfn.triage.candidate import Candidate, described, number
from molgfn.triage.config import Range
from molgfn.triage.told import told


class Step(Protocol):
    """One step: what it removes, and why.

    Attributes:
        name: in the funnel.
        removes: whether it can; a step that only adds columns is not in the funnel.
    """

    name: str
    removes: bool

    def __call__(self, candidates: Sequence[Candidate]) -> list[str | None]:
        """The reason for each candidate to go, None for it to stay; may add columns.

        Args:
            candidates: those that are left, the best first.
        """
        ...


class Duplicates:
    """Removes what has the InChIKey of a better candidate; without one the SMILES counts."""

    name = "duplicates"
    removes = True

    def __call__(self, candidates: Sequence[Candidate]) -> list[str | None]:
        first: dict[str, str] = {}
        reasons: list[str | None] = []
        for candidate in candidates:
            key = candidate.row["inchikey"] or candidate.row["smiles"]
            reasons.append(f"the same molecule as {first[key]}" if key in first else None)
            first.setdefault(key, str(candidate.row["id"]))
        return reasons


class MinReward:
    """Removes what has less than the least reward, or none."""

    name = "reward"
    removes = True

    def __init__(self, least: float) -> None:
        self.least = least

    def __call__(self, candidates: Sequence[Candidate]) -> list[str | None]:
        """Raises ValueError where no candidate has a reward."""
        if candidates and all(candidate.reward is None for candidate in candidates):
            raise ValueError(
                f"min_reward = {self.least:g}, but no candidate has a number in a column `reward`; "
                "accepted is such a column, or min_reward: null"
            )
        return [self._reason(candidate.reward) for candidate in candidates]

    def _reason(self, reward: float | None) -> str | None:
        if reward is None:
            return "it has no reward"
        return f"reward {reward:.4g} is below {self.least:g}" if reward < self.least else None


class Described:
    """Adds the number of heavy atoms, and the descriptors of rows that do not have all.

    Args:
        tell: gets a line every few seconds.
        processes: which compute them.
    """

    name = "descriptors"
    removes = False

    def __init__(self, tell: Callable[[str], object], processes: Processes) -> None:
        self.tell, self.processes = tell, processes

    def __call__(self, candidates: Sequence[Candidate]) -> list[str | None]:
        lacking = [candidate for candidate in candidates if not candidate.is_described]
        found = self.processes.map(described, [candidate.packed for candidate in lacking])
        for candidate, columns in told(zip(lacking, found, strict=True), self.name, self.tell):
            candidate.add(columns)
        for candidate in candidates:
            candidate.row["heavy_atoms"] = candidate.mol.GetNumHeavyAtoms()
        return [None] * len(candidates)


class Properties:
    """Removes what is outside the range of a property; all that are outside are named."""

    name = "properties"
    removes = True

    def __init__(self, ranges: Mapping[str, Range]) -> None:
        self.ranges = ranges

    def __call__(self, candidates: Sequence[Candidate]) -> list[str | None]:
        return [self._reason(candidate) for candidate in candidates]

    def _reason(self, candidate: Candidate) -> str | None:
        found = []
        for name, bounds in self.ranges.items():
            value = number(candidate.row, name)
            if value is None:
                found.append(f"{name} is unknown")
            elif bounds.min is not None and value < bounds.min:
                found.append(f"{name} {value:.4g} is below {bounds.min:g}")
            elif bounds.max is not None and value > bounds.max:
                found.append(f"{name} {value:.4g} is above {bounds.max:g}")
        return "; ".join(found) or None


class Alerts:
    """Removes what has a structural alert, which is named.

    The column `alerts` then has those of the chosen catalogues only.

    Args:
        processes: which look for alerts of catalogues that `Described` did not look at.
    """

    name = "alerts"
    removes = True

    def __init__(self, catalogues: Sequence[str], processes: Processes) -> None:
        self.catalogues, self.processes = catalogues, processes

    def __call__(self, candidates: Sequence[Candidate]) -> list[str | None]:
        for candidate, found in zip(candidates, self._found(candidates), strict=True):
            candidate.row["alerts"] = "; ".join(found)
        return [candidate.row["alerts"] or None for candidate in candidates]

    def _found(self, candidates: Sequence[Candidate]) -> Iterator[list[str]]:
        """Those of the column `alerts` where it can have them."""
        if not set(self.catalogues) <= set(USUAL):
            look = partial(_alerts, catalogues=tuple(self.catalogues))
            return self.processes.map(look, [candidate.packed for candidate in candidates])
        named = (str(candidate.row["alerts"] or "").split("; ") for candidate in candidates)
        return (
            [name for name in names if name.split(" ")[0] in self.catalogues] for names in named
        )


def _alerts(packed: bytes, catalogues: Sequence[str]) -> list[str]:
    return alerts(Chem.Mol(packed), catalogues)


class RareRings:
    """Removes what has a ring system that is too rare, which is named; adds `ring_rarity`."""

    name = "ring systems"
    removes = True

    def __init__(self, most: float, table: str | None) -> None:
        self.most = most
        self.rarity = RingRarity(table, Clip())

    def __call__(self, candidates: Sequence[Candidate]) -> list[str | None]:
        return [self._reason(candidate) for candidate in candidates]

    def _reason(self, candidate: Candidate) -> str | None:
        mol = candidate.mol
        rarity = candidate.row["ring_rarity"] = self.rarity.measure(mol)
        if rarity <= self.most:
            return None
        known = self.rarity.known
        systems = sorted(ring_systems(mol))
        rarest = min(systems, key=lambda system: known.counts.get(system, 0))
        return (
            f"ring system {rarest} is in {known.counts.get(rarest, 0)} of {known.num_molecules} "
            f"molecules: rarity {rarity:.2f} is above {self.most:g}"
        )
