"""An external program as a reward; every one of these is a real process."""

import os
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from rdkit import Chem

from molgfn.configurable import build, describe
from molgfn.rewards.base import Reward
from molgfn.rewards.program import Program
from molgfn.rewards.transforms import Linear

SMILES = ["CCO", "CF", "CCC", "OCC", "CCCC"]
HEAD = "import json, os, sys, time\nsmiles = [line.rstrip('\\n') for line in sys.stdin]\n"
KEYED = HEAD + "print(json.dumps({s: len(s) / 10 for s in reversed(smiles)}))\n"

Make = Callable[..., Program]


def mols(*smiles: str) -> list[Chem.Mol]:
    return [Chem.MolFromSmiles(one) for one in smiles]


def processes() -> list[list[str]]:
    """Id, group and state of every process of this machine."""
    command = ["ps", "-e", "-o", "pid=,pgid=,stat="]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return [line.split() for line in told.splitlines()]


@pytest.fixture
def program(tmp_path: Path) -> Make:
    """Makes a reward of a Python program."""

    def make(text: str, timeout: float = 20.0, **options: object) -> Program:
        path = tmp_path / "program.py"
        path.write_text(text)
        command = [sys.executable, "-S", "-E", str(path)]
        return Program(command, timeout, name="mine", **options)  # type: ignore[arg-type]

    return make


@pytest.mark.parametrize(
    "answer",
    [
        "print(json.dumps({s: len(s) / 10 for s in reversed(smiles)}))",
        "print(json.dumps([len(s) / 10 for s in smiles]))",
        "print(json.dumps({s: {'value': len(s) / 10} for s in smiles}, indent=2))",
        "[print(json.dumps({s: len(s) / 10})) for s in reversed(smiles)]",
        "print('Docker 3.1'); [print(json.dumps({s: len(s) / 10})) for s in smiles]; print('bye')",
    ],
    ids=["object", "array", "named", "lines", "lines among others"],
)
def test_every_form_of_answer_gives_each_molecule_its_number(program: Make, answer: str) -> None:
    scores = program(HEAD + answer)(mols(*SMILES))
    assert not scores.failures
    assert scores.components["mine"].tolist() == pytest.approx([0.3, 0.2, 0.3, 0.3, 0.4])


def test_it_is_given_distinct_canonical_smiles_one_a_line(program: Make, tmp_path: Path) -> None:
    text = (
        f"import sys; open({str(tmp_path / 'given')!r}, 'w').write(sys.stdin.read()); print({{}})"
    )
    program(text)(mols("OCC", "CCO", "C(C)C"))
    assert (tmp_path / "given").read_text() == "CCO\nCCC\n"


def test_other_numbers_become_components_and_the_transform_is_applied(program: Make) -> None:
    text = HEAD + "print(json.dumps({s: {'affinity': -8, 'strain': len(s)} for s in smiles}))"
    reward = program(text, value="affinity", transform=Linear(0.0, -16.0))
    scores = reward(mols("CCO"))
    assert scores.components["mine"].item() == -8
    assert scores.components["mine.strain"].item() == 3
    assert scores.log_reward.exp().item() == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("{s: (None if s == 'CF' else 0.3) for s in smiles}", "None"),
        ("{s: (float('nan') if s == 'CF' else 0.3) for s in smiles}", "nan"),
        ("{s: ('good' if s == 'CF' else 0.3) for s in smiles}", "'good'"),
        ("{s: ({'error': 'no pose'} if s == 'CF' else 0.3) for s in smiles}", "'no pose'"),
        ("{s: 0.3 for s in smiles if s != 'CF'}", "left out of the answer"),
        ("[0.3 for s in smiles if s != 'CF']", "answered 0 numbers for 1 molecules"),
    ],
)
def test_a_molecule_without_a_number_fails_alone(program: Make, answer: str, reason: str) -> None:
    scores = program(HEAD + f"print(json.dumps({answer}))")(mols(*SMILES))
    assert list(scores.failures) == [1]
    assert reason in scores.failures[1]
    assert scores.components["mine"][[0, 2, 3, 4]].tolist() == pytest.approx([0.3] * 4)


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [
        ("sys.exit(3)", "ended with exit code 3"),
        ("os.abort()", "was ended by SIGABRT"),
        ("raise KeyError('no such atom type')", "it said: Traceback"),
        ("print('garbage'); sys.exit()", "'garbage\\n', which is neither a JSON object"),
        ("print('0.5'); sys.exit()", "'0.5\\n', which is neither a JSON object"),
        ("print('[' * 99999); sys.exit()", "neither a JSON object"),
        ("sys.stdout.buffer.write(bytes(range(256))); sys.exit()", "neither a JSON object"),
        ("sys.exit()", "answered '', which"),
    ],
)
def test_a_molecule_that_breaks_the_program_fails_alone_with_what_it_said(
    program: Make, trouble: str, reason: str
) -> None:
    guilty = f"if any('F' in s for s in smiles):\n    {trouble}\n"
    scores = program(KEYED.replace("print(", f"{guilty}print(", 1))(mols(*SMILES))
    assert list(scores.failures) == [1]
    assert reason in scores.failures[1]


