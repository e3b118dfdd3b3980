"""Which reward it is: what its values depend on, as one digest."""

import json
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import rdkit

import molgfn
from molgfn.configurable import describe
from molgfn.rewards.base import Reward

_WRAPPERS = ("molgfn.rewards.workers.Workers", "molgfn.rewards.remembered.Remembered")


def identity(reward: Reward) -> str:
    """SHA-256 of a reward's description and of all that the description names.

    That is the versions of molgfn and RDKit, every class, argument and file (of a folder, the files
    in it), and the source of every module that a class or a function is in. What those files and
    modules read or import themselves is not followed. Who computes or remembers it makes no
    difference.

    Raises:
        TypeError: the reward has arguments that no config could hold.
    """
    description = _bare(describe(reward))
    contents = {text: _digest(text) for text in texts(description)}
    named = {text: digest for text, digest in sorted(contents.items()) if digest}
    everything = [molgfn.__version__, rdkit.__version__, description, named]
    return sha256(json.dumps(everything, sort_keys=True).encode()).hexdigest()


def _bare(description: Any) -> Any:
    """The description without what only computes or remembers another reward."""
    if isinstance(description, list):
        return [_bare(part) for part in description]
    if not isinstance(description, dict):
        return description
    if description.get("class_path") in _WRAPPERS:
        return _bare(description["init_args"]["reward"])
    return {key: _bare(part) for key, part in description.items()}


def modules_of(description: Any) -> list[str]:
    """The imported modules of the classes and functions that a description names."""
    return sorted({name for text in texts(description) for name in _module_of(text)})


def is_own(module: str) -> bool:
    """Whether a module is molgfn's, and so starts no threads when it is imported."""
    return module.partition(".")[0] == molgfn.__name__


def texts(description: Any) -> Iterator[str]:
    """Every text in nested dicts and lists, keys left out."""
    if isinstance(description, str) and description:
        yield description
    elif isinstance(description, dict):
        for value in description.values():
            yield from texts(value)
    elif isinstance(description, list):
        for value in description:
            yield from texts(value)


def _module_of(text: str) -> Iterator[str]:
    """`package.module` of `package.module:function` and `package.module.Class`."""
    name = text.partition(":")[0] if ":" in text else text.rpartition(".")[0]
    if name in sys.modules:
        yield name


def _digest(text: str) -> str | None:
    """Of the file, the files of the folder, or the module that a text names."""
    path = Path(text)
    try:
        files = sorted(one for one in path.iterdir() if one.is_file()) if path.is_dir() else [path]
        sources = [getattr(sys.modules[name], "__file__", None) for name in _module_of(text)]
        files += [Path(source) for source in sources if source]
        digests = [
            (file.name, sha256(file.read_bytes()).hexdigest()) for file in files if file.is_file()
        ]
    except (OSError, ValueError):  # no path at all, or one that cannot be read
        return None
    return json.dumps(digests) if digests else None
