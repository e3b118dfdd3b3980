"""Rewards of antimicrobial peptides: the published classifier, and classifiers of our own."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from molgfn.chem.peptides import tokens, unreadable
from molgfn.chem.published import AMP_CLASSIFIER, check_sha256, verify
from molgfn.chem.resources import published, shipped
from molgfn.rewards.amp_classifier import AMPNetwork, load_amp_weights
from molgfn.rewards.base import Reward, Scores
from molgfn.rewards.peptide_network import PeptideNetwork, load_classifier
from molgfn.rewards.weights import as_constants

COMPONENT = "amp_probability"
CPU_CHUNK = 64
GPU_CHUNK = 8192


class AMPClassifier(Reward):
    """The published classifier of antimicrobial peptides: log R = log max(floor, probability).

    Args:
        weights: path of `amp_classifier.npz`; None: where `scripts/import_amp.py` put it.
        floor: least probability that is not raised to it; from 0 to below 1.
        sha256: checksum that the file must have; None: the published one.
    Raises:
        FileNotFoundError: the weights are not there.
        ValueError: wrong checksum, a file that is no such classifier, or a bad floor.
    Source: gfnx, proxy/weights/amp, MIT; Malkin et al. 2022, arXiv:2201.13259, section 5.4.
    """

    def __init__(
        self, weights: str | None = None, floor: float = 1e-4, sha256: str | None = None
    ) -> None:
        super().__init__()
        _check_floor(floor)
        path = published(AMP_CLASSIFIER, "amp") if weights is None else Path(weights)
        if sha256 is None:
            verify(path, AMP_CLASSIFIER)
        else:
            check_sha256(path, sha256)
        self.floor = floor
        self.network = AMPNetwork(load_amp_weights(path))

    @property
    def component_names(self) -> tuple[str, ...]:
        return (COMPONENT,)

    def forward(self, objects: Sequence[Any]) -> Scores:
        """Score peptides; what is no peptide of 1 to 60 amino acids fails alone."""
        return _score(self.network, objects, self.floor)


class AMPStudent(Reward):
    """A classifier that molgfn trained: the shipped student of the published one, or your own.

    How far the student agrees is stated in its card, `data/models/amp_student.md`; your own comes
    from `molgfn peptides fit`.

    Args:
        weights: path of a safetensors file; None: the shipped student.
        floor: least probability that is not raised to it; from 0 to below 1.
    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is damaged or no such classifier, or a bad floor.
    """

    def __init__(self, weights: str | None = None, floor: float = 1e-4) -> None:
        super().__init__()
        _check_floor(floor)
        self.floor = floor
        path = shipped("models/amp_student.safetensors") if weights is None else Path(weights)
        self.network = as_constants(load_classifier(path))

    @property
    def component_names(self) -> tuple[str, ...]:
        return (COMPONENT,)

    def forward(self, objects: Sequence[Any]) -> Scores:
        """Score peptides; one that is too long, or has other letters, fails alone."""
        return _score(self.network, objects, self.floor)


@torch.no_grad()
def predict(
    network: AMPNetwork | PeptideNetwork, peptides: Sequence[str], device: torch.device
) -> Tensor:
    """[B] logits of readable peptides, on the device.

    Peptides of similar length go together, and in float32 also where the caller trains in a lower
    precision.
    """
    chunk = CPU_CHUNK if device.type == "cpu" else GPU_CHUNK
    by_length = sorted(range(len(peptides)), key=lambda i: len(peptides[i]))
    logits = torch.empty(len(peptides), device=device)
    for start in range(0, len(peptides), chunk):
        chosen = by_length[start : start + chunk]
        texts = [peptides[i] for i in chosen]
        lengths = torch.tensor([len(text) for text in texts])
        tokenized = tokens(texts, len(texts[-1])).to(device)
        with torch.autocast(device.type, enabled=False):
            logits[chosen] = network(tokenized, lengths.to(device))
    return logits


def _score(network: AMPNetwork | PeptideNetwork, objects: Sequence[Any], floor: float) -> Scores:
    device = next(network.buffers()).device
    reasons = [unreadable(peptide, network.max_length) for peptide in objects]
    failures = {i: reason for i, reason in enumerate(reasons) if reason is not None}
    read = [i for i, reason in enumerate(reasons) if reason is None]
    logits = torch.full((len(objects),), torch.nan, device=device)
    logits[read] = predict(network, [objects[i] for i in read], device)
    logits = logits.masked_fill(~logits.isfinite(), torch.nan)
    for i in logits.isnan().nonzero()[:, 0].tolist():
        failures.setdefault(i, "the prediction is not finite")
    log_probability = functional.logsigmoid(logits)
    lowest = torch.tensor(floor, device=device).log()
    return Scores(
        torch.maximum(log_probability, lowest), {COMPONENT: log_probability.exp()}, failures
    )


def _check_floor(floor: float) -> None:
    if not 0 <= floor < 1:
        raise ValueError(f"floor = {floor}: accepted are numbers from 0 to below 1")
