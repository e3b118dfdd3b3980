"""`molgfn triage`, as a user types it."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
from rdkit import Chem

from molgfn.cli.main import main
from molgfn.triage import triage as triage_module

CANDIDATES = [
    ("CC(=O)N1CCN(c2ccccc2)CC1", 0.9, "one, two"),
    ("COc1ccc(CCN2CCCC2)cc1", 0.8, 'the "best"'),
    ("Cc1ccc(C(=O)NC2CCCCC2)cc1", 0.7, "<script>alert(1)</script>"),
    ("CCC=O", 0.6, "β-Ω 分子"),
]
LENIENT = "alerts: [BRENK]\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    pd.DataFrame(CANDIDATES, columns=["smiles", "reward", "id"]).to_csv("in.csv", index=False)
    Path("mine.yaml").write_text(LENIENT)
    return tmp_path


def run(*options: str, given: str = "in.csv", output: str = "out.csv") -> int:
    return main(["triage", "--input", given, "--output", output, "-c", "mine.yaml", *options])


def test_candidates_are_kept_removed_and_counted(capsys: pytest.CaptureFixture[str]) -> None:
    assert run() == 0
    told = capsys.readouterr()
    assert told.out == "3 of 4 candidates in out.csv\n"
    assert "alerts: 1 removed, 3 left" in told.err
    assert list(pd.read_csv("out.csv").id) == [name for *_, name in CANDIDATES[:3]]
    removed = pd.read_csv("out.removed.csv")
    assert removed[["id", "step", "reason"]].values.tolist() == [
        ["β-Ω 分子", "alerts", "BRENK aldehyde"]
    ]
    assert json.loads(Path("out.funnel.json").read_text()) == [
        {"step": "read", "removed": 0, "left": 4},
        {"step": "duplicates", "removed": 0, "left": 4},
        {"step": "alerts", "removed": 1, "left": 3},
    ]


def test_the_columns_of_the_contract_are_there() -> None:
    Path("known.smi").write_text("c1ccccc1O phenol\n")
    run("--reference", "known.smi")
    assert {
        *("id", "smiles", "inchikey", "reward", "mw", "logp", "tpsa", "hbd", "hba"),
        *("rotatable_bonds", "rings", "qed", "sa", "alerts", "scaffold", "cluster"),
        *("nearest_reference", "nearest_similarity"),
    } <= set(pd.read_csv("out.csv").columns)


def test_the_shipped_config_is_the_default() -> None:
    assert main(["triage", "--input", "in.csv", "--output", "out.csv"]) == 0
    steps = [step["step"] for step in json.loads(Path("out.funnel.json").read_text())]
    assert steps == [
        *("read", "duplicates", "properties", "alerts", "ring systems"),
        "best of each cluster",
    ]


def test_the_provenance_of_the_candidates_is_that_of_those_kept() -> None:
    Path("in.provenance.json").write_text('{"seed": 7, "checkpoint": {"step": 1000}}')
    run("--min_reward", "0.1")
    facts = json.loads(Path("out.provenance.json").read_text())
    assert (facts["seed"], facts["checkpoint"]) == (7, {"step": 1000})
    assert facts["triage"]["settings"]["min_reward"] == 0.1


def test_a_provenance_that_is_none_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    Path("in.provenance.json").write_text("[1]")
    assert run() == 1
    assert "in.provenance.json does not hold a JSON object" in capsys.readouterr().err


@pytest.mark.parametrize("suffix", [".sdf", ".parquet", ".smi"])
def test_every_format_goes_in_and_out(suffix: str) -> None:
    assert run(output=f"a{suffix}") == 0
    assert run(given=f"a{suffix}", output="b.csv") == 0
    table = pd.read_csv("b.csv")
    assert sorted(table.smiles) == sorted(Chem.CanonSmiles(s) for s, *_ in CANDIDATES[:3])


def test_an_sdf_keeps_rewards_and_names() -> None:
    run(output="a.sdf")
    run(given="a.sdf", output="b.csv")
    table = pd.read_csv("b.csv")
    assert list(table.reward) == [0.9, 0.8, 0.7]
    assert list(table.id) == [name for *_, name in CANDIDATES[:3]]


def test_a_triaged_file_can_be_triaged_again() -> None:
    run()
    assert run(given="out.csv", output="again.csv") == 0
    pd.testing.assert_frame_equal(pd.read_csv("again.csv"), pd.read_csv("out.csv"))


def test_what_was_removed_can_be_triaged_again() -> None:
    run("--min_reward", "0.85")
    Path("none.yaml").write_text("{}")
    command = ["triage", "--input", "out.removed.csv", "-c", "none.yaml", "--output", "b.csv"]
    assert main(command) == 0
    again = pd.read_csv("b.csv")
    assert list(again.id) == [name for *_, name in CANDIDATES[1:]]
    assert {"step", "reason"}.isdisjoint(again.columns)


def test_a_column_of_reasons_of_the_user_is_kept() -> None:
    table = pd.read_csv("in.csv").assign(reason="made by β")
    table.to_csv("in.csv", index=False)
    assert run() == 0
    assert set(pd.read_csv("out.csv").reason) == {"made by β"}


def test_one_bad_row_among_many_is_set_aside() -> None:
    lines = Path("in.csv").read_text().splitlines()
    lines[2:2] = ["c1ccccc,0.5,broken", "CCO,0.5,too,many,fields", "CCO"]
    Path("in.csv").write_text("\n".join(lines))
    assert run() == 0
    removed = pd.read_csv("out.removed.csv")
    reasons = list(removed[removed.step == "read"].reason)
    assert len(reasons) == 3
    assert "'c1ccccc' is no SMILES" in reasons[0]
    assert "5 fields, the header 3" in reasons[1]
    assert "1 fields, the header 3" in reasons[2]
    assert len(pd.read_csv("out.csv")) == 3


def test_a_triage_that_removes_everything_says_which_step_did(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("out.csv").write_text("of yesterday")
    assert run("--min_reward", "2", "--overwrite") == 1
    assert "removed all 4 candidates, the last in step 'reward'" in capsys.readouterr().err
    assert len(pd.read_csv("out.removed.csv")) == 4
    assert json.loads(Path("out.funnel.json").read_text())[-1]["left"] == 0
    assert not Path("out.csv").exists()


def test_a_removed_file_of_yesterday_does_not_stay() -> None:
    run()
    Path("mine.yaml").write_text("{}")
    assert run("--overwrite") == 0
    assert not Path("out.removed.csv").exists()


def test_an_output_folder_that_vanishes_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("place").mkdir()
    work = triage_module.triage

    def and_vanish(*args: object, **kwargs: object) -> object:
        shutil.rmtree("place")
        return work(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(triage_module, "triage", and_vanish)
    assert run(output="place/out.csv") == 1
    error = [line for line in capsys.readouterr().err.splitlines() if "error" in line]
    assert len(error) == 1
    assert "place" in error[0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--min_reward", "much"], "min_reward"),
        (["--colour", "red"], "colour"),
        (["--reference", "gone.smi"], "gone.smi does not exist"),
        (["--reference", "empty.smi"], "empty.smi"),
        (["--output", "out.xlsx"], "unknown suffix"),
        (["--output", "full.csv"], "exists already"),
        (["--input", "gone.csv"], "gone.csv"),
        (["--input", "names.csv"], "accepted is one that is called smiles"),
        (["-c", "gone"], "neither a file nor a shipped config"),
    ],
)
def test_bad_input_is_one_line_and_writes_nothing(
    folder: Path, capsys: pytest.CaptureFixture[str], options: list[str], message: str
) -> None:
    for name, content in (("full.csv", "x"), ("empty.smi", ""), ("names.csv", "name\nbenzene\n")):
        (folder / name).write_text(content)
    before = sorted(path.name for path in folder.iterdir())
    assert run(*options) == 1
    errors = [line for line in capsys.readouterr().err.splitlines() if "error" in line]
    assert len(errors) == 1
    assert message in errors[0]
    assert sorted(path.name for path in folder.iterdir()) == before
