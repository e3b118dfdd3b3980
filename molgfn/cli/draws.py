"""What a trained module draws: molecules, or sequences, with their scores."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import torch

from molgfn.chem.assemble import describe
from molgfn.chem.descriptors import descriptors, identity
from molgfn.chem.tree import Tree
from molgfn.envs.fragments import FragmentEnvironment
from molgfn.envs.sequences import Sequences
from molgfn.module import GFlowNet
from molgfn.rewards.base import Scores, checked
from molgfn.sampler import Rollout, rollout


class Draw(ABC):
    """B objects as the policy drew them, by position.

    Attributes:
        key: the column that two equal objects have in common.
    """

    key: str
    scores: Scores
    beta: float

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def names(self, position: int) -> dict[str, str]:
        """Columns that say which object it is; `key` is one of them, empty for none."""

    @abstractmethod
    def described(self, position: int) -> dict[str, Any]:
        """Columns that come behind the reward."""


@dataclass(frozen=True)
class MoleculeDraw(Draw):
    """Molecules and their trees; None where decoding failed.

    Attributes:
        route: puts a tree into words.
    """

    mols: Sequence[Any]
    trees: Sequence[Tree]
    scores: Scores
    beta: float
    route: Callable[[Tree], str]
    key = "smiles"

    def __len__(self) -> int:
        return len(self.mols)

    def names(self, position: int) -> dict[str, str]:
        mol = self.mols[position]
        return {"smiles": ""} if mol is None else identity(mol)

    def described(self, position: int) -> dict[str, Any]:
        tree = self.trees[position]
        return {
            "num_fragments": len(tree),
            "fragments": self.route(tree),
            **descriptors(self.mols[position]),
        }


@dataclass(frozen=True)
class SequenceDraw(Draw):
    """Sequences, with the exact log-probability of each, in nats."""

    texts: Sequence[str]
    log_p: Sequence[float]
    scores: Scores
    beta: float
    key = "sequence"

    def __len__(self) -> int:
        return len(self.texts)

    def names(self, position: int) -> dict[str, str]:
        text = self.texts[position]
        return {"id": sequence_id(text), "sequence": text}

    def described(self, position: int) -> dict[str, Any]:
        return {"log_p": self.log_p[position], "length": len(self.texts[position])}


def sequence_id(text: str) -> str:
    """Stable id of a sequence: 48 bits of its SHA-256."""
    return f"SQ-{sha256(text.encode()).hexdigest()[:12].upper()}"


def draws(model: GFlowNet, batch_size: int, beta: float, seed: int) -> Iterator[Draw]:
    """Batches from the policy itself, without end; the seed decides all of them."""
    read = _sequences if isinstance(model.environment, Sequences) else _molecules
    generator = torch.Generator(model.device).manual_seed(seed)
    betas = torch.full((batch_size,), beta, device=model.device)
    while True:
        with torch.no_grad():
            played = rollout(model.environment, model.policy, betas, generator)
            objects = model.environment.decode(played.states)
            scores = checked(model.reward(objects), batch_size)
        # outside, where gradients are the caller's own affair
        yield read(model, played, objects, scores, beta)


def _molecules(
    model: GFlowNet, played: Rollout, objects: Sequence[Any], scores: Scores, beta: float
) -> MoleculeDraw:
    env = model.environment
    assert isinstance(env, FragmentEnvironment)  # `candidates.load` has seen to it
    vocabulary = env.vocabulary
    trees = env.trees(played.states)
    return MoleculeDraw(objects, trees, scores, beta, lambda tree: describe(vocabulary, tree))


def _sequences(
    model: GFlowNet, played: Rollout, objects: Sequence[Any], scores: Scores, beta: float
) -> SequenceDraw:
    # there is one way to each sequence: its probability is that of its trajectory
    log_p = played.log_pf.double().sum(-1).tolist()
    return SequenceDraw(objects, log_p, scores, beta)
