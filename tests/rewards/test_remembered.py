"""A reward that is computed once for each molecule."""

import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import pytest
import torch
from rdkit import Chem

from molgfn.rewards.base import Reward, Scores
from molgfn.rewards.remembered import Remembered
from molgfn.rewards.workers import Workers


class Counting(Reward):
    """The number of atoms; fails for methane, and remembers what it was asked."""

    def __init__(self, kind: str = "atoms") -> None:
        super().__init__()
        self.asked: list[str] = []

    def forward(self, objects: Sequence[Any]) -> Scores:
        names = ["none" if mol is None else Chem.MolToSmiles(mol) for mol in objects]
        self.asked += names
        sizes = torch.tensor([float(mol.GetNumAtoms()) if mol else torch.nan for mol in objects])
        failures = {i: f"is {name}" for i, name in enumerate(names) if name in ("C", "none")}
        log_reward = sizes.log()
        log_reward[list(failures)] = torch.nan
        return Scores(log_reward, {"size": sizes}, failures)


def mols(*smiles: str | None) -> list[Any]:
    return [None if one is None else Chem.MolFromSmiles(one) for one in smiles]


def same(first: Scores, second: Scores) -> bool:
    torch.testing.assert_close(first.log_reward, second.log_reward, equal_nan=True)
    torch.testing.assert_close(
        dict(first.components), dict(second.components), equal_nan=True, rtol=0, atol=0
    )
    return first.failures == second.failures


def test_scores_are_those_of_the_reward_itself_however_often_they_are_asked() -> None:
    some = mols("CCO", "C", "OCC", None, "c1ccccc1", None)
    remembered = Remembered(Counting())
    assert same(remembered(some), Counting()(some))
    assert same(remembered(some[::-1]), Counting()(some[::-1]))


def test_a_molecule_is_asked_for_once_however_it_is_written() -> None:
    counting = Counting()
    remembered = Remembered(counting)
    remembered(mols("CCO", "OCC", "C"))
    remembered(mols("C(O)C", "C", "CC"))
    assert counting.asked == ["CCO", "C", "CC"]


def test_what_was_asked_for_longest_ago_is_forgotten_first() -> None:
    counting = Counting()
    remembered = Remembered(counting, memory=2)
    for smiles in ("CCO", "CC", "CCO", "CCC", "CCO", "CC"):
        remembered(mols(smiles))
    assert counting.asked == ["CCO", "CC", "CCC", "CC"]


def test_no_molecules_are_no_trouble() -> None:
    assert Remembered(Counting())([]).log_reward.shape == (0,)


def test_a_memory_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="memory = 0"):
        Remembered(Counting(), memory=0)


def test_texts_are_remembered_and_other_objects_are_asked_about_every_time() -> None:
    class Lengths(Reward):
        asked: ClassVar[list[Any]] = []

        def forward(self, objects: Sequence[Any]) -> Scores:
            self.asked.extend(objects)
            return Scores(torch.tensor([float(len(one)) for one in objects]))

    remembered = Remembered(Lengths())
    for _ in range(2):
        assert remembered(["AK", (1, 2, 3), "K"]).log_reward.tolist() == [2.0, 3.0, 1.0]
    assert Lengths.asked == ["AK", (1, 2, 3), "K", (1, 2, 3)]


def test_hits_and_misses_are_counted() -> None:
    remembered = Remembered(Counting())
    remembered(mols("CCO", "OCC", "CC"))
    remembered(mols("CCO", "CCC", None))
    assert (remembered.hits, remembered.misses) == (2, 4)


def test_a_file_keeps_values_for_the_next_run_bit_by_bit(tmp_path: Path) -> None:
    file = str(tmp_path / "scores.sqlite")
    some = mols("CCO", "CC", "CCC")
    first = Remembered(Counting(), file=file)(some)
    counting = Counting()
    again = Remembered(counting, file=file)(some)
    assert counting.asked == []
    assert same(again, first)


def test_failures_are_asked_about_again_after_a_restart(tmp_path: Path) -> None:
    file = str(tmp_path / "scores.sqlite")
    Remembered(Counting(), file=file)(mols("C", "CC"))
    counting = Counting()
    assert Remembered(counting, file=file)(mols("C", "CC")).failures == {0: "is C"}
    assert counting.asked == ["C"]


