"""Work in other processes: in order, lazily begun, and ended with the parent."""

import os
import signal
import subprocess
import sys
import time
from functools import partial

import pytest

from molgfn.chem.processes import ENOUGH, Processes


def test_answers_come_in_the_order_of_the_questions() -> None:
    numbers = list(range(-ENOUGH, 0))
    with Processes(2) as processes:
        assert list(processes.map(abs, numbers)) == [-n for n in numbers]
        assert list(processes.map(partial(pow, 2), [3, 1])) == [8, 2]


def test_little_work_is_done_at_home() -> None:
    with Processes(2) as processes:
        assert set(processes.map(_process, [0] * (ENOUGH - 1))) == {os.getpid()}


def test_much_work_is_done_elsewhere() -> None:
    with Processes(2) as processes:
        assert os.getpid() not in set(processes.map(_process, [0] * ENOUGH))


def test_little_work_again_and_again_is_done_elsewhere_in_the_end() -> None:
    with Processes(2) as processes:
        done = [set(processes.map(_process, [0] * (ENOUGH // 2))) for _ in range(3)]
    assert done[0] == {os.getpid()}
    assert os.getpid() not in done[2]


def test_one_process_is_this_one() -> None:
    with Processes(1) as processes:
        assert set(processes.map(_process, [0] * ENOUGH)) == {os.getpid()}


def test_what_a_function_raises_arrives() -> None:
    with Processes(2) as processes, pytest.raises(ValueError, match="invalid literal"):
        list(processes.map(int, ["no number"] * ENOUGH))


def test_a_killed_process_is_told() -> None:
    with Processes(2) as processes:
        answers = processes.map(_die, [0] * ENOUGH)
        with pytest.raises(ChildProcessError, match="a worker process was killed"):
            list(answers)


def test_no_process_at_all_is_refused() -> None:
    with pytest.raises(ValueError, match="0 processes: accepted are whole numbers from 1"):
        Processes(0)


def test_processes_end_when_the_parent_is_killed() -> None:
    script = (
        "import os, time\n"
        "from molgfn.chem.processes import Processes\n"
        "from tests.chem.test_processes import _process\n"
        "if __name__ == '__main__':\n"
        "    print(*set(Processes(2).map(_process, [0] * 500)), flush=True)\n"
        "    time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    children = [int(text) for text in parent.stdout.readline().split()]
    assert children
    parent.kill()
    parent.wait()
    end = time.monotonic() + 10
    while any(map(_lives, children)) and time.monotonic() < end:
        time.sleep(0.05)
    assert not any(map(_lives, children))


def _process(_: object) -> int:
    return os.getpid()


def _die(_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
