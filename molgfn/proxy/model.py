"""The folder of a fitted proxy: tensors as safetensors, all else as JSON; nothing is executed."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

import molgfn
from molgfn.proxy.calibration import Calibration
from molgfn.proxy.proxy_model import KINDS, Predictions, ProxyModel
from molgfn.proxy.similarity import Known

__all__ = ["Predictions", "ProxyModel", "load", "save_model", "sha256"]

FORMAT = "molgfn-proxy-1"
MODEL = "model.json"
WEIGHTS = "weights.safetensors"
_KNOWN = "known"


def save_model(model: ProxyModel, folder: Path, about: Mapping[str, Any]) -> None:
    """Write `weights.safetensors` and `model.json` into a folder.

    Args:
        about: what else `model.json` says, such as the checksum of the data.
    """
    tensors = {f"{_KNOWN}.{key}": value for key, value in model.known.state_dict().items()}
    targets = []
    for number, one in enumerate(model.kinds):
        tensors |= {f"{number}.{key}": value for key, value in one.state_dict().items()}
        targets.append(
            {
                "name": model.targets[number],
                "kind": one.kind,
                "settings": one.settings(),
                "calibration": asdict(model.calibrations[number]),
            }
        )
    plain = {key: value.cpu().contiguous() for key, value in tensors.items()}
    (folder / WEIGHTS).write_bytes(save(plain))  # `save_file` would keep others from reading it
    content = {
        "format": FORMAT,
        "version": molgfn.__version__,
        "targets": targets,
        "weights_sha256": sha256(folder / WEIGHTS),
        **about,
    }
    (folder / MODEL).write_text(json.dumps(content, indent=2, allow_nan=False) + "\n")


def load(folder: str | Path) -> ProxyModel:
    """A proxy that `molgfn proxy fit` wrote, on the CPU.

    Raises:
        FileNotFoundError: there is no such folder, or a file is missing.
        ValueError: a file is damaged, of another format, or does not fit the others.
    """
    folder = Path(folder)
    content = _read_json(folder / MODEL)
    weights = folder / WEIGHTS
    if not weights.is_file():
        raise FileNotFoundError(f"there is no {WEIGHTS} in {folder}")
    if (found := sha256(weights)) != content.get("weights_sha256"):
        raise ValueError(
            f"{weights} has SHA-256 {found}, {MODEL} says {content.get('weights_sha256')}: it is "
            "damaged, or of another fit"
        )
    try:
        with safe_open(weights, framework="pt") as file:
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    except SafetensorError as error:
        raise ValueError(f"{weights} is not a readable safetensors file: {error}") from error
    try:
        targets = content["targets"]
        models = [
            KINDS[target["kind"]].rebuild(target["settings"], _under(tensors, str(number)))
            for number, target in enumerate(targets)
        ]
        calibrations = [Calibration(**target["calibration"]) for target in targets]
        known = Known(**_under(tensors, _KNOWN), counted=False)
        names = [target["name"] for target in targets]
    except (KeyError, TypeError, RuntimeError) as error:
        raise ValueError(
            f"{folder / MODEL} and {WEIGHTS} do not fit each other: {type(error).__name__} {error}"
        ) from error
    return ProxyModel(names, models, calibrations, known).eval()


def sha256(path: Path) -> str:
    """Checksum of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _read_json(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise FileNotFoundError(
            f"there is no {path.name} in {path.parent}: accepted is a folder that "
            "`molgfn proxy fit` wrote"
        )
    try:
        content = json.loads(path.read_text())
    except ValueError as error:
        raise ValueError(f"{path} is not readable JSON: {error}") from error
    found = content.get("format") if isinstance(content, dict) else None
    if found != FORMAT:
        raise ValueError(f"{path} has format {found!r}; accepted is {FORMAT!r}")
    return dict(content)


def _under(tensors: Mapping[str, Tensor], name: str) -> dict[str, Tensor]:
    """The tensors whose key begins with the name and a dot, without it."""
    start = f"{name}."
    return {key.removeprefix(start): t for key, t in tensors.items() if key.startswith(start)}
