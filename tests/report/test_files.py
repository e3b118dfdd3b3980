"""What a report is made of: files of each kind, large, small and bad ones."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from rdkit import Chem

from molgfn.cli.main import main
from tests.report.pages import ids, made, table


def test_an_sd_file_is_shown_with_its_properties(
    tmp_path: Path, opened: Callable[..., Any]
) -> None:
    with Chem.SDWriter(str(tmp_path / "m.sdf")) as writer:
        for name, smiles, value in (("one", "CCO", "1.5"), ("two", "c1ccccc1", "2.5")):
            mol = Chem.MolFromSmiles(smiles)
            mol.SetProp("_Name", name)
            mol.SetProp("reward", value)
            writer.write(mol)
    page = opened(made(tmp_path / "m.sdf"))
    assert ids(page) == ["two", "one"]


def test_a_parquet_file_is_shown_with_its_numbers(
    tmp_path: Path, opened: Callable[..., Any]
) -> None:
    frame = pd.DataFrame({"id": ["a", "b"], "smiles": ["CC", "CO"], "reward": [1.0, float("nan")]})
    frame.to_parquet(tmp_path / "m.parquet")
    page = opened(made(tmp_path / "m.parquet"))
    assert ids(page) == ["a", "b"]
    assert page.locator("#grid dd").all_text_contents() == ["1", "–"]


def test_one_row_makes_a_report(tmp_path: Path, opened: Callable[..., Any]) -> None:
    page = opened(made(table(tmp_path / "one.csv", [("only", "CCO", "1", "")])))
    for tab in ("map", "run", "molecules"):
        page.click(f"#tab-{tab}")
    assert ids(page) == ["only"]
    assert page.inner_text("#count") == "1 of 1 molecule"


def test_rows_without_numbers_make_a_report(tmp_path: Path, opened: Callable[..., Any]) -> None:
    page = opened(made(table(tmp_path / "t.csv", [("a", "CCO"), ("b", "CCN")], ("id", "smiles"))))
    assert ids(page) == ["a", "b"]
    page.click("#tab-map")
    assert not page.is_visible("#ramp")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("id,smiles\n", "holds no molecule that can be read"),
        ("id,smiles\na,C(\n", "holds no molecule that can be read, the first because molecule 1"),
    ],
)
def test_a_file_without_a_readable_molecule_says_why(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, reason: str
) -> None:
    (tmp_path / "n.csv").write_text(text)
    output = tmp_path / "n.html"
    assert main(["report", "--input", str(tmp_path / "n.csv"), "--output", str(output)]) == 1
    assert reason in capsys.readouterr().err
    assert not output.exists()


def test_a_title_is_escaped(tmp_path: Path) -> None:
    path = table(tmp_path / "c.csv", [("a", "CCO", "1", "")])
    text = made(path, "--title", "</title><script>x").read_text(encoding="utf-8")
    assert "&lt;/title&gt;&lt;script&gt;x" in text


def test_the_file_names_no_other_file(report: Path) -> None:
    text = report.read_text(encoding="utf-8")
    assert text.count("<link") == 1  # an empty icon, or a browser would ask for one
    for word in ("src=", "https:", "@import", "url(", "fetch("):
        assert word not in text


@pytest.mark.slow
def test_5000_molecules_stay_fluid(tmp_path: Path, opened: Callable[..., Any]) -> None:
    tails = ("", "O", "N", "F", "Cl", "C(=O)O", "C#N", "OC", "c1ccncc1", "C1CCNCC1")
    rows = [
        (
            f"m{k}",
            f"{'C' * (1 + k // 1000)}c1ccc({'C' * (1 + k // 100 % 10)}{tails[k // 10 % 10]})"
            f"c(NC(=O)C{tails[k % 10]})c1",
            str(k % 997),
            "x",
        )
        for k in range(5000)
    ]
    page = opened(made(table(tmp_path / "big.csv", rows)))
    assert int(page.get_attribute("body", "data-ready")) < 3000
    assert page.locator("#grid article").count() < 60
    took = """([id, text]) => {
      const input = document.getElementById(id), started = performance.now();
      input.value = text;
      input.dispatchEvent(new Event("input"));
      input.dispatchEvent(new Event("change"));
      return performance.now() - started;
    }"""
    for change in (
        ("structure", "C(=O)N"),
        ("structure", "c1ccncc1"),
        ("search", "m49"),
        ("sort", "id"),
    ):
        assert min(page.evaluate(took, change) for _ in range(3)) < 300, change
    page.click("#reset")
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    page.wait_for_function("document.querySelector('#grid article').dataset !== undefined")
    assert page.locator("#grid article").count() < 60
