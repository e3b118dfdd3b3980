"""Which molecules a model is tested on: new scaffolds, random ones, or the latest."""

from collections.abc import Hashable, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem, rdBase

from molgfn.chem.descriptors import scaffold
from molgfn.proxy.measurements import Measurements
from molgfn.proxy.options import SPLITS


def held_out(measurements: Measurements, split: str, share: float, seed: int) -> NDArray[np.bool_]:
    """[N] True for the molecules to test on, about `share` of them.

    Args:
        split: "scaffold": whole Bemis-Murcko scaffolds; "random": single molecules; "time": what
            was measured last, whatever the seed.
        share: between 0 and 1.
    Raises:
        ValueError: no such split; no times, or molecules without one, for a split by time; or
            nothing would be left on one side.
    """
    if split == "scaffold":
        chosen = whole_groups(scaffolds(measurements.smiles), share, seed)
    elif split == "random":
        chosen = whole_groups(range(len(measurements)), share, seed)
    elif split == "time":
        chosen = latest(measurements.time, share)
    else:
        raise ValueError(f"split = {split!r}: accepted are {', '.join(SPLITS)}")
    if chosen.all() or not chosen.any():
        raise ValueError(
            f"the {split} split of {len(measurements)} molecules, {share:g} of them to test on, "
            "leaves nothing on one side: more molecules are needed, or another split, of "
            f"{', '.join(SPLITS)}"
        )
    return chosen


def scaffolds(smiles: Sequence[str]) -> list[str]:
    """The Bemis-Murcko scaffold of each molecule; all acyclic ones share the empty scaffold."""
    return [_scaffold(one) for one in smiles]


@lru_cache(maxsize=200_000)
def _scaffold(smiles: str) -> str:
    with rdBase.BlockLogs():
        return scaffold(Chem.MolFromSmiles(smiles))


def whole_groups(groups: Sequence[Hashable], share: float, seed: int) -> NDArray[np.bool_]:
    """[N] True for the members of groups, in random order, that together reach `share`.

    Every group is on one side as a whole. One that would overshoot the share is passed over.
    """
    number = np.unique(np.asarray(groups), return_inverse=True)[1]
    size = np.bincount(number)
    wanted = round(share * len(number))
    chosen, taken = np.zeros(len(size), np.bool_), 0
    for group in np.random.default_rng(seed).permutation(len(size)):
        if taken + size[group] <= wanted:
            chosen[group] = True
            taken += size[group]
    return chosen[number]


def latest(time: NDArray[np.float64] | None, share: float) -> NDArray[np.bool_]:
    """[N] True for about `share` of the molecules, the latest; one moment is not divided.

    Raises:
        ValueError: there are no times, or some are unknown.
    """
    if time is None:
        raise ValueError("split = 'time': the table has no column of times; name one that has")
    if missing := int((~np.isfinite(time)).sum()):
        raise ValueError(f"split = 'time': {missing} of {len(time)} molecules have no time")
    moments, count = np.unique(time, return_counts=True)
    later = count[::-1].cumsum()[::-1]  # molecules from each moment on
    first = moments[np.abs(later - share * len(time)).argmin()]
    return np.asarray(time >= first)
