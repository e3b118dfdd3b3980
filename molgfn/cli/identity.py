"""What made a file of candidates: OUTPUT.provenance.json, which `molgfn report` shows."""

import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from molgfn.cli.outputs import write_atomically


def provenance_path(output: Path) -> Path:
    """Where the provenance of `a.csv` is: `a.provenance.json`."""
    return output.with_suffix(".provenance.json")


def checkpoint_identity(path: Path) -> dict[str, Any]:
    """Which checkpoint it is: `path`, `sha256`, the `step` and the `version` of molgfn it is of.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is no checkpoint of molgfn. Nothing that it holds is executed.
    """
    import torch

    if not path.is_file():
        raise FileNotFoundError(f"checkpoint {path} does not exist")
    try:
        held = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
        step, version = int(held["global_step"]), str(held["molgfn"]["version"])
    except Exception as error:  # whatever a file that is none makes the reader raise
        raise ValueError(
            f"{path} is not a checkpoint that molgfn can load: "
            f"{' '.join(str(error).split())[:300] or type(error).__name__}"
        ) from error
    return {"path": str(path), "sha256": digest(path), "step": step, "version": version}


def digest(path: Path) -> str:
    """SHA-256 of a file."""
    return sha256(path.read_bytes()).hexdigest()


def run_of(checkpoint: Path) -> dict[str, str]:
    """The folder of the run that saved a checkpoint, where `molgfn fit` has left its provenance."""
    folder = checkpoint.parent.parent
    return {"run": str(folder)} if (folder / "provenance.json").is_file() else {}


def read_provenance(output: Path) -> dict[str, Any]:
    """The provenance of an output; empty where it has none.

    Raises:
        ValueError: the file is no JSON object.
    """
    path = provenance_path(output)
    if not path.is_file():
        return {}
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError) as error:
        raise ValueError(f"{path} does not hold a JSON object: {error}") from error


def write_provenance(output: Path, facts: Mapping[str, Any]) -> None:
    """Write the provenance of an output beside it."""
    text = json.dumps(facts, indent=2) + "\n"
    write_atomically(provenance_path(output), lambda part: part.write_text(text, encoding="utf-8"))
