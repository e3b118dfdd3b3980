"""A Python function of the user's as a reward."""

import importlib
import io
import logging
from collections.abc import Callable, Mapping
from contextlib import redirect_stderr, redirect_stdout
from typing import Any, Literal

from molgfn.rewards.foreign import Foreign
from molgfn.rewards.isolation import Unanswered
from molgfn.rewards.transforms import Clip, Transform

_log = logging.getLogger(__name__)


class Function(Foreign):
    """A function by its import path: log R = log max(floor, transform(number)).

    It is called with a list of distinct molecules and returns as many numbers in the same order,
    or a dict keyed by SMILES, which is safer and may leave molecules out. `Foreign` says what a
    number may be. Where it raises, or returns another number of numbers, smaller lists are tried
    until the guilty molecules are alone. What it prints goes to the log `molgfn.rewards.function`
    (level INFO) and not to the screen. Nothing stops a function that hangs or kills its process,
    unless `molgfn.rewards.workers.Workers` runs it.

    Args:
        function: `package.module:function` or `package.module.function`; modules in the folder
            that molgfn runs in are found.
        takes: "smiles" (canonical) or "molecules" (of RDKit; not to be changed).
        name: what its number is called; None: the function's own name.
        value: which of several named numbers is the raw one.
        transform: makes scores in [0, 1] of the numbers; None: those outside are clipped.
        floor: least score that is not raised to it; in (0, 1].
    Raises:
        ValueError: there is no such function, its module cannot be imported, or a bad argument.
    """

    def __init__(
        self,
        function: str,
        takes: Literal["smiles", "molecules"] = "smiles",
        name: str | None = None,
        value: str = "value",
        transform: Transform | None = None,
        floor: float = 0.01,
    ) -> None:
        self_name = function.replace(":", ".").rpartition(".")[2] if name is None else name
        super().__init__("function", self_name, value, transform or Clip(), floor)
        if takes not in ("smiles", "molecules"):
            raise ValueError(f"takes = {takes!r}: accepted are 'smiles' and 'molecules'")
        self.function = load(function)
        self.takes = takes

    def ask(self, objects: Mapping[str, Any]) -> Mapping[str, Any]:
        given = list(objects if self.takes == "smiles" else objects.values())
        printed = io.StringIO()
        try:
            with redirect_stdout(printed), redirect_stderr(printed):
                answer = self.function(given)
                # an array or a generator, too; what it computes only now may raise as well
                answers = answer if isinstance(answer, Mapping) else list(answer)
        except (Exception, SystemExit) as error:
            raise Unanswered(f"{type(error).__name__}: {error}") from error
        finally:
            if printed.getvalue():
                _log.info(printed.getvalue().rstrip())
        if isinstance(answers, Mapping):
            return answers
        if len(answers) != len(given):
            raise Unanswered(f"returned {len(answers)} numbers for {len(given)} molecules")
        return dict(zip(objects, answers, strict=True))


def load(path: str) -> Callable[[list[Any]], Any]:
    """What an import path names.

    Raises:
        ValueError: its module cannot be imported, it is not there, or it cannot be called.
    """
    module_name, _, name = path.partition(":") if ":" in path else path.rpartition(".")
    if not module_name or not name:
        raise ValueError(
            f"function = {path!r}: accepted is an import path such as package.module:function"
        )
    try:
        found: Any = importlib.import_module(module_name)
    except Exception as error:
        raise ValueError(
            f"function = {path!r}: module {module_name!r} cannot be imported: "
            f"{type(error).__name__}: {error}"
        ) from error
    for part in name.split("."):
        if not hasattr(found, part):
            raise ValueError(f"function = {path!r}: {module_name!r} has no {name!r}")
        found = getattr(found, part)
    if not callable(found):
        raise ValueError(f"function = {path!r} is {found!r}, which cannot be called")
    called: Callable[[list[Any]], Any] = found
    return called
