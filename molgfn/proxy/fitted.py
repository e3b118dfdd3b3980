"""What a fit found, and the folder that it becomes."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

import molgfn
from molgfn.proxy.measurements import Measurements, excluded_table
from molgfn.proxy.model import save_model, sha256
from molgfn.proxy.options import FitOptions
from molgfn.proxy.proxy_model import ProxyModel
from molgfn.proxy.target_model import Estimate

if TYPE_CHECKING:
    import pandas as pd

DATA, METRICS, EXCLUDED, HELD_OUT = "data.csv", "metrics.json", "excluded.csv", "held_out.csv"
CARD, PICTURE = "card.md", "parity.png"


@dataclass(frozen=True)
class TargetReport:
    """What was found of one target.

    Attributes:
        name: of the target.
        classification: whether its values are classes.
        recommended: the kind that is kept.
        num_molecules: with a value.
        num_trained: that are not tested on.
        num_validated: of those, which the kind was chosen by.
        tested: [M] positions of the molecules that were tested on.
        metrics: kind -> test metrics, validation error and seconds.
        estimates: kind -> calibrated predictions of the test molecules [M].
    """

    name: str
    classification: bool
    recommended: str
    num_molecules: int
    num_trained: int
    num_validated: int
    tested: NDArray[np.int64]
    metrics: Mapping[str, Any]
    estimates: Mapping[str, Estimate]


@dataclass(frozen=True)
class Fitted:
    """A proxy that is fitted to all molecules, and how good its kind is on those held out.

    Attributes:
        model: of all targets.
        measurements: all that it is fitted to.
        options: what was asked for.
        test: [N] True for the molecules that were held out.
        reports: [T].
    """

    model: ProxyModel
    measurements: Measurements
    options: FitOptions
    test: NDArray[np.bool_]
    reports: list[TargetReport]

    def metrics(self) -> dict[str, Any]:
        """The content of `metrics.json`."""
        return {
            "split": self.options.split,
            "seed": self.options.seed,
            "version": molgfn.__version__,
            "molecules": len(self.measurements),
            "targets": {
                one.name: {
                    "task": "classification" if one.classification else "regression",
                    "recommended": one.recommended,
                    "molecules": one.num_molecules,
                    "trained": one.num_trained,
                    "validated": one.num_validated,
                    "tested": len(one.tested),
                    "models": one.metrics,
                }
                for one in self.reports
            },
        }

    def held_out(self) -> "pd.DataFrame":
        """The molecules that were tested on, with what each kind says of them; a row for each."""
        import pandas as pd

        tables = []
        for number, one in enumerate(self.reports):
            columns: dict[str, Any] = {
                "smiles": [self.measurements.smiles[i] for i in one.tested],
                "target": one.name,
                "measured": self.measurements.values[one.tested, number],
            }
            for kind, said in one.estimates.items():
                columns[f"{kind}_mean"], columns[f"{kind}_std"] = said.mean, said.std
            tables.append(pd.DataFrame(columns))
        return pd.concat(tables, ignore_index=True)

    def save(self, folder: Path) -> None:
        """Write the folder that `molgfn.proxy.model.load` reads; it is made if it is not there."""
        from molgfn.proxy.card import card
        from molgfn.proxy.picture import draw

        folder.mkdir(parents=True, exist_ok=True)
        self.measurements.table().to_csv(folder / DATA, index=False)
        excluded_table(self.measurements.excluded).to_csv(folder / EXCLUDED, index=False)
        self.held_out().to_csv(folder / HELD_OUT, index=False)
        text = json.dumps(self.metrics(), indent=2, allow_nan=False) + "\n"
        (folder / METRICS).write_text(text)
        draw(self, folder / PICTURE)
        checksum = sha256(folder / DATA)
        about = {
            "options": asdict(self.options),
            "molecules": len(self.measurements),
            "data_sha256": checksum,
            "notes": self.measurements.notes,
        }
        save_model(self.model, folder, about)
        (folder / CARD).write_text(card(self, checksum))
