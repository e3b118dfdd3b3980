"""The user's own proxy as a reward: what `molgfn proxy fit` made of a table of measurements."""

import math
from collections.abc import Sequence

from rdkit import Chem

from molgfn.proxy.model import load
from molgfn.rewards.base import Scores
from molgfn.rewards.leaf import Leaf
from molgfn.rewards.transforms import Clip, Transform
from molgfn.rewards.weights import as_constants

DEFAULT_NAME = "proxy"


class FittedProxy(Leaf):
    """A fitted proxy's lower confidence bound: log R = log max(floor, transform(mean - kappa std)).

    Its components are `NAME`, the mean; `NAME_score`, what the transform makes of the bound;
    `NAME_std`; and `NAME_domain`, 1 - Tanimoto similarity to the nearest measured molecule.

    Args:
        model: folder that `molgfn proxy fit` wrote.
        transform: makes scores in [0, 1] of the bound; None: as it is, for probabilities only.
        target: which of the model's targets; None: its only one.
        kappa: how many standard deviations are taken off; from 0.
        name: what the mean is called; None: proxy.
        floor: least score that is not raised to it; in (0, 1].
    Raises:
        FileNotFoundError: there is no such folder, or a file is missing.
        ValueError: a folder that is damaged or no proxy, no such target, no transform for a target
            that is no class, or a bad kappa, name or floor.
    """

    def __init__(
        self,
        model: str,
        transform: Transform | None = None,
        target: str | None = None,
        kappa: float = 0.0,
        name: str | None = None,
        floor: float = 0.01,
    ) -> None:
        proxy = load(model)
        column = _column(proxy.targets, target, model)
        if transform is None and not proxy.calibrations[column].classification:
            raise ValueError(
                f"transform is missing: target {proxy.targets[column]!r} of {model} is a number, "
                "so that only you know which values are wanted; accepted is one of "
                "molgfn.rewards.transforms, such as Linear with low and high"
            )
        if not 0 <= kappa < math.inf:
            raise ValueError(f"kappa = {kappa}: accepted are finite numbers from 0")
        super().__init__(DEFAULT_NAME, name, Clip() if transform is None else transform, floor)
        self.proxy = as_constants(proxy)
        self.column, self.kappa = column, kappa

    @property
    def component_names(self) -> tuple[str, ...]:
        return *super().component_names, f"{self.name}_std", f"{self.name}_domain"

    def forward(self, objects: Sequence[Chem.Mol | None]) -> Scores:
        """Score molecules; None, or a molecule the proxy cannot read, fails alone."""
        said = self.proxy.predict(objects)
        mean, std = said.mean[:, self.column], said.std[:, self.column]
        score = self.transform(mean - self.kappa * std)
        parts = dict(zip(self.component_names, (mean, score, std, said.domain), strict=True))
        return Scores(score.clamp(min=self.floor).log(), parts, said.failures)


def _column(targets: Sequence[str], target: str | None, model: str) -> int:
    if target is None and len(targets) == 1:
        return 0
    if target is None or target not in targets:
        raise ValueError(f"target = {target!r}: accepted are {list(targets)}, those of {model}")
    return list(targets).index(target)
