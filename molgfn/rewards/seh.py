"""The sEH rewards: the published proxy, and the student of it that ships with the package."""

from collections.abc import Sequence
from pathlib import Path

import torch
from rdkit import Chem
from torch import Tensor, nn

from molgfn.chem.atom_features import atom_graphs
from molgfn.chem.published import PROXY, check_sha256, verify
from molgfn.chem.resources import published, shipped
from molgfn.chem.tree_molecules import TreeMolecules
from molgfn.rewards.base import Reward, Scores
from molgfn.rewards.messages import BondMessages
from molgfn.rewards.seh_network import SEHNetwork, load_seh_weights
from molgfn.rewards.seh_student import load_student
from molgfn.rewards.weights import as_constants

COMPONENT = "seh_proxy"
SCORE = "seh_proxy_score"
CPU_CHUNK = 64
"""Molecules at once on a CPU: their states fit its cache, which is a sixth faster than 128."""
GPU_CHUNK = 8192


class SEHProxy(Reward):
    """The published sEH proxy: log R = log(max(floor, proxy) / scale).

    Its components are `seh_proxy`, raw, and `seh_proxy_score`, which is R and may exceed 1.

    Args:
        weights: path of `best_params.pkl.gz`; None: where `scripts/download_seh.py` put it.
        floor: least value of the proxy that is not raised to it; above 0.
        scale: what the proxy is divided by; above 0.
        sha256: checksum that the file must have; None: the published one.
    Raises:
        FileNotFoundError: the weights were not downloaded.
        ValueError: wrong checksum, a file that is no such proxy, or a bad floor or scale.
    Source: Bengio et al. 2021, arXiv:2106.04399; Malkin et al. 2022, arXiv:2201.13259, Sec. 5.2.
    """

    def __init__(
        self,
        weights: str | None = None,
        floor: float = 0.1,
        scale: float = 8.0,
        sha256: str | None = None,
    ) -> None:
        super().__init__()
        _check_transform(floor, scale)
        path = published(PROXY) if weights is None else Path(weights)
        if sha256 is None:
            verify(path, PROXY)
        else:
            check_sha256(path, sha256)
        self.floor, self.scale = floor, scale
        self.network = SEHNetwork(load_seh_weights(path))

    @property
    def component_names(self) -> tuple[str, ...]:
        return COMPONENT, SCORE

    def forward(self, objects: Sequence[Chem.Mol | None]) -> Scores:
        """Score molecules; None, or a molecule the proxy cannot read, fails alone."""
        return _score(self.network, objects, self.floor, self.scale)


class SEHStudent(Reward):
    """The shipped student of the published sEH proxy: nothing has to be downloaded.

    How far it agrees with the proxy is stated in its card, `data/models/seh_student.md`.

    Args:
        weights: path of a student's safetensors file; None: the shipped one.
        floor: least prediction that is not raised to it; above 0.
        scale: what the prediction is divided by; above 0.
    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is damaged or no student, or a bad floor or scale.
    """

    def __init__(self, weights: str | None = None, floor: float = 0.1, scale: float = 8.0) -> None:
        super().__init__()
        _check_transform(floor, scale)
        self.floor, self.scale = floor, scale
        path = shipped("models/seh_student.safetensors") if weights is None else Path(weights)
        self.network = as_constants(load_student(path))

    @property
    def component_names(self) -> tuple[str, ...]:
        return COMPONENT, SCORE

    def forward(self, objects: Sequence[Chem.Mol | None]) -> Scores:
        """Score molecules; None, or a molecule the student cannot read, fails alone."""
        return _score(self.network, objects, self.floor, self.scale)


def _predict(
    network: nn.Module, mols: Sequence[Chem.Mol | None], device: torch.device
) -> tuple[Tensor, dict[int, str]]:
    """[B] raw predictions on the device, NaN where a reason is given by position.

    They are made in float32 also where the caller trains in a lower precision.
    """
    chunk = CPU_CHUNK if device.type == "cpu" else GPU_CHUNK
    failures: dict[int, str] = {}
    raw = torch.full((len(mols),), torch.nan, device=device)
    for start in range(0, len(mols), chunk):
        part = mols[start : start + chunk]
        graphs, unread = (
            part.atom_graphs() if isinstance(part, TreeMolecules) else atom_graphs(part)
        )
        messages = BondMessages.of(graphs).to(device)
        with torch.autocast(device.type, enabled=False):
            raw[start : start + chunk] = network(graphs.to(device), messages)
        failures |= {start + position: reason for position, reason in unread.items()}
    if failures:
        raw[torch.tensor(sorted(failures), device=device)] = torch.nan
    return raw, failures


@torch.no_grad()
def _score(
    network: nn.Module, mols: Sequence[Chem.Mol | None], floor: float, scale: float
) -> Scores:
    device = next(network.buffers()).device
    raw, failures = _predict(network, mols, device)
    raw = raw.masked_fill(~raw.isfinite(), torch.nan)
    for position in raw.isnan().nonzero()[:, 0].tolist():
        failures.setdefault(position, "the prediction is not finite")
    score = raw.clamp(min=floor) / scale
    return Scores(score.log(), {COMPONENT: raw, SCORE: score}, failures)


def _check_transform(floor: float, scale: float) -> None:
    if not (0 < floor < float("inf") and 0 < scale < float("inf")):
        raise ValueError(f"floor is {floor} and scale is {scale}; both must be positive and finite")
