"""What must hold of every environment. A new one joins by one line in `ENVIRONMENTS`."""

from collections.abc import Callable, Mapping

import pytest
from torch import Tensor

from molgfn.envs.base import Environment
from molgfn.envs.finite import FiniteEnvironment
from molgfn.envs.fragments import FragmentEnvironment
from molgfn.envs.hypergrid import Hypergrid, HypergridStates
from molgfn.envs.sequences import BitSequences, Peptides, Strings
from molgfn.laws import LAWS, backward_actions_are_the_enumerated_parents, check_environment
from tests.vocabularies import SYMMETRIC, TYPED


class Diamond(FiniteEnvironment):
    """Two ways to a state, two actions between the same two states, and an early end."""

    def __init__(self) -> None:
        super().__init__()
        self.write_down("s")

    def moves(self, state: str) -> Mapping[int, str]:
        return {"s": {1: "a", 2: "b", 3: "e"}, "a": {1: "c"}, "b": {2: "c", 3: "c"}}.get(state, {})

    def may_stop(self, state: str) -> bool:
        return state in "bce"

    def features(self, state: str) -> list[float]:
        return [float(ord(state))]


ENVIRONMENTS = {
    "symmetric fragments": lambda: FragmentEnvironment(SYMMETRIC, 1, 6),
    "typed fragments": lambda: FragmentEnvironment(TYPED, 2, 5),
    "druglike": lambda: FragmentEnvironment("druglike", 2, 9),
    "druglike on cores": lambda: FragmentEnvironment(
        "druglike", 2, 9, cores=["*c1ccc(*)nc1", "O=C(N[*:1])C1CCN([*:2])CC1"], max_per_site=3
    ),
    "at most one fragment": lambda: FragmentEnvironment(SYMMETRIC, 1, 1),
    "hypergrid": lambda: Hypergrid(dimension=3, side=5),
    "bit sequences": lambda: BitSequences(num_bits=120, word_bits=8),
    "peptides": lambda: Peptides(min_length=3, max_length=12),
    "written down": Diamond,
}
ENUMERABLE = {
    "symmetric fragments": lambda: FragmentEnvironment(SYMMETRIC, 1, 3),
    "typed fragments": lambda: FragmentEnvironment(TYPED, 2, 3),
    "fragments on cores": lambda: FragmentEnvironment(
        SYMMETRIC, 1, 4, cores=["*c1cc(*)cc(*)c1", "*C1CC1*"], max_per_site=2
    ),
    "hypergrid": lambda: Hypergrid(dimension=3, side=3),
    "bit sequences": lambda: BitSequences(num_bits=6, word_bits=2),
    "strings": lambda: Strings("abc", min_length=0, max_length=4),
    "written down": Diamond,
}


@pytest.fixture(params=ENVIRONMENTS, scope="module")
def env(request: pytest.FixtureRequest) -> Environment:
    return ENVIRONMENTS[request.param]()


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_in_every_environment(env: Environment, law: Callable[[Environment], None]) -> None:
    law(env)


@pytest.mark.parametrize("name", ENUMERABLE)
def test_backward_actions_are_the_enumerated_parents(name: str) -> None:
    backward_actions_are_the_enumerated_parents(ENUMERABLE[name]())


class Broken(Hypergrid):
    """A grid in which one thing at a time is made wrong."""

    def __init__(self, wrong: str) -> None:
        super().__init__(dimension=2, side=3)
        self.wrong = wrong
        if wrong == "max_steps":
            self.max_steps = 3

    def undoing(self, states: HypergridStates, actions: Tensor) -> Tensor:
        undone = super().undoing(states, actions)
        return 1 - undone if self.wrong == "undoing" else undone

    def forward_mask(self, states: HypergridStates) -> Tensor:
        mask = super().forward_mask(states)
        if self.wrong == "terminal":
            mask[:, 0] = True
        if self.wrong == "dead end":
            mask[(states.coordinates == 2).all(1)] = False
        if self.wrong == "forward_mask":  # which forgets one way to the far corner
            mask[:, 1] &= states.coordinates.sum(1) < 3
        return mask

    def backward_mask(self, states: HypergridStates) -> Tensor:
        mask = super().backward_mask(states)
        if self.wrong == "backward_mask":
            mask[:, 1] &= (states.coordinates[:, 0] == 0) | states.done
        if self.wrong == "start":
            mask[:, 0] |= states.coordinates.sum(1) == 0
        return mask

    def log_num_paths(self, states: HypergridStates) -> Tensor:
        paths = super().log_num_paths(states)
        return paths + states.done if self.wrong == "log_num_paths" else paths

    def log_reward_correction(self, states: HypergridStates) -> Tensor:
        return super().log_reward_correction(states) + (self.wrong == "correction") * states.done

    def decode(self, states: HypergridStates) -> list[tuple[int, ...] | None]:
        cells = super().decode(states)
        return [None if self.wrong == "decode" and max(cell) == 2 else cell for cell in cells]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("max_steps", "within max_steps = 3"),
        ("terminal", "exactly until it is terminal"),
        ("undoing", "what undoing gives"),
        ("dead end", "that is not terminal has an action"),
        ("forward_mask", "is allowed"),
        ("backward_mask", "where a step came from"),
        ("start", "walking backward ends at s0"),
        ("log_num_paths", "the paths to a state are those to all its parents"),
        ("correction", "the corrections differ by"),
        ("decode", "terminal states decode to objects"),
    ],
)
def test_a_broken_law_is_named(wrong: str, told: str) -> None:
    with pytest.raises(ValueError, match=f"Broken breaks a law of environments: .*{told}"):
        check_environment(Broken(wrong))


def test_an_environment_without_path_counts_is_accepted() -> None:
    class Uncounted(Hypergrid):
        def log_num_paths(self, states: HypergridStates) -> Tensor:
            raise NotImplementedError

    check_environment(Uncounted(dimension=2, side=3))


def test_an_environment_too_large_to_enumerate_is_told_what_to_do() -> None:
    large = BitSequences(num_bits=120, word_bits=8)
    with pytest.raises(ValueError, match="max_states = None"):
        check_environment(large, max_states=100)
    check_environment(large, max_states=None)
