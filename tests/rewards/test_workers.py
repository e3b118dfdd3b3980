"""A reward in worker processes: the same numbers, and nothing it does ends the run."""

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from rdkit import Chem

from molgfn.configurable import describe
from molgfn.rewards.base import Reward, Scores, checked
from molgfn.rewards.function import Function
from molgfn.rewards.join import Product
from molgfn.rewards.program import Program
from molgfn.rewards.properties import QED, LogP
from molgfn.rewards.workers import Workers

SCORERS = "tests.rewards.scorers"
SMILES = ["C", "CC", "CF", "CCC", "CCCC", "CCO", "CCN", "CCCCC"]
GUILTY = SMILES.index("CF")

Make = Callable[..., Workers]


def mols(*smiles: str | None) -> list[Chem.Mol | None]:
    return [None if one is None else Chem.MolFromSmiles(one) for one in smiles]


def states(pids: list[int]) -> list[str]:
    """The states of those processes that are there; Z is a zombie."""
    listed = ",".join(map(str, pids))
    command = ["ps", "-o", "stat=", "-p", listed]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.split()


@pytest.fixture
def workers() -> Iterator[Make]:
    """Makes rewards in workers, which end with the test."""
    made: list[Workers] = []

    def make(reward: Reward | str, num_workers: int = 1, **options: object) -> Workers:
        if isinstance(reward, str):
            reward = Function(f"{SCORERS}:{reward}")
        made.append(Workers(reward, num_workers, **options))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for one in made:
        one.close()


def test_scores_are_those_of_the_reward_itself(workers: Make) -> None:
    reward = Product([QED(), LogP()])
    objects = mols(*SMILES, None, *SMILES)
    for chunk in (1, 5, 100):
        found, expected = workers(reward, 2, chunk=chunk)(objects), checked(reward(objects), 17)
        torch.testing.assert_close(found.log_reward, expected.log_reward, equal_nan=True)
        torch.testing.assert_close(
            dict(found.components), dict(expected.components), equal_nan=True, rtol=0, atol=0
        )
        assert found.failures == expected.failures


def test_no_objects_start_no_process(workers: Make) -> None:
    reward = workers(QED())
    assert reward([]).log_reward.shape == (0,)
    assert reward.pids() == []


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        ("picky", "RuntimeError: holds fluorine"),
        ("exits", "SystemExit: fluorine again"),
        ("dies", "killed its worker process: SIGSEGV"),
        ("hangs", "gave no answer within 0.5 s"),
    ],
)
def test_only_the_guilty_molecule_fails_and_the_next_batch_is_scored(
    workers: Make, function: str, reason: str
) -> None:
    reward = workers(function, 2, timeout=0.5, chunk=4)
    scores = reward(mols(*SMILES))
    assert scores.failures == {GUILTY: reason}
    expected = Function(f"{SCORERS}:carbons")(mols(*SMILES)).log_reward
    expected[GUILTY] = torch.nan
    torch.testing.assert_close(scores.log_reward, expected, equal_nan=True)
    assert not reward(mols("CC", "CCC")).failures
    assert len(reward.pids()) == 2


def test_a_hang_that_lets_no_thread_run_is_ended_as_well(workers: Make) -> None:
    reward = workers("hangs_in_c", timeout=0.3)
    assert reward(mols("CF")).failures == {0: "gave no answer within 0.3 s"}


def test_a_worker_that_died_with_nothing_to_do_is_replaced_and_nobody_is_blamed(
    workers: Make,
) -> None:
    reward = workers("carbons", 2)
    reward(mols(*SMILES))
    first = reward.pids()
    os.kill(first[0], signal.SIGKILL)
    while states(first[:1]):
        time.sleep(0.01)
    assert not reward(mols(*SMILES)).failures
    assert first[0] not in reward.pids()
    assert len(reward.pids()) == 2


def test_what_is_out_of_order_is_not_given_every_molecule(workers: Make) -> None:
    reward = workers("broken", chunk=100)
    begin = time.monotonic()
    scores = reward(mols(*("C" * n for n in range(1, 40))))
    assert len(scores.failures) == 39
    assert all("licence server is gone" in reason for reason in scores.failures.values())
    assert time.monotonic() - begin < 10