def test_what_was_answered_before_it_dies_midway_counts_and_is_not_asked_again(
    program: Make, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    text = HEAD + (
        f"open({str(log)!r}, 'a').write(' '.join(smiles) + chr(10))\n"
        "for s in smiles:\n"
        "    if 'F' in s:\n"
        "        os.write(1, b'{\"CF')\n"
        "        os.abort()\n"
        "    print(json.dumps({s: 0.3}), flush=True)\n"
    )
    scores = program(text)(mols("CCO", "CCC", "CF", "CCCC"))
    assert scores.failures == {2: "was ended by SIGABRT"}
    assert log.read_text().splitlines()[:2] == ["CCO CCC CF CCCC", "CF CCCC"]


def test_an_array_counts_only_if_the_program_ends_well(program: Make) -> None:
    scores = program(HEAD + "print(json.dumps([0.5] * len(smiles)))\nsys.exit(1)")(mols("CC"))
    assert scores.failures == {0: "ended with exit code 1"}


def test_a_program_that_hangs_costs_the_guilty_molecule_and_leaves_no_process(
    program: Make, tmp_path: Path
) -> None:
    text = KEYED.replace(
        "print(",
        f"open({str(tmp_path / 'pids')!r}, 'a').write(f'{{os.getpid()}} ')\n"
        "import subprocess\n"
        "if any('F' in s for s in smiles): subprocess.run(['sleep', '600'])\nprint(",
        1,
    )
    scores = program(text, timeout=0.7)(mols("CF", "CCC"))
    assert scores.failures == {0: "gave no answer within 0.7 s"}
    started = (tmp_path / "pids").read_text().split()
    assert len(started) == 3
    assert not {pid for pid, group, state in processes() if pid in started}  # no zombie either
    assert not {pid for pid, group, state in processes() if group in started and state[0] != "Z"}


def test_a_program_that_never_works_is_not_started_for_every_molecule(
    program: Make, tmp_path: Path
) -> None:
    text = f"open({str(tmp_path / 'starts')!r}, 'a').write('x'); raise SystemExit('no licence')"
    reward, many = program(text), mols(*("C" * n for n in range(1, 65)))
    reward(many)
    first = len((tmp_path / "starts").read_text())
    scores = reward(many)
    assert len(scores.failures) == 64
    assert "no licence" in scores.failures[63]
    assert first < 40
    assert len((tmp_path / "starts").read_text()) == first + 4


def test_a_program_that_does_not_read_and_says_a_lot_blocks_nothing(program: Make) -> None:
    text = "import sys\nprint('x' * 300_000, file=sys.stderr)\nprint('{\"C\": 0.5}')"
    scores = program(text)(mols("C"))
    assert scores.components["mine"].item() == 0.5


def test_no_molecules_start_no_program(program: Make, tmp_path: Path) -> None:
    scores = program(f"open({str(tmp_path / 'started')!r}, 'w')")([None])
    assert scores.failures == {0: "no molecule"}
    assert not (tmp_path / "started").exists()


def test_an_absent_program_is_refused_by_name() -> None:
    with pytest.raises(FileNotFoundError, match="no program 'dock-nowhere'"):
        Program("dock-nowhere --fast")


def test_a_program_that_vanishes_later_fails_its_molecules(tmp_path: Path) -> None:
    path = tmp_path / "program"
    path.write_text("#!/bin/sh\nexit 1\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    reward = Program([str(path)])
    path.unlink()
    assert reward(mols("C")).failures == {0: "cannot be started: No such file or directory"}


@pytest.mark.parametrize("command", ["", []])
def test_an_empty_command_is_refused(command: str | list[str]) -> None:
    with pytest.raises(ValueError, match="command is empty"):
        Program(command)


@pytest.mark.parametrize("timeout", [0.0, -1.0, float("nan")])
def test_a_time_limit_that_is_no_time_is_refused(timeout: float) -> None:
    with pytest.raises(ValueError, match="accepted are seconds above 0"):
        Program([sys.executable], timeout)


def test_a_program_comes_back_from_its_description(program: Make) -> None:
    reward = program(KEYED)
    assert build(describe(reward), Reward)(mols("CC")).components["mine"].item() == pytest.approx(
        0.2
    )


def test_an_interruption_ends_the_program_at_once(
    program: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reward = program(
        f"import os, time; open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid()))\n"
        "time.sleep(600)"
    )

    def interrupted(self: object, timeout: float) -> int:
        while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
            time.sleep(0.01)
        monkeypatch.undo()
        raise KeyboardInterrupt

    monkeypatch.setattr("subprocess.Popen.wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        reward(mols("C"))
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)
