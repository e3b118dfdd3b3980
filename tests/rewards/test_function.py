"""A Python function as a reward: numbers in, failures that stay alone."""

import logging
import math
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from rdkit import Chem

from molgfn.configurable import build, describe
from molgfn.rewards.base import Reward, checked
from molgfn.rewards.function import Function
from molgfn.rewards.transforms import Linear

SCORERS = "tests.rewards.scorers"


def mols(*smiles: str | None) -> list[Chem.Mol | None]:
    return [None if one is None else Chem.MolFromSmiles(one) for one in smiles]


def raw(function: str, smiles: Sequence[str | None], **options: object) -> torch.Tensor:
    reward = Function(f"{SCORERS}:{function}", name="mine", **options)  # type: ignore[arg-type]
    return checked(reward(mols(*smiles)), len(smiles)).components["mine"]


@pytest.mark.parametrize("function", ["carbons", "lazily", "keyed"])
def test_numbers_belong_to_their_molecules_however_they_are_returned(function: str) -> None:
    assert raw(function, ["CCC", "C", "CC"]).tolist() == pytest.approx([0.3, 0.1, 0.2])


def test_a_function_may_take_molecules_and_return_an_array() -> None:
    assert raw("sizes", ["CCO", "C"], takes="molecules").tolist() == pytest.approx([0.3, 0.1])


def test_a_path_may_be_dotted_and_may_name_a_method() -> None:
    for path in (f"{SCORERS}.carbons", f"{SCORERS}:model.score"):
        scores = Function(path, name="mine")(mols("CC"))
        assert scores.components["mine"].item() == pytest.approx(0.2)


def test_it_is_asked_once_about_a_molecule_that_comes_twice() -> None:
    reward = Function(f"{SCORERS}:carbons")
    asked: list[str] = []
    real = reward.function
    reward.function = lambda smiles: (asked.extend(smiles), real(smiles))[1]
    scores = reward(mols("OCC", "C", "CCO"))
    assert asked == ["CCO", "C"]
    assert scores.components["carbons"].tolist() == pytest.approx([0.2, 0.1, 0.2])


def test_the_reward_is_the_transformed_number_above_the_floor() -> None:
    options = {"transform": Linear(-4.0, 0.0), "floor": 0.1}
    reward = Function(f"{SCORERS}:named", value="affinity", name="dock", **options)  # type: ignore[arg-type]
    scores = reward(mols("CCC", "CCCCC"))
    assert scores.components["dock"].tolist() == [-3.0, -5.0]
    assert scores.components["dock_score"].tolist() == [0.25, 0.0]
    assert scores.log_reward.exp().tolist() == pytest.approx([0.25, 0.1])
    assert scores.components["dock.strain"].tolist() == [1.5, 1.5]


def test_what_is_no_number_fails_alone_and_says_what_it_is() -> None:
    smiles = ["C" * n for n in range(1, 10)]
    scores = checked(Function(f"{SCORERS}:odd")(mols(*smiles)), 9)
    assert sorted(scores.failures) == list(range(8))
    assert scores.log_reward[8].item() == pytest.approx(math.log(0.5))
    told = [scores.failures[i] for i in range(8)]
    expected = ["None", "nan", "inf", "'0.5'", "declared invalid: 'no pose'", "'other'", "1e+300"]
    assert all(part in reason for part, reason in zip(expected, told, strict=False))
    assert "[1.0, 2.0]" in told[7]


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        ("picky", "RuntimeError: holds fluorine"),
        ("exits", "SystemExit: fluorine again"),
        ("short", "returned 0 numbers for 1 molecules"),
        ("keyed", "left out of the answer"),
    ],
)
def test_only_guilty_molecules_fail_and_say_why(function: str, reason: str) -> None:
    smiles = ["C", "CF", "CC", "CCC", "CCCC", "FCF"]
    scores = Function(f"{SCORERS}:{function}")(mols(*smiles))
    assert scores.failures == {1: reason, 5: reason}
    assert scores.log_reward.isnan().tolist() == [False, True, False, False, False, True]


def test_a_function_that_never_works_fails_all_with_its_reason() -> None:
    scores = Function(f"{SCORERS}:broken")(mols(*("C" * n for n in range(1, 20))))
    assert len(scores.failures) == 19
    assert all("licence server is gone" in reason for reason in scores.failures.values())


def test_what_could_not_be_decoded_fails_alone() -> None:
    scores = Function(f"{SCORERS}:carbons")([None, *mols("CC"), Chem.Mol(), (1, 2)])
    assert scores.failures == {
        0: "no molecule",
        2: "the molecule has no atoms",
        3: "(1, 2) is neither a molecule nor a text",
    }


def test_peptides_go_as_they_are() -> None:
    scores = Function(f"{SCORERS}:carbons")(["CACC", "AAAA"])
    assert scores.components["carbons"].tolist() == pytest.approx([0.3, 0.0])


def test_prints_go_to_the_log_and_not_to_the_screen(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, logger="molgfn.rewards.function"):
        assert not Function(f"{SCORERS}:chatty")(mols("CC")).failures
    assert capsys.readouterr() == ("", "")
    assert caplog.messages == ["to the screen\nto the other screen"]


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("carbons", "import path such as package.module:function"),
        ("nowhere.at.all:f", "No module named 'nowhere'"),
        (f"{SCORERS}:missing", "has no 'missing'"),
        (f"{SCORERS}:NOT_CALLABLE", "cannot be called"),
        (f"{SCORERS}:model.missing", "has no 'model.missing'"),
    ],
)
def test_a_path_that_names_no_function_is_refused(path: str, said: str) -> None:
    with pytest.raises(ValueError, match="function = ") as refused:
        Function(path, name="mine")
    assert said in str(refused.value)


def test_a_module_that_breaks_when_imported_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken_module.py").write_text("1 / 0\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ValueError, match="'broken_module' cannot be imported: ZeroDivisionError"):
        Function("broken_module:score")


def test_a_function_comes_back_from_its_description() -> None:
    reward = Function(f"{SCORERS}:carbons", transform=Linear(0.0, 0.5))
    again = build(describe(reward), Reward)
    assert again(mols("CC")).log_reward.equal(reward(mols("CC")).log_reward)
