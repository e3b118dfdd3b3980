"""Which reward it is: changed by all that its values depend on."""

import sys
from pathlib import Path

import pytest

from molgfn.rewards.function import Function
from molgfn.rewards.identity import identity
from molgfn.rewards.join import Product
from molgfn.rewards.program import Program
from molgfn.rewards.properties import QED, SA
from molgfn.rewards.remembered import Remembered
from molgfn.rewards.workers import Workers


def test_equal_rewards_are_one_and_other_arguments_are_another() -> None:
    assert identity(QED(floor=0.1)) == identity(QED(floor=0.1))
    different = [QED(floor=0.1), QED(floor=0.2), SA(floor=0.1), Product([QED(floor=0.1)])]
    assert len({identity(reward) for reward in different}) == 4


def test_a_changed_file_of_an_argument_makes_another_reward(tmp_path: Path) -> None:
    script = tmp_path / "dock.py"
    found = set()
    for text in ("print([])", "print({})"):
        script.write_text(text)
        found.add(identity(Program([sys.executable, str(script)])))
    assert len(found) == 2


def test_a_changed_file_in_a_folder_of_an_argument_makes_another_reward(tmp_path: Path) -> None:
    found = set()
    for text in ("1", "2"):
        (tmp_path / "weights").write_text(text)
        found.add(identity(Program([sys.executable, str(tmp_path)])))
    assert len(found) == 2


@pytest.mark.parametrize("path", ["own_scorer:score", "own_scorer.score"])
def test_a_changed_module_of_a_function_makes_another_reward(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    found = set()
    for number in (1, 2):
        (tmp_path / "own_scorer.py").write_text(f"def score(smiles):\n    return {number}\n")
        found.add(identity(Function(path)))
    assert len(found) == 2
    sys.modules.pop("own_scorer")


def test_who_computes_or_remembers_makes_no_difference() -> None:
    plain = Product([QED(), SA()])
    inside = Product([Workers(QED(), 2, timeout=5.0), Remembered(SA(), memory=7)])
    assert identity(plain) == identity(inside) == identity(Workers(plain, 3))
