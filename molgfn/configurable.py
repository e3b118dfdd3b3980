"""Objects that can say how to make them again, in the words of a YAML config."""

import functools
import inspect
from argparse import ArgumentError
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any


class Configurable:
    """Remembers the arguments it was made with, defaults included."""

    _given: Mapping[str, Any] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "__init__" in cls.__dict__:
            cls.__init__ = _remembering(cls.__init__)  # type: ignore[method-assign]


def _remembering(init: Callable[..., None]) -> Callable[..., None]:
    signature = inspect.signature(init)

    @functools.wraps(init)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> None:
        if "_given" not in self.__dict__:  # the outermost class speaks for all
            bound = signature.bind(self, *args, **kwargs)
            bound.apply_defaults()
            self.__dict__["_given"] = dict(list(bound.arguments.items())[1:])
        init(self, *args, **kwargs)

    return wrapper


def describe(value: Any, leave_out: Collection[str] = ()) -> Any:
    """A value as plain data: configurable objects become `{class_path, init_args}`.

    Args:
        leave_out: arguments of `value` itself that somebody else will give.

    Raises:
        TypeError: the value cannot be written to a config.
    """
    if isinstance(value, Configurable):
        cls = type(value)
        return {
            "class_path": f"{cls.__module__}.{cls.__qualname__}",
            "init_args": {
                key: describe(given) for key, given in value._given.items() if key not in leave_out
            },
        }
    if isinstance(value, Mapping):
        return {key: describe(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [describe(item) for item in value]
    if isinstance(value, (set, frozenset)):
        return sorted(describe(item) for item in value)
    if is_dataclass(value) and not isinstance(value, type):
        return describe(asdict(value))
    if isinstance(value, Path):
        return str(value)
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise TypeError(
        f"cannot write {value!r} of type {type(value).__name__} to a config; accepted are plain "
        "values, containers and objects of molgfn's base classes"
    )


def build(description: Mapping[str, Any], base: type[Any]) -> Any:
    """The object that `describe` described, made as from a YAML config.

    Args:
        description: `{class_path, init_args}`.
        base: a class that the object must be of.
    Raises:
        ValueError: there is no such class, or it does not take these arguments.
    """
    from jsonargparse import ArgumentParser

    parser = ArgumentParser(exit_on_error=False)
    parser.add_subclass_arguments(base, "made")
    try:
        config = parser.parse_object({"made": description})
    except ArgumentError as error:
        raise ValueError(str(error)) from error
    return parser.instantiate(config).made
