"""What a trained module draws: molecules, or sequences, with their scores."""

import itertools
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, ClassVar

import torch

from molgfn.chem.assemble import describe
from molgfn.chem.descriptors import descriptors, identity
from molgfn.chem.processes import Processes
from molgfn.chem.tree import Tree
from molgfn.envs.fragments import FragmentEnvironment
from molgfn.envs.sequences import Sequences
from molgfn.module import GFlowNet
from molgfn.molecules import log_likelihood_of_molecules
from molgfn.policies.base import Policy
from molgfn.policies.tempered import Tempered
from molgfn.rewards.base import Scores, checked
from molgfn.sampler import Rollout, rollout


class Draw(ABC):
    """B objects as the policy drew them, by position.

    Attributes:
        named_by: the column of `names` that says which object it is, to a reader.
    """

    named_by: ClassVar[str]
    scores: Scores
    beta: float

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def names(self, position: int) -> dict[str, str]:
        """Columns that say which object it is; `named_by` is one of them, empty for none."""

    @abstractmethod
    def log_p(self, positions: Sequence[int]) -> list[float]:
        """Exact log-probabilities of drawing some of the objects, in nats; NaN where unknown."""

    @abstractmethod
    def described(self, positions: Sequence[int], processes: Processes) -> Iterator[dict[str, Any]]:
        """Columns that come behind the reward, of some of the objects; work on them begins."""


@dataclass(frozen=True)
class MoleculeDraw(Draw):
    """Molecules and their trees; None where decoding failed.

    Attributes:
        route: puts a tree into words.
        cores: number of each fragment that is a core, and its name.
        likelihood: log-probabilities of molecules, summed over all their trees.
    """

    mols: Sequence[Any]
    trees: Sequence[Tree]
    scores: Scores
    beta: float
    route: Callable[[Tree], str]
    cores: Mapping[int, str]
    likelihood: Callable[[Sequence[Any]], list[float]]
    named_by: ClassVar[str] = "smiles"

    def __len__(self) -> int:
        return len(self.mols)

    def names(self, position: int) -> dict[str, str]:
        mol = self.mols[position]
        return {"smiles": ""} if mol is None else identity(mol)

    def log_p(self, positions: Sequence[int]) -> list[float]:
        return self.likelihood([self.mols[position] for position in positions])

    def described(self, positions: Sequence[int], processes: Processes) -> Iterator[dict[str, Any]]:
        found = processes.map(descriptors, [self.mols[position] for position in positions])
        trees = [self.trees[position] for position in positions]
        return (
            {**self._built(tree), **columns} for tree, columns in zip(trees, found, strict=True)
        )

    def _built(self, tree: Tree) -> dict[str, Any]:
        built = {"num_fragments": len(tree), "fragments": self.route(tree)}
        return {**built, "core": self.cores[tree.fragments[0]]} if self.cores else built


@dataclass(frozen=True)
class SequenceDraw(Draw):
    """Sequences, with the log-probability of each."""

    texts: Sequence[str]
    log_likelihoods: Sequence[float]
    scores: Scores
    beta: float
    named_by: ClassVar[str] = "sequence"

    def __len__(self) -> int:
        return len(self.texts)

    def names(self, position: int) -> dict[str, str]:
        text = self.texts[position]
        return {"id": sequence_id(text), "sequence": text}

    def log_p(self, positions: Sequence[int]) -> list[float]:
        return [self.log_likelihoods[position] for position in positions]

    def described(self, positions: Sequence[int], processes: Processes) -> Iterator[dict[str, Any]]:
        return ({"length": len(self.texts[position])} for position in positions)


def sequence_id(text: str) -> str:
    """Stable id of a sequence: 48 bits of its SHA-256."""
    return f"SQ-{sha256(text.encode()).hexdigest()[:12].upper()}"


NAMED_BY = {"molecules": MoleculeDraw.named_by, "sequences": SequenceDraw.named_by}
"""What is built -> the column that names it, also where it has no reward."""


def key_of(row: Mapping[str, Any]) -> str:
    """What two equal objects have in common: the InChIKey, or the sequence."""
    if "sequence" in row:
        return str(row["sequence"])
    return str(row["inchikey"] or row["smiles"])  # a few molecules have no InChI


def draws(
    model: GFlowNet,
    batch_size: int,
    beta: float,
    seed: int,
    temperature: float = 1.0,
    first: int = 0,
) -> Iterator[Draw]:
    """Batches from the policy itself, without end; seed and number decide each of them.

    Args:
        temperature: of the policy, see `molgfn.policies.tempered.Tempered`.
        first: the number of the batch to begin with.
    """
    read = _sequences if isinstance(model.environment, Sequences) else _molecules
    policy = model.policy if temperature == 1 else Tempered(model.policy, temperature)
    betas = torch.full((batch_size,), beta, device=model.device)
    for number in itertools.count(first):
        with torch.no_grad():
            generator = batch_generator(seed, number, model.device)
            played = rollout(model.environment, policy, betas, generator)
            objects = model.environment.decode(played.states)
            scores = checked(model.reward(objects), batch_size)
        # outside, where gradients are the caller's own affair
        yield read(model, policy, played, objects, scores, beta)


def batch_generator(seed: int, number: int, device: torch.device) -> torch.Generator:
    """The source of randomness of one batch: a function of the seed and of its number."""
    digest = sha256(f"{seed}/{number}".encode()).digest()
    return torch.Generator(device).manual_seed(int.from_bytes(digest[:8], "big") >> 1)


def _molecules(
    model: GFlowNet,
    policy: Policy,
    played: Rollout,
    objects: Sequence[Any],
    scores: Scores,
    beta: float,
) -> MoleculeDraw:
    env = model.environment
    assert isinstance(env, FragmentEnvironment)  # `candidates.load` has seen to it
    vocabulary = env.vocabulary
    trees = env.trees(played.states)

    def likelihood(mols: Sequence[Any]) -> list[float]:
        betas = played.trajectories.beta[: len(mols)]
        found: list[float] = log_likelihood_of_molecules(env, policy, mols, betas).log_p.tolist()
        return found

    return MoleculeDraw(
        objects,
        trees,
        scores,
        beta,
        lambda tree: describe(vocabulary, tree),
        {f: vocabulary.fragments[f].name for f in vocabulary.cores},
        likelihood,
    )


def _sequences(
    model: GFlowNet,
    policy: Policy,
    played: Rollout,
    objects: Sequence[Any],
    scores: Scores,
    beta: float,
) -> SequenceDraw:
    # there is one way to each sequence: its probability is that of its trajectory
    log_p = played.log_pf.double().sum(-1).tolist()
    return SequenceDraw(objects, log_p, scores, beta)
