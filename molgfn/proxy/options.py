"""What a user may ask of a fit."""

from dataclasses import dataclass

TASKS = ("auto", "regression", "classification")
SPLITS = ("scaffold", "random", "time")
MODELS = ("gaussian_process", "ridge", "forest", "network")


@dataclass(frozen=True)
class FitOptions:
    """How measurements are divided, and what is fitted to them.

    Attributes:
        task: "auto" takes targets of which all values are 0 or 1 as classes.
        split: what decides which molecules are tested on, see `molgfn.proxy.splits`.
        seed: of the split and of the fit.
        members: networks of an ensemble.
        models: which of `MODELS` are compared.
        test_share: share of the molecules that are tested on.
        max_minutes: no further step of training begins after this time.
    Raises:
        ValueError: an option is out of its range.
    """

    task: str = "auto"
    split: str = "scaffold"
    seed: int = 0
    members: int = 5
    models: tuple[str, ...] = MODELS
    test_share: float = 0.2
    max_minutes: float = 10.0

    def __post_init__(self) -> None:
        for name, value, accepted in (("task", self.task, TASKS), ("split", self.split, SPLITS)):
            if value not in accepted:
                raise ValueError(f"{name} = {value!r}: accepted are {', '.join(accepted)}")
        if not self.models or not set(self.models) <= set(MODELS):
            raise ValueError(f"models = {list(self.models)}: accepted are some of {list(MODELS)}")
        if self.members < 1:
            raise ValueError(f"members = {self.members}: accepted are integers from 1")
        if not 0 < self.test_share < 1:
            raise ValueError(
                f"test_share = {self.test_share}: accepted are numbers between 0 and 1"
            )
        if not self.max_minutes > 0:
            raise ValueError(f"max_minutes = {self.max_minutes}: accepted are positive numbers")
