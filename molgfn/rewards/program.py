"""An external program as a reward."""

import json
import os
import shlex
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import IO, Any

from molgfn.rewards.foreign import Foreign
from molgfn.rewards.isolation import Unanswered
from molgfn.rewards.transforms import Clip, Transform

MOST = 64 * 2**20
"""Bytes of an answer that are read."""
TAIL = 300
"""Characters of a program's messages that a reason quotes."""


class Program(Foreign):
    """A program that is started for each batch: log R = log max(floor, transform(number)).

    On its standard input are distinct canonical SMILES, one a line, then the end of the file. On
    its standard output it writes JSON (UTF-8), one of

    - an object `{"CCO": -5.1, "c1ccccc1": -4.2}`, SMILES as they were given -> numbers;
    - such objects one a line, written (and flushed) as they are found: what is complete counts
      even when the program is stopped or crashes later. Lines of anything else are passed over;
    - an array of as many numbers as SMILES, in the same order; it counts only if the program
      ends with exit code 0.

    `Foreign` says what a number may be: also an object of named numbers, null, or {"error": text}.
    SMILES without a number after exit code 0 fail. After a crash, a time-out or an answer that
    cannot be read, the program is started again with fewer of those that have none, until the
    guilty ones are alone; the end of what it wrote to standard error is part of their reason. No
    shell is involved. The program and all that it started in its process group are killed when its
    time is over.

    Args:
        command: the program and its arguments, as a list, or as text that is split like in a shell.
        timeout: seconds that one start may take.
        name: what its number is called; None: "program".
        value: which of several named numbers is the raw one.
        transform: makes scores in [0, 1] of the numbers; None: those outside are clipped.
        floor: least score that is not raised to it; in (0, 1].
    Raises:
        FileNotFoundError: there is no such program.
        ValueError: no command, or a bad argument.
    """

    def __init__(
        self,
        command: str | list[str],
        timeout: float = 60.0,
        name: str | None = None,
        value: str = "value",
        transform: Transform | None = None,
        floor: float = 0.01,
    ) -> None:
        super().__init__("program", name, value, transform or Clip(), floor)
        self.command = shlex.split(command) if isinstance(command, str) else list(command)
        if not self.command:
            raise ValueError("command is empty; accepted are a program and its arguments")
        if not timeout > 0:
            raise ValueError(f"timeout = {timeout}: accepted are seconds above 0")
        if shutil.which(self.command[0]) is None:
            raise FileNotFoundError(
                f"command = {shlex.join(self.command)!r}: there is no program {self.command[0]!r} "
                "that can be executed, neither at that path nor on PATH"
            )
        self.timeout = timeout

    def ask(self, objects: Mapping[str, Any]) -> Mapping[str, Any]:
        smiles = list(objects)
        # files and not pipes: nobody waits for somebody who does not read, and what was written
        # before a crash is there
        with (
            tempfile.TemporaryFile() as given,
            tempfile.TemporaryFile() as answered,
            tempfile.TemporaryFile() as told,
        ):
            given.write("".join(f"{one}\n" for one in smiles).encode())
            given.seek(0)
            trouble = self._run(given, answered, told)
            answered.seek(0)
            text = answered.read(MOST).decode(errors="replace")
            messages = _tail(told)
        answer = read(text)
        if isinstance(answer, Mapping):
            known = {one: answer[one] for one in smiles if one in answer}
            if trouble is None:
                return known
            raise Unanswered(trouble + messages, known)
        if trouble is None and isinstance(answer, Sequence):
            if len(answer) == len(smiles):
                return dict(zip(smiles, answer, strict=True))
            trouble = f"answered {len(answer)} numbers for {len(smiles)} molecules"
        if trouble is None:
            trouble = f"answered {_short(text)}, which is neither a JSON object nor an array"
        raise Unanswered(trouble + messages)

    def _run(self, given: IO[bytes], answered: IO[bytes], told: IO[bytes]) -> str | None:
        """Run the program once and return what went wrong."""
        try:
            process = subprocess.Popen(
                self.command, stdin=given, stdout=answered, stderr=told, start_new_session=True
            )
        except OSError as error:
            return f"cannot be started: {error.strerror}"
        try:
            code = process.wait(self.timeout)
        except subprocess.TimeoutExpired:
            return f"gave no answer within {self.timeout:g} s"
        finally:
            _kill_group(process)
        if code < 0:
            return f"was ended by {_signal_name(-code)}"
        return f"ended with exit code {code}" if code else None


def read(text: str) -> dict[str, Any] | list[Any] | None:
    """The answer of a program: an object, the objects of several lines as one, or an array."""
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError):
        pass
    else:
        return whole if isinstance(whole, (dict, list)) else None
    found: dict[str, Any] = {}
    for line in text.splitlines():
        try:
            part = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(part, dict):
            found |= part
    return found or None


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    """Kill what is left of the program, also of what it started, and leave no zombie."""
    with suppress(ProcessLookupError, PermissionError):  # nothing is left
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _tail(file: IO[bytes]) -> str:
    """The end of what the program wrote to standard error, to be put behind a reason."""
    file.seek(0, os.SEEK_END)
    file.seek(max(0, file.tell() - 4 * TAIL))
    text = " ".join(file.read().decode(errors="replace").split())[-TAIL:]
    return f"; it said: {text}" if text else ""


def _short(text: str, most: int = 80) -> str:
    return repr(text) if len(text) <= most else f"{text[:most]!r}..."
