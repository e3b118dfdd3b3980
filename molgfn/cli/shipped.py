"""Configs by name: `-c quickstart` finds the shipped quickstart.yaml from any folder."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from molgfn.chem.resources import shipped

FLAGS = ("-c", "--config")
TRIAGE = "triage"  # a command, and its shipped config; all others train


def with_shipped_configs(args: Sequence[str]) -> list[str]:
    """The arguments with each shipped config's name after -c or --config replaced by its path.

    A file of that name in the working folder wins; see `find_config`.
    """
    return list(_replaced(args))


def _replaced(args: Sequence[str]) -> Iterator[str]:
    previous, command = "", next(iter(args), "")
    for arg in args:
        flag, equals, value = arg.partition("=")
        if previous in FLAGS:
            yield find_config(arg, command)
        elif equals and flag in FLAGS:
            yield f"{flag}={find_config(value, command)}"
        else:
            yield arg
        previous = arg


def find_config(name: str, command: str = "fit") -> str:
    """Path of the config called `name`: as typed when that is a file, else the shipped one.

    Raises:
        ValueError: `name` is neither a file nor a shipped config; the shipped ones are named.
    """
    if Path(name).is_file():
        return name
    stem = name.removeprefix("configs/").removesuffix(".yaml")
    try:
        return str(shipped(f"{stem}.yaml", root="configs"))
    except FileNotFoundError:
        raise ValueError(
            f"config {name!r} is neither a file nor a shipped config of this "
            f"command ({', '.join(names(command))})"
        ) from None


def names(command: str = "fit") -> list[str]:
    """Names of the shipped configs of a command, sorted."""
    every = sorted(path.stem for path in shipped("", root="configs").glob("*.yaml"))
    return [name for name in every if (name == TRIAGE) == (command == TRIAGE)]
