"""A fitted proxy: molecules in, means, standard deviations and distances to its data out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from rdkit import Chem
from torch import Tensor, nn

from molgfn.chem.atom_features import atom_graphs
from molgfn.proxy.calibration import Calibration
from molgfn.proxy.fingerprints import fingerprints
from molgfn.proxy.forest import Forest
from molgfn.proxy.gaussian_process import GaussianProcess
from molgfn.proxy.network import NetworkEnsemble
from molgfn.proxy.ridge import Ridge
from molgfn.proxy.similarity import Known
from molgfn.proxy.standard import parents
from molgfn.proxy.target_model import Molecules, TargetModel

KINDS: Mapping[str, type[TargetModel]] = {
    cls.kind: cls for cls in (GaussianProcess, Ridge, Forest, NetworkEnsemble)
}
CHUNK = 256
"""Molecules at once: what they share with 1,800 known ones then takes a few megabytes."""


@dataclass(frozen=True)
class Predictions:
    """What a proxy says of N molecules, NaN where `failures` has a reason.

    Attributes:
        mean: [N, T] float32, of T targets in their units; of a class, how probable it is.
        std: [N, T] float32, likewise: how far the truth may be from it.
        domain: [N] float32, 1 - Tanimoto similarity to the nearest molecule that the proxy was
            fitted to: 0 for a known one, and towards 1 the less it can know.
        failures: position -> why that molecule could not be predicted.
    """

    mean: Tensor
    std: Tensor
    domain: Tensor
    failures: Mapping[int, str]


class ProxyModel(nn.Module):
    """T calibrated models and the molecules that they were fitted to.

    Args:
        targets: [T] their names.
        models: [T].
        calibrations: [T].
        known: the molecules, compared without counts.
    """

    def __init__(
        self,
        targets: Sequence[str],
        models: Sequence[TargetModel],
        calibrations: Sequence[Calibration],
        known: Known,
    ) -> None:
        super().__init__()
        self.targets = list(targets)
        self.models = nn.ModuleList(models)
        self.calibrations = list(calibrations)
        self.known = known

    @property
    def device(self) -> torch.device:
        """Where predictions are made."""
        return self.known.size.device

    @torch.no_grad()
    def predict(self, mols: Sequence[Chem.Mol | None]) -> Predictions:
        """Predict N molecules in their standard form, which is what the models were fitted to.

        None, or a molecule that cannot be read or has no such form, fails alone.
        """
        parent, unsuitable = parents(mols)
        graphs = any(model.reads_graphs for model in self.kinds)
        parts: list[tuple[Tensor, Tensor, Tensor]] = []
        failures: dict[int, str] = {}
        for start in range(0, len(parent), CHUNK):
            molecules, unread = read(parent[start : start + CHUNK], graphs)
            with torch.autocast(self.device.type, enabled=False):
                parts.append(self(molecules.to(self.device)))
            failures |= {start + position: reason for position, reason in unread.items()}
        empty = torch.empty(0, len(self.targets), device=self.device)
        parts.append((empty, empty, empty[:, 0]))
        mean, std, domain = (torch.cat(columns) for columns in zip(*parts, strict=True))
        failures |= unsuitable
        strange = ~(mean.isfinite().all(1) & std.isfinite().all(1))
        for position in strange.nonzero()[:, 0].tolist():
            failures.setdefault(position, "the prediction is not finite")
        bad = torch.tensor(sorted(failures), dtype=torch.long, device=self.device)
        for column in (mean, std, domain):
            column[bad] = torch.nan
        return Predictions(mean, std, domain, failures)

    def forward(self, molecules: Molecules) -> tuple[Tensor, Tensor, Tensor]:
        """[B, T] means and standard deviations, and [B] distances to what is known."""
        said = [
            calibration(model(molecules))
            for model, calibration in zip(self.kinds, self.calibrations, strict=True)
        ]
        mean = torch.stack([one.mean for one in said], 1).float()
        std = torch.stack([one.std for one in said], 1).float()
        return mean, std, 1 - self.known(molecules.fingerprints).amax(1)

    @property
    def kinds(self) -> list[TargetModel]:
        """The models, one of each target."""
        return [model for model in self.models if isinstance(model, TargetModel)]


def read(mols: Sequence[Chem.Mol | None], graphs: bool) -> tuple[Molecules, dict[int, str]]:
    """B molecules as models read them, and position -> why one could not be read.

    Args:
        graphs: whether some model asks for atoms and bonds.
    """
    prints, failures = fingerprints(mols)
    if not graphs:
        return Molecules(prints, None), failures
    read_graphs, unread = atom_graphs(mols)
    return Molecules(prints, read_graphs), {**unread, **failures}
