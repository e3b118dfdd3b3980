"""Ridge regression on logarithms of counts of Morgan surroundings."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
import torch
from rdkit import Chem
from torch import Tensor

from molgfn.proxy.fingerprints import Fingerprints, fingerprints
from molgfn.proxy.target_model import Estimate, FitSettings, Molecules, TargetModel

NUM_COUNTS = 2048
NUM_BOOTSTRAPS = 20
PENALTIES = (1.0, 3.0, 10.0, 30.0, 100.0)


class Ridge(TargetModel):
    """Mean and standard deviation over ridge regressions on 20 bootstraps of the molecules.

        prediction = w . log(1 + counts) + b

    The penalty is the one with the least squared error in cross-validation over `settings.fold`.
    Classes are fitted as the numbers 0 and 1.
    """

    kind = "ridge"
    slopes: Tensor  # [2048, 20]
    intercepts: Tensor  # [20]

    def __init__(self, slopes: Tensor, intercepts: Tensor) -> None:
        super().__init__()
        self.register_buffer("slopes", slopes)
        self.register_buffer("intercepts", intercepts)

    @classmethod
    def fit(cls, mols: Sequence[Chem.Mol], values: Tensor, settings: FitSettings) -> Self:
        """Fit to N molecules and values [N]."""
        from sklearn import linear_model
        from sklearn.model_selection import GridSearchCV, GroupKFold

        x, y = log_counts(fingerprints(mols)[0]).numpy(), values.numpy()
        groups = settings.fold.numpy()
        search = GridSearchCV(
            linear_model.Ridge(),
            {"alpha": PENALTIES},
            scoring="neg_mean_squared_error",
            cv=GroupKFold(len(np.unique(groups))),
        ).fit(x, y, groups=groups)
        generator = np.random.default_rng(settings.seed)
        fitted = []
        for _ in range(NUM_BOOTSTRAPS):
            drawn = generator.integers(len(y), size=len(y))
            fitted.append(linear_model.Ridge(**search.best_params_).fit(x[drawn], y[drawn]))
        slopes = torch.tensor(np.stack([one.coef_ for one in fitted], axis=1))
        return cls(slopes.float(), torch.tensor([float(one.intercept_) for one in fitted]))

    def forward(self, molecules: Molecules) -> Estimate:
        """Predict B molecules."""
        said = log_counts(molecules.fingerprints) @ self.slopes + self.intercepts
        return Estimate(said.mean(1), said.std(1))

    def settings(self) -> Mapping[str, Any]:
        """Nothing: the tensors say it all."""
        return {}

    @classmethod
    def rebuild(cls, settings: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> Self:
        """What `settings` and `state_dict` were taken from."""
        return cls(**tensors, **settings)


def log_counts(prints: Fingerprints) -> Tensor:
    """[B, 2048] log(1 + counts), of surroundings folded to 2,048 places."""
    return prints.folded(NUM_COUNTS).log1p()
