"""A reward that is computed once for each molecule."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from molgfn.chem.descriptors import canonical_smiles
from molgfn.rewards.base import Reward, Scores


@dataclass(frozen=True)
class _Known:
    """The scores of one molecule."""

    log_reward: float
    components: Mapping[str, float]
    failure: str | None


class Remembered(Reward):
    """Another reward, asked only about molecules that it has not scored lately.

    Worth it where a space is small and the same molecules come again, and for slow rewards. The
    other reward must depend on nothing but the molecule.

    Args:
        reward: what computes.
        memory: how many molecules are remembered; the one asked for longest ago is forgotten first.
    Raises:
        ValueError: memory is below 1.
    """

    def __init__(self, reward: Reward, memory: int = 200_000) -> None:
        super().__init__()
        if memory < 1:
            raise ValueError(f"memory = {memory}: accepted are integers from 1")
        self.reward = reward
        self.memory = memory
        self._known: OrderedDict[str, _Known] = OrderedDict()

    @property
    def component_names(self) -> tuple[str, ...]:
        return self.reward.component_names

    def forward(self, objects: Sequence[Any]) -> Scores:
        """Score molecules; None is asked every time."""
        names = [
            f"no molecule {i}" if mol is None else canonical_smiles(mol)
            for i, mol in enumerate(objects)
        ]
        new = {name: i for i, name in enumerate(names) if name not in self._known}
        found = {name: self._known[name] for name in names if name in self._known}
        if new:
            found |= self._ask(new, objects)
        self._keep({name: found[name] for name, mol in zip(names, objects, strict=True) if mol})
        known = [found[name] for name in names]
        components = {key for one in known for key in one.components}
        return Scores(
            log_reward=torch.tensor([one.log_reward for one in known]),
            components={
                key: torch.tensor([one.components.get(key, torch.nan) for one in known])
                for key in sorted(components)
            },
            failures={i: one.failure for i, one in enumerate(known) if one.failure is not None},
        )

    def _ask(self, new: Mapping[str, int], objects: Sequence[Any]) -> dict[str, _Known]:
        scores = self.reward([objects[i] for i in new.values()])
        log_reward = scores.log_reward.tolist()
        components = {key: values.tolist() for key, values in scores.components.items()}
        return {
            name: _Known(
                log_reward[i],
                {key: values[i] for key, values in components.items()},
                scores.failures.get(i),
            )
            for i, name in enumerate(new)
        }

    def _keep(self, found: Mapping[str, _Known]) -> None:
        for name, known in found.items():
            self._known[name] = known
            self._known.move_to_end(name)
        while len(self._known) > self.memory:
            self._known.popitem(last=False)
