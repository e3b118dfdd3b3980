"""Fine-tuning: a new run whose policy begins with the weights of a checkpoint."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from molgfn.configurable import build, describe
from molgfn.envs.base import Environment
from molgfn.envs.fragments import FragmentEnvironment
from molgfn.module import GFlowNet
from molgfn.policies.fragments import FragmentTransformer
from molgfn.policies.transfer import (
    CONDITION,
    conditioned,
    equal_fragments,
    rows_of_trees,
    transfer,
)

MOST_NAMED = 8  # new fragments that are named


@dataclass(frozen=True)
class Parent:
    """A checkpoint to begin from, without its reward and objective, which are not needed.

    Attributes:
        path: as it was typed.
        sha256: of the file.
        step: how many steps it was trained.
        environment: what it was trained in.
        policy: `class_path` and `init_args`.
        weights: of its policy.
    """

    path: Path
    sha256: str
    step: int
    environment: Environment
    policy: Mapping[str, Any]
    weights: Mapping[str, Tensor]

    @classmethod
    def read(cls, path: Path) -> "Parent":
        """A checkpoint's policy and environment; nothing that the file holds is executed.

        Raises:
            FileNotFoundError: there is no such file.
            ValueError: it cannot be loaded, or its environment cannot be made as it was.
        """
        if not path.is_file():
            raise FileNotFoundError(f"--init_from {path} is not a file")
        try:
            saved = torch.load(path, map_location="cpu", weights_only=True)
            described = saved["hyper_parameters"]
            if "molgfn" not in saved:
                raise ValueError("it has no key 'molgfn'")
            environment = build(described["environment"], Environment)
        except Exception as error:
            raise ValueError(
                f"--init_from {path} is not a checkpoint that molgfn can load: "
                f"{' '.join(str(error).split())[:300] or type(error).__name__}"
            ) from error
        if environment.fingerprint() != saved["molgfn"]["environment"]:
            raise ValueError(
                f"--init_from {path} is from another environment than {described['environment']} "
                "is now: a vocabulary file was changed, or the checkpoint is of another version"
            )
        prefix = "policy."
        return cls(
            path=path,
            sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
            step=saved["global_step"],
            environment=environment,
            policy=described["policy"],
            weights={
                name.removeprefix(prefix): weight
                for name, weight in saved["state_dict"].items()
                if name.startswith(prefix)
            },
        )

    @property
    def lineage(self) -> dict[str, Any]:
        """What a run remembers of it."""
        return {"path": str(self.path.resolve()), "sha256": self.sha256, "step": self.step}


def begin_from(path: Path, model: GFlowNet) -> str:
    """Give a module the policy of a checkpoint; log Z, optimizer and step are its own.

    Args:
        model: its policy is changed in place, and its `parent` is set.
    Returns:
        What was carried over, in a line.
    Raises:
        FileNotFoundError: there is no such checkpoint.
        ValueError: it cannot be loaded, or its policy or environment is too different.
    """
    parent = Parent.read(path)
    policy, env = model.policy, model.environment
    if type(env) is not type(parent.environment):
        raise ValueError(
            f"--init_from {path} was trained in {type(parent.environment).__name__}, this run has "
            f"{type(env).__name__}; accepted is the same environment"
        )
    weights, told = _comparable(parent, model)
    rows: dict[str, Tensor] = {}
    if isinstance(policy, FragmentTransformer) and isinstance(env, FragmentEnvironment):
        theirs = parent.environment
        assert isinstance(theirs, FragmentEnvironment)
        equal = equal_fragments(env.vocabulary, theirs.vocabulary)
        rows = rows_of_trees(env.spec, theirs.spec, equal)
        told += _of_fragments(env, theirs, equal)
    else:
        told += _of_arguments(describe(env), describe(parent.environment))
    try:
        carried = transfer(policy, weights, rows)
    except ValueError as error:
        raise ValueError(f"--init_from {path}: {error}") from error
    told += [f"the head {name} begins anew" for name in carried.fresh]
    told += [f"the checkpoint's head {name} is not used" for name in carried.left]
    model.exploration.attach(policy)  # an average of weights begins with these
    model.parent = parent.lineage
    return (
        f"begins with the policy of {path} after {parent.step} steps: {'; '.join(told)}"
        f"{'; ' if told else ''}log Z, optimizer and steps begin anew"
    )


def _comparable(parent: Parent, model: GFlowNet) -> tuple[Mapping[str, Tensor], list[str]]:
    """The checkpoint's weights, for the largest beta that this run's policy knows.

    Returns:
        The weights, and what is worth telling of them.
    Raises:
        ValueError: the policies are of another class, or an argument of theirs is another.
    """
    ours: Mapping[str, Any] = describe(model.policy, leave_out=("spec",))
    if ours["class_path"] != parent.policy["class_path"]:
        raise ValueError(
            f"--init_from {parent.path} has the policy {parent.policy['class_path']}, this run "
            f"{ours['class_path']}; accepted is the same class"
        )
    arguments, theirs = ours["init_args"], parent.policy["init_args"]
    if unknown := sorted(theirs.keys() - arguments.keys()):
        raise ValueError(
            f"--init_from {parent.path} is of another version: its policy has the arguments "
            f"{', '.join(unknown)}; accepted are {', '.join(sorted(arguments))}"
        )
    known = {name: theirs.get(name, value) for name, value in arguments.items()}
    state, weights = model.policy.state_dict(), parent.weights
    for name, value in arguments.items():
        adapts = name == "max_beta" and value is not None and CONDITION in state
        if value != known[name] and not adapts:
            raise ValueError(
                f"model.policy.{name} is {value} in this run and {known[name]} in the checkpoint "
                f"{parent.path}; accepted is the same value"
            )
    end, before = arguments.get("max_beta"), known.get("max_beta")
    if CONDITION not in state or end == before:
        return weights, []
    if before is None:
        weights = {**weights, CONDITION: torch.zeros_like(state[CONDITION])}
        return weights, [f"beta up to {end:g} is new to it, and changes nothing at first"]
    weights = {**weights, CONDITION: conditioned(weights[CONDITION], before, end)}
    return weights, [f"it knows beta up to {before:g}, this run goes up to {end:g}"]


def _of_fragments(
    ours: FragmentEnvironment, theirs: FragmentEnvironment, equal: Sequence[int]
) -> list[str]:
    """What a change of vocabulary and size means."""
    new = [f.name for f, i in zip(ours.vocabulary.fragments, equal, strict=True) if i < 0]
    known = f"{len(equal) - len(new)} of {len(equal)} fragments known to the checkpoint"
    if new:
        more = f" and {len(new) - MOST_NAMED} more" if len(new) > MOST_NAMED else ""
        known += f", new: {', '.join(new[:MOST_NAMED])}{more}"
    told = [known]
    if gone := len(theirs.vocabulary) - len({i for i in equal if i >= 0}):
        told.append(f"{gone} of the checkpoint's fragments are not used")
    if ours.max_fragments != theirs.max_fragments:
        told.append(f"up to {ours.max_fragments} fragments, {theirs.max_fragments} there")
    return told


def _of_arguments(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> list[str]:
    """Arguments of two environments of one class that differ."""
    there = theirs["init_args"]
    return [
        f"the environment's {name} is {value}, {there.get(name)} there"
        for name, value in ours["init_args"].items()
        if value != there.get(name)
    ]
