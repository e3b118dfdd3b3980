"""Fit proxies to the measured sEH molecules on five scaffold splits; prints a JSON line for each.

    MOLGFN_SEH=... python scripts/benchmark_proxy_fit.py [--seeds 5] [--threads 1] [--models ...]

The last line has the means. Beside the kinds of `molgfn proxy fit` stands a plain random forest of
scikit-learn on Morgan fingerprints, of the same molecules. `recommended` is the kind that `fit`
chose without the test molecules; `predictions_per_second` are of the proxy that it saves.
"""

import argparse
import json
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from machine import machine, median_seconds
from rdkit import Chem
from rdkit.Chem import rdFingerprintGenerator

from molgfn.proxy.columns import find_columns
from molgfn.proxy.curate import curate
from molgfn.proxy.fit import fit
from molgfn.proxy.measurements import Measurements
from molgfn.proxy.metrics import measure
from molgfn.proxy.options import MODELS, FitOptions
from molgfn.proxy.scale import Scale
from molgfn.proxy.table import read_table
from molgfn.proxy.target_model import Estimate

TARGET = "pChEMBL Value"
FOREST = "random_forest"
BATCH = 64
COMPARED = ("spearman", "rmse", "mae", "r2", "spearman_std_error", "coverage_80", "coverage_95")


def measured_molecules(path: Path) -> Measurements:
    """The molecules of a table of ChEMBL that have a pChEMBL value."""
    table = read_table(path)
    return curate(table, find_columns(table, [TARGET], None, None, needs_time=False), Scale())


def random_forest(data: Measurements, test: np.ndarray, seed: int, trees: int) -> dict[str, Any]:
    """Test metrics of scikit-learn's forest on 2,048 bits of radius 2; std is that of its trees."""
    from sklearn.ensemble import RandomForestRegressor

    generator = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=2048)
    bits = np.stack(
        [generator.GetFingerprintAsNumPy(Chem.MolFromSmiles(one)) for one in data.smiles]
    )
    values = data.values[:, 0]
    forest = RandomForestRegressor(trees, max_features=1 / 3, random_state=seed)
    forest.fit(bits[~test], values[~test])
    said = torch.tensor(np.stack([tree.predict(bits[test]) for tree in forest.estimators_]))
    estimate = Estimate(said.mean(0), said.std(0))
    return dict(measure(estimate, torch.from_numpy(values[test]), classification=False))


def one_split(
    data: Measurements, seed: int, models: Sequence[str], trees: int, max_minutes: float
) -> dict[str, Any]:
    """What is found on one split."""
    start = time.perf_counter()
    fitted = fit(data, FitOptions(seed=seed, models=tuple(models), max_minutes=max_minutes))
    seconds = time.perf_counter() - start
    (report,) = fitted.reports
    mols = [Chem.MolFromSmiles(one) for one in data.smiles[:BATCH]]
    found = {kind: dict(metrics["test"]) for kind, metrics in report.metrics.items()}
    return {
        "seed": seed,
        "molecules": len(data),
        "tested": len(report.tested),
        "recommended": report.recommended,
        "fit_seconds": round(seconds, 1),
        "predictions_per_second": round(
            len(mols) / median_seconds(lambda: fitted.model.predict(mols), 9)
        ),
        "models": {FOREST: random_forest(data, fitted.test, seed, trees), **found},
    }


def means(splits: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Means over splits, of each kind and of the one that was recommended."""
    kinds = {kind: [one["models"][kind] for one in splits] for kind in splits[0]["models"]}
    kinds["recommended"] = [one["models"][one["recommended"]] for one in splits]
    return {
        "splits": len(splits),
        "fit_seconds": max(one["fit_seconds"] for one in splits),
        "mean": {
            kind: {
                name: round(float(np.mean([metrics[name] for metrics in found])), 3)
                for name in COMPARED
            }
            for kind, found in kinds.items()
        },
        **machine("cpu"),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--input", type=Path, help="default: seh_chembl.csv in $MOLGFN_SEH")
    parser.add_argument("--seeds", type=int, default=5, help="splits (default 5)")
    parser.add_argument("--threads", type=int, default=1, help="threads of PyTorch (default 1)")
    parser.add_argument("--trees", type=int, default=300, help="of the random forest (default 300)")
    parser.add_argument("--models", nargs="+", choices=MODELS, default=MODELS, help="default all")
    parser.add_argument("--max-minutes", type=float, default=10.0, help="of a fit (default 10)")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    path = args.input or Path(os.environ.get("MOLGFN_SEH", "../shared/seh")) / "seh_chembl.csv"
    data = measured_molecules(path)
    splits = []
    for seed in range(args.seeds):
        splits.append(one_split(data, seed, args.models, args.trees, args.max_minutes))
        print(json.dumps(splits[-1]), flush=True)
    print(json.dumps(means(splits)))


if __name__ == "__main__":
    main()
