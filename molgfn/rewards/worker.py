"""A process that computes a reward for another one: both ends of it."""

import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from multiprocessing.connection import Connection
from typing import Any

import torch

from molgfn.chem.processes import end_with_parent
from molgfn.configurable import build
from molgfn.rewards.base import Reward, checked
from molgfn.rewards.rows import Row, rows_of

START_SECONDS = 300
"""How long a process may take to import and build its reward."""
GRACE_SECONDS = 1.0
"""How long a process may take to clean up, before it is killed."""
STOP = signal.SIGUSR1
"""Asks a process to leave its work: unlike SIGTERM, nobody sends it to whole groups."""


class Worker:
    """One process, which scores one chunk of objects at a time.

    It is forked from a server that has nothing but imports, never from this process with its
    threads and its GPU. It ends when this process does, however that ends.

    Args:
        description: of the reward, see `configurable.describe`.
        modules: imported once for all processes.
        timeout: seconds that a chunk may take.
    """

    def __init__(self, description: Mapping[str, Any], modules: list[str], timeout: float) -> None:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(modules)
        self.connection, theirs = context.Pipe()
        self._process = context.Process(
            target=_serve, args=(theirs, description, timeout), daemon=True
        )
        self._process.start()
        theirs.close()
        self._timeout = timeout
        self.deadline = time.monotonic() + START_SECONDS

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    def wait_until_ready(self) -> None:
        """Wait for the reward to be built.

        Raises:
            ChildProcessError: it cannot be built there.
        """
        trouble: str | None = f"it was not ready within {START_SECONDS} s"
        try:
            if self.connection.poll(max(0.0, self.deadline - time.monotonic())):
                trouble = self.connection.recv()
        except (EOFError, OSError):
            trouble = self._how_it_ended()
        if trouble is not None:
            raise ChildProcessError(f"a worker process for the reward did not start: {trouble}")

    def ask(self, objects: Sequence[Any]) -> bool:
        """Send a chunk, whose deadline then runs; False if the process is gone."""
        try:
            self.connection.send(objects)
        except OSError:
            return False
        self.deadline = time.monotonic() + self._timeout
        return True

    def answer(self) -> list[Row] | str:
        """Rows of the chunk, or the exception it raised.

        Raises:
            ChildProcessError: it has not answered, and either is dead or has no time left.
        """
        try:
            answer: list[Row] | str | None = (
                self.connection.recv() if self.connection.poll() else None
            )
        except (EOFError, OSError) as error:
            raise ChildProcessError(f"killed its worker process: {self._how_it_ended()}") from error
        if answer is None:
            raise ChildProcessError(f"gave no answer within {self._timeout:g} s")
        return answer

    def stop(self) -> None:
        """End the process; nothing is left of it afterwards."""
        self.connection.close()
        if self._process.is_alive():
            os.kill(self.pid, STOP)
            self._process.join(GRACE_SECONDS)
            self._process.kill()
        self._process.join()
        self._process.close()

    def _how_it_ended(self) -> str:
        self._process.join(GRACE_SECONDS)
        code = self._process.exitcode
        if code is None:
            return "it closed its connection"
        try:
            return signal.Signals(-code).name if code < 0 else f"exit code {code}"
        except ValueError:
            return f"signal {-code}"


def _serve(connection: Connection, description: Mapping[str, Any], timeout: float) -> None:
    """What the process does: build the reward, then score chunks until nobody asks."""
    _prepare()
    try:
        reward: Reward = build(description, Reward)
    except Exception as error:
        connection.send(f"{type(error).__name__}: {error}")
        return
    connection.send(None)
    while True:
        try:
            objects = connection.recv()
        except EOFError:
            return
        # the kernel's timer: it ends even code that lets no thread of Python run
        signal.setitimer(signal.ITIMER_REAL, 2 * timeout + GRACE_SECONDS)
        answer: list[Row] | str
        try:
            with torch.no_grad():
                answer = rows_of(checked(reward(objects), len(objects)))
        except (Exception, SystemExit) as error:
            answer = f"{type(error).__name__}: {error}"
        signal.setitimer(signal.ITIMER_REAL, 0)
        try:
            connection.send(answer)
        except OSError:
            return


def _prepare() -> None:
    """Make the process quiet, deaf to what is meant for the other one, and not outlive it."""
    torch.set_num_threads(1)
    for number in (signal.SIGINT, signal.SIGTERM):
        # a handler and not SIG_IGN, which programs that the reward starts would inherit
        signal.signal(number, lambda *_: None)
    signal.signal(STOP, signal.default_int_handler)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    for descriptor in (1, 2):
        os.dup2(nowhere, descriptor)
    threading.Thread(target=end_with_parent, daemon=True).start()
