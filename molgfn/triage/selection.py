"""Steps of a triage that look at all molecules together: clusters, and who stands for them."""

from collections import Counter
from collections.abc import Sequence

from rdkit.SimDivFilters.rdSimDivPickers import MaxMinPicker

from molgfn.triage.butina import butina
from molgfn.triage.candidate import Candidate


class Clusters:
    """Removes nothing; adds `cluster`, numbered from 1 in the order of their best members.

    Args:
        similarity: see `butina`.
    """

    name = "clusters"
    removes = False

    def __init__(self, similarity: float) -> None:
        self.similarity = similarity

    def __call__(self, candidates: Sequence[Candidate]) -> list[str | None]:
        clusters = butina([candidate.fingerprint for candidate in candidates], self.similarity)
        for number, members in enumerate(sorted(clusters, key=min), start=1):
            for i in members:
                candidates[i].row["cluster"] = number
        return [None] * len(candidates)


class BestOfEach:
    """Removes all but the best k of each value of a column.

    Args:
        column: "cluster" or "scaffold"; all molecules without a ring have one scaffold.
    """

    removes = True

    def __init__(self, column: str, most: int) -> None:
        self.name = f"best of each {column}"
        self.column, self.most = column, most

    def __call__(self, candidates: Sequence[Candidate]) -> list[str | None]:
        seen: Counter[object] = Counter()
        reasons: list[str | None] = []
        for candidate in candidates:
            value = candidate.row[self.column]
            seen[value] += 1
            over = seen[value] > self.most
            shown = value or "of molecules without a ring"
            reasons.append(
                f"number {seen[value]} of {self.column} {shown}, of which {self.most} stay"
                if over
                else None
            )
        return reasons


class Diverse:
    """Removes all but n molecules that are unlike each other; the best is one of them.

    Each is the molecule whose nearest one among those chosen before is farthest.
    Source: Ashton et al. 2002, Quant. Struct.-Act. Relat. 21, 598; RDKit's MaxMinPicker.
    """

    name = "diverse"
    removes = True

    def __init__(self, most: int) -> None:
        self.most = most

    def __call__(self, candidates: Sequence[Candidate]) -> list[str | None]:
        if len(candidates) <= self.most:
            return [None] * len(candidates)
        prints = [candidate.fingerprint for candidate in candidates]
        picker = MaxMinPicker()
        chosen = set(picker.LazyBitVectorPick(prints, len(prints), self.most, [0]))
        reason = f"not among the {self.most} that are most unlike each other"
        return [None if i in chosen else reason for i in range(len(candidates))]