@pytest.mark.parametrize("function", ["chatty", "chatty_in_c"])
def test_nothing_that_is_printed_reaches_the_screen_or_spoils_an_answer(
    workers: Make, function: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert not workers(function)(mols("CC")).failures
    assert capfd.readouterr() == ("", "")


def test_workers_are_deaf_to_what_is_sent_to_the_whole_group(workers: Make) -> None:
    reward = workers("carbons")
    reward(mols("CC"))
    pids = reward.pids()
    for number in (signal.SIGINT, signal.SIGTERM):
        os.kill(pids[0], number)
    assert not reward(mols("CC")).failures
    assert reward.pids() == pids


def test_closing_leaves_no_process_and_the_next_call_starts_new_ones(workers: Make) -> None:
    reward = workers("carbons", 2)
    reward(mols("CC"))
    pids = reward.pids()
    assert len(states(pids)) == 2
    reward.close()
    assert states(pids) == []
    assert not reward(mols("CC")).failures


def test_workers_end_with_their_reward() -> None:
    reward = Workers(QED(), 1)
    reward(mols("CC"))
    pids = reward.pids()
    del reward
    assert states(pids) == []


@pytest.mark.usefixtures("interrupts")
def test_an_interruption_ends_busy_workers_and_the_reward_still_works(workers: Make) -> None:
    reward = workers("hangs", 2, chunk=1)
    reward(mols("CC"))
    pids = reward.pids()
    main = threading.main_thread().ident
    threading.Timer(0.5, signal.pthread_kill, [main, signal.SIGINT]).start()
    begin = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        reward(mols("CF", "CCF"))
    assert time.monotonic() - begin < 5
    assert states(pids) == []
    assert reward(mols("CC", "CCC")).failures == {}


def test_a_program_that_a_stopped_worker_waits_for_ends_too(workers: Make, tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    text = f"import os, time; open({str(pid)!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    reward = workers(Program([sys.executable, "-S", "-c", text]), timeout=1.0)
    assert reward(mols("C")).failures == {0: "gave no answer within 1 s"}
    assert states([int(pid.read_text())]) == []


class Unbuildable(Reward):
    """Can be made in the process of the tests only."""

    def __init__(self) -> None:
        super().__init__()
        if multiprocessing.parent_process() is not None:
            raise ValueError("not here")

    def forward(self, objects: object) -> Scores:
        raise NotImplementedError


def test_a_reward_that_cannot_be_built_in_a_worker_is_an_error_that_says_so(workers: Make) -> None:
    reward = workers(Unbuildable())
    with pytest.raises(ChildProcessError, match=r"(?s)did not start: ValueError.*not here"):
        reward(mols("C"))
    assert reward.pids() == []


@pytest.mark.parametrize(
    "options", [{"num_workers": 0}, {"chunk": 0}, {"timeout": 0.0}, {"timeout": float("nan")}]
)
def test_arguments_out_of_range_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="accepted are integers from 1"):
        Workers(QED(), **options)  # type: ignore[arg-type]


def test_components_are_known_before_anything_is_scored() -> None:
    assert Workers(Function(f"{SCORERS}:carbons")).component_names == ("carbons", "carbons_score")


def test_it_comes_back_from_its_description() -> None:
    description = describe(Workers(QED(), 3, chunk=5))
    assert description["init_args"]["reward"]["class_path"].endswith("QED")
    assert description["init_args"]["num_workers"] == 3


SCRIPT = """
import os, sys, time
from rdkit import Chem
from molgfn.rewards.function import Function
from molgfn.rewards.workers import Workers

if __name__ == "__main__":
    reward = Workers(Function("tests.rewards.scorers:" + sys.argv[1]), 2, timeout=60)
    reward([Chem.MolFromSmiles(s) for s in ("C", "CC", "CCC")])
    print(*reward.pids(), flush=True)
    if sys.argv[1] != "carbons":
        reward([Chem.MolFromSmiles(s) for s in ("CF", "CCF")])
"""


def started(tmp_path: Path, function: str) -> "subprocess.Popen[str]":
    """A script that uses workers, which wait for nothing, or hang."""
    (tmp_path / "script.py").write_text(SCRIPT)
    return subprocess.Popen(
        [sys.executable, str(tmp_path / "script.py"), function],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.getcwd()},
    )


def gone(pids: list[int], within: float) -> bool:
    deadline = time.monotonic() + within
    while states(pids) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not states(pids)


@pytest.mark.slow
@pytest.mark.parametrize("function", ["carbons", "hangs"])
def test_workers_end_with_their_process_however_it_ends(tmp_path: Path, function: str) -> None:
    process = started(tmp_path, function)
    assert process.stdout is not None
    pids = [int(pid) for pid in process.stdout.readline().split()]
    assert len(pids) == 2
    if function == "hangs":
        time.sleep(1)
        process.kill()
    assert process.wait(60) == (0 if function == "carbons" else -signal.SIGKILL)
    assert gone(pids, 10)
