"""A reward that is computed in other processes."""

import os
import time
from collections import deque
from collections.abc import Generator, Mapping, Sequence
from multiprocessing import connection, util
from typing import Any

from molgfn.configurable import describe
from molgfn.rewards.base import Reward, Scores
from molgfn.rewards.identity import is_own, modules_of
from molgfn.rewards.isolation import Failure, Record, Unanswered, isolated
from molgfn.rewards.rows import Row, failed, scores_of
from molgfn.rewards.worker import Worker

Part = Generator[list[int], Mapping[int, Row] | Unanswered, dict[int, Any]]


class Workers(Reward):
    """Another reward, computed in worker processes: faster, and nothing it does ends the run.

    A batch is cut into chunks, which the workers take as they become free. A chunk that raises,
    takes too long or kills its worker is split until the guilty objects are alone: these fail, the
    others keep their rewards, and a dead worker is replaced. Workers start with the first batch
    and end with the reward, with `close`, or with the run. What they print is thrown away. A
    script that trains with them needs `if __name__ == "__main__":`, as always with
    `multiprocessing`.

    Worth it for rewards that take more than some 20 microseconds a molecule on a CPU. Each worker
    has a copy of the reward, on the CPU. Each rank has its own workers.

    Args:
        reward: what the workers compute; made of arguments that a YAML config could hold.
        num_workers: processes; None: one for each CPU core that this process may use.
        chunk: most objects that a worker is given at once.
        timeout: seconds that a chunk may take.
    Raises:
        ValueError: num_workers, chunk or timeout are not positive.
        TypeError: the reward has arguments that no config could hold.
        ChildProcessError: when called: a worker cannot be started.
    """

    def __init__(
        self,
        reward: Reward,
        num_workers: int | None = None,
        chunk: int = 16,
        timeout: float = 60.0,
    ) -> None:
        super().__init__()
        if num_workers is None:
            num_workers = len(os.sched_getaffinity(0))
        if num_workers < 1 or chunk < 1 or not timeout > 0:
            raise ValueError(
                f"num_workers = {num_workers}, chunk = {chunk}, timeout = {timeout}: accepted are "
                "integers from 1, and seconds above 0"
            )
        self.num_workers, self.chunk, self.timeout = num_workers, chunk, timeout
        self._names = reward.component_names
        self._description = describe(reward)
        own = [name for name in modules_of(self._description) if is_own(name)]
        self._preloaded = ["molgfn.rewards.worker", "jsonargparse", *own]
        self._workers: list[Worker] = []
        self._record = Record()
        # before multiprocessing waits for its processes at the end of the program
        self._finalizer = util.Finalize(self, _stop, (self._workers,), exitpriority=10)

    @property
    def component_names(self) -> tuple[str, ...]:
        return self._names

    def forward(self, objects: Sequence[Any]) -> Scores:
        """Score objects; the caller waits for all of them."""
        found = self._work(list(objects)) if len(objects) else {}
        rows = [found[position] for position in range(len(objects))]
        return scores_of([failed(row.reason) if isinstance(row, Failure) else row for row in rows])

    def close(self) -> None:
        """End the workers; new ones start when the reward is called again."""
        _stop(self._workers)

    def pids(self) -> list[int]:
        """The ids of the worker processes."""
        return [worker.pid for worker in self._workers]

    def _work(self, objects: list[Any]) -> dict[int, Row | Failure]:
        """The row, or the failure, of each position."""
        waiting = deque((part, next(part)) for part in self._parts(len(objects)))
        busy: dict[Worker, tuple[Part, list[int]]] = {}
        found: dict[int, Row | Failure] = {}
        self._complete()
        try:
            while waiting or busy:
                for worker in [one for one in self._workers if one not in busy]:
                    if not waiting:
                        break
                    part, asked = waiting.popleft()
                    if worker.ask([objects[position] for position in asked]):
                        busy[worker] = part, asked
                    else:  # it had died with nothing to do: nobody is guilty
                        waiting.appendleft((part, asked))
                        self._drop(worker)
                for worker in _finished(list(busy)):
                    part, asked = busy.pop(worker)
                    outcome = self._outcome(worker, asked)
                    try:
                        waiting.appendleft((part, part.send(outcome)))
                    except StopIteration as done:
                        found |= done.value
                self._complete()
        finally:
            for worker in busy:  # interrupted: nobody will read what they answer
                self._drop(worker)
        return found

    def _parts(self, num_objects: int) -> list[Part]:
        """Chunks of positions, as questions about them."""
        size = min(self.chunk, -(-num_objects // self.num_workers))
        starts = range(0, num_objects, size)
        return [
            isolated(range(start, min(start + size, num_objects)), self._record) for start in starts
        ]

    def _outcome(self, worker: Worker, asked: list[int]) -> Mapping[int, Row] | Unanswered:
        """What came of a question; a worker that hangs or is dead is dropped."""
        try:
            answer = worker.answer()
        except ChildProcessError as error:
            self._drop(worker)
            return Unanswered(str(error))
        if isinstance(answer, str):
            return Unanswered(answer)
        return dict(zip(asked, answer, strict=True))

    def _drop(self, worker: Worker) -> None:
        self._workers.remove(worker)
        worker.stop()

    def _complete(self) -> None:
        """Start as many workers as are missing."""
        new: list[Worker] = []
        try:
            for _ in range(self.num_workers - len(self._workers)):
                new.append(Worker(self._description, self._preloaded, self.timeout))  # noqa: PERF401
            for worker in new:
                worker.wait_until_ready()
        except BaseException:
            _stop(new)
            raise
        self._workers += new


def _finished(busy: Sequence[Worker]) -> list[Worker]:
    """Wait until some have answered, have died, or have no time left."""
    first = min((worker.deadline for worker in busy), default=time.monotonic())
    ready = connection.wait([w.connection for w in busy], max(0.0, first - time.monotonic()))
    now = time.monotonic()
    return [w for w in busy if w.connection in ready or w.deadline <= now]


def _stop(workers: list[Worker]) -> None:
    while workers:
        workers.pop().stop()
