"""What is wrong with a config, in one short line: the key, its value, and what is accepted."""

import difflib
import importlib
import inspect
import itertools
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import yaml

from molgfn.cli.shipped import FLAGS
from molgfn.data import TrajectoryBatches
from molgfn.module import GFlowNet

SECTIONS = {"model": GFlowNet, "data": TrajectoryBatches, "trainer": pl.Trainer}
OPTIONS = ("seed_everything", "ckpt_path", "init_from")
MANY = 12  # keys that are all named; of more only similar ones are

_INSIDE = re.compile(
    r"""(?:Parser\ key\ "(?P<key>[^"]+)":\ (?:-\ Expected\ a\ path\ but\ .*?\ invalid\ -\ )?
        |Problem\ with\ given\ class_path\ '(?P<cls>[^']+)':\ )""",
    re.VERBOSE,
)


def explain(message: str, args: Sequence[str] = ()) -> str:
    """A message of jsonargparse, shortened to the dotted key, its value and what is accepted.

    A message of another form is returned as it is, in one line.

    Args:
        args: the command line, which says where the configs are.
    """
    text = " ".join(message.split())
    if text.startswith("Problems parsing config"):
        return _malformed(args) or text
    keys: list[str] = []
    owner: str | None = None
    while found := _INSIDE.match(text):
        keys += [found["key"]] if found["key"] else []
        owner = found["cls"] or owner
        text = text[found.end() :]
    key = ".".join(keys)
    for pattern, tell in _CASES:
        if found := re.search(pattern, text):
            return tell(key, owner, found)
    return f"{key}: {text}" if key else text


def _malformed(args: Sequence[str]) -> str | None:
    """Which config is no YAML, and where."""
    for flag, path in itertools.pairwise(args):
        if flag in FLAGS and Path(path).is_file():
            try:
                yaml.safe_load(Path(path).read_bytes())
            except yaml.YAMLError as error:
                return f"config {path} is malformed YAML: {' '.join(str(error).split())}"
    return None


def _unknown_option(key: str, owner: str | None, found: re.Match[str]) -> str:
    """A key of a section, or of the whole config, that does not exist."""
    path = found[1]
    section, _, name = path.partition(".")
    if section in SECTIONS and name:
        accepted = _parameters(SECTIONS[section])
        if name.partition(".")[0] in accepted:
            return f"{path} is no key"
        return f"{path} is no key; {_accepted(name, accepted)}"
    return f"{path} is no key; {_accepted(path, [*SECTIONS, *OPTIONS])}"


def _unknown_argument(key: str, owner: str | None, found: re.Match[str]) -> str:
    """An argument that a class has not."""
    assert owner is not None  # nothing else refuses an option
    made = _imported(owner)
    accepted = [] if made is None else _parameters(made)
    return f"{key}.{found[1]} is no key of {owner}; {_accepted(found[1], accepted)}"


def _wrong_type(key: str, owner: str | None, found: re.Match[str]) -> str:
    return f"{key} = {found[2]}: accepted is {_type(found[1])}"


def _wrong_types(key: str, owner: str | None, found: re.Match[str]) -> str:
    return f"{key} = {found[2]}: accepted are {_type(found[1])}"


def _unknown_class(key: str, owner: str | None, found: re.Match[str]) -> str:
    """A class path whose module has no such class."""
    module, name = found[1], found[2]
    made = importlib.import_module(module)
    if hasattr(made, "__path__"):
        return f"{key} = {owner}: there is no module {module}.{name}"
    classes = [n for n, one in vars(made).items() if inspect.isclass(one)]
    own = [n for n in classes if vars(made)[n].__module__ == module]
    return f"{key} = {module}.{name}: {module} has no {name}; {_accepted(name, own)}"


def _unknown_module(key: str, owner: str | None, found: re.Match[str]) -> str:
    return (
        f"{key} = {owner}: there is no module {found[1]}; accepted are a class path, such as "
        f"molgfn.rewards.properties.QED, or a class in a file of this folder, file.Class"
    )


def _foreign_class(key: str, owner: str | None, found: re.Match[str]) -> str:
    return f"{key} = {found[1]}: accepted are classes derived from {found[2]}"


def _no_class(key: str, owner: str | None, found: re.Match[str]) -> str:
    return (
        f"{key} = {found[2]}: accepted is the class path of a {found[1]}, or a mapping of "
        "class_path and init_args"
    )


def _missing(key: str, owner: str | None, found: re.Match[str]) -> str:
    names = [name.removeprefix("fit.") for name in found[1].split(", ")]
    return f"the config lacks {', '.join(names)}"


_CASES = (
    (r"^Subcommand '\w+' does not accept option '([^']+)'", _unknown_option),
    (r"^[Uu]nrecognized arguments: --([\w.]+)", _unknown_option),
    (r"Option '([^']+)' is not accepted", _unknown_argument),
    (r"module '([^']+)' has no attribute '([^']+)'", _unknown_class),
    (r"Import path (\S+) does not correspond to a subclass of (\w+)", _foreign_class),
    (r"Not a valid subclass of (\w+)\. Got value: (.*?) Subclass types", _no_class),
    (r"No module named '([^']+)'", _unknown_module),
    (r"Subtypes: [\[(](.*?)[\])] Errors: .*Given value: (.*)$", _wrong_types),
    (r"^(?:- )?Expected a (.*?)\. Got value: (.*)$", _wrong_type),
    (r"the following arguments are required: (.*)$", _missing),
)


def _accepted(name: str, accepted: Sequence[str]) -> str:
    """Which names there are, the similar ones when there are many."""
    close = difflib.get_close_matches(name, accepted, n=3)
    if close and len(accepted) > MANY:
        return f"did you mean {' or '.join(close)}?"
    return f"accepted are {', '.join(sorted(accepted)) or 'none at all'}"


def _parameters(made: Any) -> list[str]:
    """Arguments of a class, without those that only pass on others."""
    kinds = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    parameters = inspect.signature(made).parameters.values()
    return [one.name for one in parameters if one.kind not in kinds]


def _imported(path: str) -> Any:
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(module), name, None)


def _type(text: str) -> str:
    """`<class 'float'>, list[float]` as `float or list[float]`."""
    return re.sub(r"<class '([^']+)'>", r"\1", text).replace("NoneType", "null")
