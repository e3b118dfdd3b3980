"""From measurements to a proxy: kinds of models on the same molecules, and the better one kept."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from rdkit import Chem

from molgfn.proxy.calibration import Calibration, calibrated
from molgfn.proxy.checks import Rows, check_target, is_classification
from molgfn.proxy.fingerprints import fingerprints
from molgfn.proxy.fitted import Fitted, TargetReport
from molgfn.proxy.folds import divide, folds
from molgfn.proxy.measurements import Excluded, Measurements
from molgfn.proxy.metrics import mean_squared_error, measure, summary
from molgfn.proxy.options import FitOptions
from molgfn.proxy.proxy_model import KINDS, ProxyModel, read
from molgfn.proxy.similarity import Known
from molgfn.proxy.splits import held_out, scaffolds
from molgfn.proxy.target_model import Estimate, FitSettings, TargetModel

INNER_SHARE = 0.2
NUM_FOLDS = 5
Tell = Callable[[str], object]


def fit(measurements: Measurements, options: FitOptions, tell: Tell = lambda line: None) -> Fitted:
    """Compare kinds of models, recommend one, and fit it to all molecules.

    For each target, on the molecules that have a value:

    1. the test molecules are set aside (`options.split`);
    2. each kind is fitted to four fifths of the others; the fifth, of other scaffolds, calibrates
       what it says of its errors, and the kind with the least mean squared error on it is
       recommended;
    3. each kind is fitted to all molecules that are not tested on, and measured on the test;
    4. the recommended kind is fitted to all molecules, and calibrated on the errors of step 3.

    A value that is a bound is learned as if it were exact, and never measured on.

    Args:
        tell: what gets a line for each fit.
    Raises:
        ValueError: fewer than ten molecules, all values equal, or a split that is impossible.
    """
    measurements, mols = readable(measurements, options)
    test = held_out(measurements, options.split, options.test_share, options.seed)
    ends = time.monotonic() + 60 * options.max_minutes
    models, calibrations, reports = [], [], []
    for column, target in enumerate(measurements.targets):
        now, left = time.monotonic(), len(measurements.targets) - column
        until = now + (ends - now) / left
        one = _Target(measurements, mols, column, target, test, options, until, tell)
        model, calibration, report = one.fit()
        models.append(model)
        calibrations.append(calibration)
        reports.append(report)
    known = Known.of(fingerprints(mols)[0], counted=False)
    proxy = ProxyModel(measurements.targets, models, calibrations, known).eval()
    return Fitted(proxy, measurements, options, test, reports)


def readable(
    measurements: Measurements, options: FitOptions
) -> tuple[Measurements, list[Chem.Mol]]:
    """The molecules that every asked kind can read; the others are added to `excluded`."""
    mols = [Chem.MolFromSmiles(smiles) for smiles in measurements.smiles]
    graphs = any(KINDS[kind].reads_graphs for kind in options.models)
    _, failures = read(mols, graphs)
    if not failures:
        return measurements, mols
    kept = np.array([position not in failures for position in range(len(mols))])
    lost = [Excluded(0, measurements.smiles[i], why) for i, why in sorted(failures.items())]
    time = measurements.time
    left = Measurements(
        smiles=[smiles for smiles, keep in zip(measurements.smiles, kept, strict=True) if keep],
        values=measurements.values[kept],
        targets=measurements.targets,
        spread=measurements.spread[kept],
        relation=measurements.relation[kept],
        time=None if time is None else time[kept],
        excluded=[*measurements.excluded, *lost],
        notes=[*measurements.notes, f"{len(lost)} molecules cannot be read by the models"],
    )
    return left, [mol for mol, keep in zip(mols, kept, strict=True) if keep]


class _Target:
    """The fits of one target."""

    def __init__(
        self,
        measurements: Measurements,
        mols: list[Chem.Mol],
        column: int,
        name: str,
        test: Rows,
        options: FitOptions,
        ends: float,
        tell: Tell,
    ) -> None:
        values = measurements.values[:, column]
        self.measured = np.isfinite(values)
        self.exact = self.measured & (measurements.relation[:, column] == "=")
        self.name, self.options, self.ends, self.tell = name, options, ends, tell
        self.mols, self.values, self.test = mols, torch.from_numpy(values), test
        self.classification = is_classification(values[self.measured], options.task, name)
        check_target(values, self.measured, self.exact & test, name)
        self.groups = scaffolds(measurements.smiles)

    def fit(self) -> tuple[TargetModel, Calibration, TargetReport]:
        """What is kept, and what was found on the way."""
        train = self.measured & ~self.test
        inner = divide(train, self.groups, INNER_SHARE, self.options.seed + 1)
        judged = inner & self.exact if (inner & self.exact).any() else inner
        tested = self.exact & self.test
        metrics: dict[str, Any] = {}
        estimates: dict[str, Estimate] = {}
        raw: dict[str, Estimate] = {}
        for kind in self.kinds():
            before, seconds = self.timed(kind, train & ~inner, 1 / 3)
            said = predict(before, self.chosen(judged))
            calibration = calibrated(said, self.values[judged], self.classification)
            error = mean_squared_error(calibration(said), self.values[judged])
            model, more = self.timed(kind, train, 1 / 2)
            raw[kind] = predict(model, self.chosen(tested))
            estimates[kind] = calibration(raw[kind])
            found = measure(estimates[kind], self.values[tested], self.classification)
            metrics[kind] = {
                "test": found,
                "validation_mean_squared_error": error,
                "fit_seconds": round(seconds + more, 2),
                "cut_short": model.cut_short,
            }
            self.tell(f"{self.name}: {kind} has {summary(found)} ({seconds + more:.1f} s)")
        best = min(metrics, key=lambda kind: metrics[kind]["validation_mean_squared_error"])
        final, seconds = self.timed(best, self.measured, 1)
        self.tell(f"{self.name}: {best} is kept, fitted to all molecules in {seconds:.1f} s")
        calibration = calibrated(raw[best], self.values[tested], self.classification)
        report = TargetReport(
            name=self.name,
            classification=self.classification,
            recommended=best,
            num_molecules=int(self.measured.sum()),
            num_trained=int(train.sum()),
            num_validated=int(judged.sum()),
            tested=np.flatnonzero(tested),
            metrics=metrics,
            estimates=estimates,
        )
        return final, calibration, report

    def kinds(self) -> list[str]:
        """Those asked for that can be fitted to so many molecules.

        Raises:
            ValueError: there is none.
        """
        count = int(self.measured.sum())
        kept = []
        for kind in self.options.models:
            most = KINDS[kind].most_molecules
            if most is None or count <= most:
                kept.append(kind)
                continue
            self.tell(f"{self.name}: {kind} is left out: it can be fitted to {most:,} molecules")
        if not kept:
            raise ValueError(
                f"target {self.name!r} has {count:,} molecules, which is too many for "
                f"{', '.join(self.options.models)}; accepted is another of the models "
                f"{', '.join(KINDS)}"
            )
        return kept

    def timed(self, kind: str, rows: Rows, share: float) -> tuple[TargetModel, float]:
        """A model of some molecules, and the seconds that it took.

        Args:
            share: of the time that is left, which it may take.
        """
        start = time.perf_counter()
        model = KINDS[kind].fit(self.chosen(rows), self.values[rows], self.settings(rows, share))
        return model.eval(), time.perf_counter() - start

    def settings(self, rows: Rows, share: float) -> FitSettings:
        """Of a fit to these molecules, in folds of whole scaffolds."""
        left = np.flatnonzero(rows)
        fold = folds([self.groups[i] for i in left], NUM_FOLDS, self.options.seed)
        return FitSettings(
            classification=self.classification,
            seed=self.options.seed,
            members=self.options.members,
            fold=torch.from_numpy(fold),
            max_seconds=share * max(self.ends - time.monotonic(), 0.0),
        )

    def chosen(self, rows: Rows) -> list[Chem.Mol]:
        return [self.mols[i] for i in np.flatnonzero(rows)]


@torch.no_grad()
def predict(model: TargetModel, mols: list[Chem.Mol]) -> Estimate:
    """Raw estimates of molecules that can be read."""
    parts = [
        model(read(mols[start : start + 256], model.reads_graphs)[0])
        for start in range(0, len(mols), 256)
    ]
    return Estimate(torch.cat([p.mean for p in parts]), torch.cat([p.std for p in parts]))