def test_a_component_that_is_not_known_stays_so_in_the_file(tmp_path: Path) -> None:
    class Half(Reward):
        def forward(self, objects: Sequence[Any]) -> Scores:
            return Scores(torch.zeros(len(objects)), {"unknown": torch.full((1,), torch.nan)})

    file = str(tmp_path / "scores.sqlite")
    for _ in range(2):
        assert Remembered(Half(), file=file)(mols("C")).components["unknown"].isnan().all()


def test_values_of_another_reward_are_not_read_and_not_lost(tmp_path: Path) -> None:
    file = str(tmp_path / "scores.sqlite")
    for kind, asked in (("atoms", ["CC"]), ("others", ["CC"]), ("atoms", [])):
        counting = Counting(kind)
        Remembered(counting, file=file)(mols("CC"))
        assert counting.asked == asked


def test_who_computes_makes_no_difference_to_what_is_known(tmp_path: Path) -> None:
    file = str(tmp_path / "scores.sqlite")
    Remembered(Counting(), file=file)(mols("CC"))
    workers = Workers(Counting())
    assert not Remembered(workers, file=file)(mols("CC")).failures
    assert workers.pids() == []


def test_the_file_holds_so_many_and_forgets_the_oldest(tmp_path: Path) -> None:
    file = str(tmp_path / "scores.sqlite")
    Remembered(Counting(), file=file, on_disk=2)(mols("CC", "CCC"))
    Remembered(Counting(), file=file, on_disk=2)(mols("CCCC"))
    counting = Counting()
    Remembered(counting, file=file, on_disk=2)(mols("CCC", "CCCC", "CC"))
    assert counting.asked == ["CC"]


@pytest.mark.parametrize("content", [b"smiles,score\n" * 100, b"SQLite format 3\0" + b"x" * 4096])
def test_a_file_of_another_kind_is_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "scores.sqlite"
    file.write_bytes(content)
    with pytest.raises(ValueError, match=r"scores\.sqlite is no file of remembered rewards"):
        Remembered(Counting(), file=str(file))
    assert file.read_bytes() == content


def test_a_database_of_another_program_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "scores.sqlite"
    with sqlite3.connect(file) as database:
        database.execute("CREATE TABLE scores (mine TEXT)")
    with pytest.raises(ValueError, match="a database of another kind"):
        Remembered(Counting(), file=str(file))


def test_a_file_in_a_folder_that_does_not_exist_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"nowhere/scores\.sqlite: unable to open"):
        Remembered(Counting(), file=str(tmp_path / "nowhere" / "scores.sqlite"))


def test_a_file_that_breaks_while_training_is_told_and_used_no_longer(tmp_path: Path) -> None:
    file = tmp_path / "scores.sqlite"
    remembered = Remembered(Counting(), file=str(file))
    with sqlite3.connect(file) as other:
        other.execute("DROP TABLE scores")
    with pytest.warns(UserWarning, match="is used no longer: no such table"):
        assert not remembered(mols("CC")).failures
    assert not remembered(mols("CCC")).failures


@pytest.mark.parametrize("options", [{"memory": 0}, {"on_disk": 0}])
def test_bounds_below_one_are_refused(options: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="accepted are integers from 1"):
        Remembered(Counting(), **options)


WRITER = """
import sys
from molgfn.rewards.remembered_file import RememberedFile
from molgfn.rewards.rows import Row
from pathlib import Path
file = RememberedFile(Path(sys.argv[1]), "reward", 10**6)
for batch in range(10**6):
    file.keep({f"{batch} {i}": Row(1.0, {"x": 2.0}) for i in range(64)})
    print(batch, flush=True)
"""


@pytest.mark.slow
def test_a_kill_at_any_moment_leaves_whole_batches(tmp_path: Path) -> None:
    file = tmp_path / "scores.sqlite"
    for delay in (0.0, 0.001, 0.01):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(file)], stdout=subprocess.PIPE, text=True
        )
        assert writer.stdout is not None
        writer.stdout.readline()
        time.sleep(delay)
        writer.send_signal(signal.SIGKILL)
        reported = len(writer.stdout.read().splitlines())
        writer.wait()
        with sqlite3.connect(file) as database:
            assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            (rows,) = database.execute("SELECT count(*) FROM scores").fetchone()
        assert rows % 64 == 0
        assert rows >= 64 * reported


@pytest.mark.slow
def test_two_processes_may_use_a_file_at_a_time(tmp_path: Path) -> None:
    text = WRITER.replace("10**6):", "20):")
    file = str(tmp_path / "scores.sqlite")
    writers = [
        subprocess.Popen([sys.executable, "-c", text, file], stdout=subprocess.DEVNULL)
        for _ in range(3)
    ]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
