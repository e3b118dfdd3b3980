"""What a set of different molecules is worth to a chemist: novelty, coverage, modes, properties."""

import heapq
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem
from rdkit.SimDivFilters.rdSimDivPickers import LeaderPicker

from molgfn.chem.descriptors import descriptors, scaffold
from molgfn.chem.known_molecules import KnownMolecules
from molgfn.chem.molecule_file import molecules, named_molecules
from molgfn.chem.similarity import fingerprints

CIRCLE = 0.75  # Tanimoto distance
MODE = 0.7  # Tanimoto similarity
MAX_DESCRIBED = 2000  # molecules whose properties are computed: 7 ms each
PROPERTIES = ("mw", "logp", "tpsa", "hbd", "hba", "rotatable_bonds", "rings", "qed", "sa")


def num_circles(mols: Sequence[Chem.Mol], distance: float = CIRCLE) -> int:
    """#Circles: how many molecules were found of which any two are farther apart than a distance.

    A greedy choice in the order given, and so a lower bound of the largest such set.

    Args:
        distance: of Tanimoto, 1 - similarity.
    Source: Xie et al. 2023, "How Much Space Has Been Explored? Measuring the Chemical Space Covered
        by Databases and Machine-Generated Molecules", ICLR.
    """
    if not mols:
        return 0
    return len(LeaderPicker().LazyBitVectorPick(fingerprints(mols), len(mols), distance))


def modes(
    mols: Sequence[Chem.Mol], rewards: NDArray[np.float64], thresholds: Sequence[float]
) -> dict[str, dict[str, int]]:
    """Different good molecules, counted in three ways, above each threshold of the reward.

    Args:
        rewards: [N], of N different molecules.
    Returns:
        threshold -> num_molecules above it; num_modes: of these, the best first, those that are
        less similar than `MODE` to every mode before them; num_scaffolds.
    Source: of modes, Bengio et al. 2021, arXiv:2106.04399, section 4.2.
    """
    best_first = np.argsort(-rewards, kind="stable")
    found = {}
    for threshold in thresholds:
        good = [mols[i] for i in best_first if rewards[i] > threshold]
        found[f"{threshold:g}"] = {
            "num_molecules": len(good),
            "num_modes": num_circles(good, 1 - MODE),
            "num_scaffolds": len({scaffold(mol) for mol in good}),
        }
    return found


def property_metrics(
    mols: Sequence[Chem.Mol], reference: Path | None = None, seed: int = 0
) -> dict[str, Any]:
    """Properties of at most `MAX_DESCRIBED` molecules, and how they differ from a reference.

    Args:
        mols: different ones, not none.
        reference: path of a file of molecules, see `molgfn.chem.molecule_file`, of any size; at
            most `MAX_DESCRIBED` of it are described.
    Returns:
        num_described; share_without_alerts of PAINS, BRENK and NIH; properties: of each of
        `PROPERTIES` its mean and std, and with a reference reference_mean and wasserstein, the
        distance of the two distributions in the unit of the property. With a reference also
        novelty: the share of all molecules that are not in it, stereo marks aside. A reference of
        InChIKeys gives novelty only.
    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it holds no molecules that can be read.
    """
    rng = np.random.default_rng(seed)
    chosen = np.sort(rng.permutation(len(mols))[:MAX_DESCRIBED])
    rows = [descriptors(mols[i]) for i in chosen]
    values = _columns(rows)
    of_property: dict[str, dict[str, float]] = {
        name: {"mean": float(column.mean()), "std": float(column.std())}
        for name, column in values.items()
    }
    found: dict[str, Any] = {
        "num_described": len(rows),
        "share_without_alerts": sum(not row["alerts"] for row in rows) / len(rows),
        "properties": of_property,
    }
    if reference is None:
        return found
    known = KnownMolecules(reference)
    found["novelty"] = sum(mol not in known for mol in mols) / len(mols)
    if known.by_inchikey:
        return found
    from scipy.stats import wasserstein_distance

    for name, column in _reference_columns(reference, rng).items():
        of_property[name]["reference_mean"] = float(column.mean())
        of_property[name]["wasserstein"] = float(wasserstein_distance(values[name], column))
    return found


def _reference_columns(path: Path, rng: np.random.Generator) -> dict[str, NDArray[np.float64]]:
    """Properties of some molecules of a file, each equally likely among them."""
    named = ((rng.random(), line, text) for line, text in named_molecules(path))
    chosen = sorted(heapq.nlargest(MAX_DESCRIBED, named), key=lambda entry: entry[1])
    mols = molecules(((line, text) for _, line, text in chosen), str(path))
    return _columns([descriptors(mol) for mol in mols])


def _columns(rows: Sequence[dict[str, Any]]) -> dict[str, NDArray[np.float64]]:
    return {name: np.array([row[name] for row in rows], dtype=np.float64) for name in PROPERTIES}
