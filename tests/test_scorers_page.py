"""docs/scorers.md, executed from its own code blocks."""

import re
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from rdkit import Chem

from molgfn.configurable import build
from molgfn.rewards.base import Reward, Scores
from molgfn.rewards.isolation import PATIENCE
from molgfn.rewards.workers import Workers

PAGE = (Path(__file__).resolve().parents[1] / "docs" / "scorers.md").read_text()
FILES = dict(re.findall(r"`(\w+\.py)`[^`]*\n\n```python\n(.*?)```", PAGE, re.S))
FUNCTION, PROGRAM, WORKERS, REMEMBERED = re.findall(r"```yaml\n(.*?)```", PAGE, re.S)
SMILES = ["CF", "FCF", "CCCCCCCCCCCCCCCCCCCCCCC"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of a user, who works in it."""
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    sys.modules.pop("my_scorer", None)


def scored(text: str, smiles: list[str]) -> Scores:
    reward: Reward = build(yaml.safe_load(text), Reward)
    try:
        scores: Scores = reward([Chem.MolFromSmiles(one) for one in smiles])
    finally:
        for part in reward.modules():
            if isinstance(part, Workers):
                part.close()
    return scores


def test_the_page_has_a_function_and_a_program() -> None:
    assert list(FILES) == ["my_scorer.py", "my_dock.py"]


def test_the_function_of_the_page_scores(folder: Path) -> None:
    scores = scored(FUNCTION, SMILES)
    assert scores.components["fluorines"].tolist() == [1, 2, 0]
    assert scores.log_reward.exp().tolist() == pytest.approx([1 / 3, 2 / 3, 0.01])


def test_the_program_of_the_page_docks_and_declares_molecules_invalid(folder: Path) -> None:
    scores = scored(PROGRAM.replace("python", sys.executable), [*SMILES, "C.C"])
    assert scores.components["docking"][:3].tolist() == pytest.approx([-0.6, -0.9, -6.9])
    assert scores.components["docking.torsions"][:3].tolist() == [1, 1, 23]
    assert scores.failures == {3: "declared invalid: 'more than one molecule'"}


@pytest.mark.slow
def test_the_workers_of_the_page_score(folder: Path) -> None:
    scores = scored(WORKERS, SMILES)
    assert not scores.failures
    assert {"qed", "fluorines", "seh_proxy"} < set(scores.components)


@pytest.mark.slow
def test_the_remembered_program_of_the_page_fills_its_file(folder: Path) -> None:
    text = REMEMBERED.replace("python", sys.executable)
    first = scored(text, SMILES)
    assert not first.failures
    with sqlite3.connect(folder / "docked.sqlite") as database:
        known = database.execute("SELECT smiles FROM scores").fetchall()
    assert sorted(smiles for (smiles,) in known) == sorted(SMILES)
    assert scored(text, SMILES).log_reward.equal(first.log_reward)


def test_the_page_says_how_patient_the_code_is() -> None:
    assert f"If {PATIENCE} molecules in a row" in PAGE
