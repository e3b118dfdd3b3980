"""`molgfn proxy`: from a table of measured molecules to a model, and from that to predictions."""

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from rdkit import Chem, RDConfig

from molgfn.cli.main import main

FREE_WILSON = Path(RDConfig.RDContribDir) / "FreeWilson" / "data"


def measured() -> pd.DataFrame:
    """The measured molecules inside RDKit: smiles, name, Act."""
    if not FREE_WILSON.is_dir():
        pytest.skip(f"this installation of RDKit carries no {FREE_WILSON}")
    smiles = pd.read_csv(
        FREE_WILSON / "CHEMBL2321810.smi", sep=" ", names=["smiles", "name"], dtype=str
    )
    act = pd.read_csv(FREE_WILSON / "CHEMBL2321810_act.csv", dtype=str)
    return smiles.merge(act.rename(columns={"Name": "name"}), on="name")


def fit(table: Path, output: Path, *more: str) -> int:
    fast = ["--models", "gaussian_process"]
    return main(["proxy", "fit", "--input", str(table), "--output", str(output), *fast, *more])


def predict(model: Path, table: Path, output: Path, *more: str) -> int:
    files = ["--model", str(model), "--input", str(table), "--output", str(output)]
    return main(["proxy", "predict", *files, *more])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hundred measured molecules, and rows that cannot be used; the model of them."""
    made = tmp_path_factory.mktemp("proxy")
    table = measured()[::10]
    bad = pd.DataFrame(
        [("nonsense", "a", "5"), ("CCO", "b", "about 5"), ("C" * 500, "c", "5")],
        columns=table.columns,
    )
    pd.concat([table, bad]).to_csv(made / "assay.csv", sep=";", index=False)
    assert fit(made / "assay.csv", made / "model") == 0
    return made


def test_the_folder_has_the_model_its_data_and_what_was_left_out(folder: Path) -> None:
    model = folder / "model"
    assert json.loads((model / "metrics.json").read_text())["molecules"] == 102
    assert len(pd.read_csv(model / "data.csv")) == 102
    excluded = pd.read_csv(model / "excluded.csv")
    assert excluded.row.tolist() == [103, 104, 105]
    assert excluded.reason.str.split(":").str[0].tolist() == [
        "unreadable molecule",
        "unusable value",
        "unsuitable molecule",
    ]


def test_standard_output_says_where_the_card_is_and_the_guesses_are_told(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fit(folder / "assay.csv", tmp_path / "model") == 0
    said = capsys.readouterr()
    assert said.out == f"written to {tmp_path / 'model'}: read card.md, look at parity.png\n"
    assert "column 'smiles' was taken for SMILES (guessed)" in said.err
    assert "column 'Act' was taken for the target (guessed)" in said.err
    assert "rows used: 102 of 105" in said.err


def test_predictions_are_in_the_order_of_the_input_and_none_is_lost(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    molecules = tmp_path / "molecules.smi"
    molecules.write_text("CCO ethanol\nnonsense x\nc1ccccc1CN.Cl amine\nC[Xx] y\nOCC again\n")
    assert predict(folder / "model", molecules, tmp_path / "out.csv") == 0
    table = pd.read_csv(tmp_path / "out.csv")
    assert list(table.columns) == ["id", "smiles", "Act_mean", "Act_std", "domain", "failure"]
    assert table.id.tolist() == ["ethanol", "x", "amine", "y", "again"]
    assert table.smiles[2] == "c1ccccc1CN.Cl"
    assert table.Act_mean.notna().tolist() == [True, False, True, False, True]
    assert table.failure.isna().tolist() == [True, False, True, False, True]
    assert table.Act_mean[0] == table.Act_mean[4]
    said = capsys.readouterr().err
    assert "3 of 5 records have a prediction" in said
    assert "record 4, 'C[Xx]': unreadable molecule: there is no element 'Xx'" in said


def test_a_salt_is_predicted_like_its_free_form(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("smiles\nCCc1ccccc1C(=O)[O-].[Na+]\nCCc1ccccc1C(=O)O\n")
    assert predict(folder / "model", tmp_path / "a.csv", tmp_path / "out.parquet") == 0
    table = pd.read_parquet(tmp_path / "out.parquet")
    assert table.id.tolist() == [1, 2]
    assert table.Act_mean[0] == table.Act_mean[1]


def test_known_molecules_are_in_the_domain_and_others_are_not(folder: Path, tmp_path: Path) -> None:
    known = pd.read_csv(folder / "model" / "data.csv").smiles[0]
    (tmp_path / "a.smi").write_text(f"{known}\n{'C' * 40}\n")
    assert predict(folder / "model", tmp_path / "a.smi", tmp_path / "out.csv") == 0
    domain = pd.read_csv(tmp_path / "out.csv").domain
    assert domain[0] == pytest.approx(0, abs=1e-6)
    assert domain[1] > 0.5


def test_an_sd_file_is_predicted(folder: Path, tmp_path: Path) -> None:
    with Chem.SDWriter(str(tmp_path / "a.sdf")) as writer:
        for name, smiles in (("one", "CCO"), ("two", "CCN")):
            mol = Chem.MolFromSmiles(smiles)
            mol.SetProp("_Name", name)
            writer.write(mol)
    assert predict(folder / "model", tmp_path / "a.sdf", tmp_path / "out.csv") == 0
    table = pd.read_csv(tmp_path / "out.csv")
    assert table.id.tolist() == ["one", "two"]
    assert table.Act_mean.notna().all()


def test_a_file_without_a_molecule_that_can_be_predicted_is_an_error(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.smi").write_text("nonsense\n")
    assert predict(folder / "model", tmp_path / "a.smi", tmp_path / "out.csv") == 1
    assert "no record has a prediction; the first is 'nonsense'" in capsys.readouterr().err
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize("suffix", [".tsv", ".parquet", ".sdf"])
def test_the_same_molecules_in_another_format_are_the_same_data(
    folder: Path, tmp_path: Path, suffix: str
) -> None:
    table, path = measured()[::10], tmp_path / f"assay{suffix}"
    if suffix == ".tsv":
        table.to_csv(path, sep="\t", index=False)
    elif suffix == ".parquet":
        table.astype({"Act": float}).to_parquet(path)
    else:
        with Chem.SDWriter(str(path)) as writer:
            for row in table.itertuples():
                mol = Chem.MolFromSmiles(row.smiles)
                mol.SetProp("Act", row.Act)
                writer.write(mol)
    assert fit(path, tmp_path / "model") == 0
    same = [pd.read_csv(one / "model" / "data.csv") for one in (folder, tmp_path)]
    pd.testing.assert_frame_equal(*same)


def test_a_split_by_time_tests_on_the_latest(folder: Path, tmp_path: Path) -> None:
    table = measured()[::10]
    table.assign(year=range(1900, 1900 + len(table))).to_csv(tmp_path / "a.csv", index=False)
    assert fit(tmp_path / "a.csv", tmp_path / "model", "--split", "time") == 0
    data = pd.read_csv(tmp_path / "model" / "data.csv")
    held_out = pd.read_csv(tmp_path / "model" / "held_out.csv")
    assert set(held_out.smiles) == set(data.smiles[data.time >= 1982])


def test_a_folder_that_exists_is_replaced_only_on_demand(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "model"
    assert fit(folder / "assay.csv", output) == 0
    (output / "mine.txt").touch()
    assert fit(folder / "assay.csv", output) == 1
    assert "exists already" in capsys.readouterr().err
    assert (output / "mine.txt").exists()
    assert fit(folder / "assay.csv", output, "--overwrite", "--seed", "1") == 0
    assert json.loads((output / "metrics.json").read_text())["seed"] == 1
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


BAD_TABLES = {
    "no SMILES": ("code,y\nA1,5\nB2,6\n", [], "no column holds SMILES"),
    "two SMILES": (
        "smiles,parent_smiles,y\nCCO,CCO,5\n",
        [],
        "2 columns may hold SMILES: 'smiles', 'parent_smiles'",
    ),
    "no such target": ("smiles,y\nCCO,5\n", ["--target", "z"], "has no column 'z'"),
    "three rows": ("smiles,y\nCCO,5\nCCN,6\nCCF,7\n", [], "3 molecules have an exact value"),
    "all equal": (
        "smiles,y\n" + "".join(f"{'C' * n},5\n" for n in range(1, 40)),
        [],
        "all 39 molecules have the same 'y', 5",
    ),
    "text in numbers": (
        "smiles,y\n" + "".join(f"{'C' * n},{n} nM\n" for n in range(1, 40)),
        ["--target", "y"],
        "0 molecules have an exact value of 'y'; accepted are at least 20. Excluded: 39 unusable",
    ),
    "two scales": ("smiles,y\nCCO,5\n", ["--log10", "--unit", "nM"], "exclude each other"),
    "share": ("smiles,y\nCCO,5\n", ["--test-share", "2"], "test_share = 2.0"),
}


@pytest.mark.parametrize(("text", "more", "message"), BAD_TABLES.values(), ids=BAD_TABLES.keys())
def test_a_table_that_cannot_be_fitted_is_an_error_in_one_line_and_leaves_nothing(
    tmp_path: Path, text: str, more: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.csv").write_text(text)
    assert fit(tmp_path / "a.csv", tmp_path / "model", *more) == 1
    said = capsys.readouterr().err
    assert message in said
    assert len(said.splitlines()) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]


def test_a_folder_that_is_no_model_is_not_replaced(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "thesis.txt").touch()
    assert fit(tmp_path / "a.csv", tmp_path, "--overwrite") == 1
    assert "is no folder with model.json" in capsys.readouterr().err
    assert (tmp_path / "thesis.txt").exists()


@pytest.mark.parametrize("verb", [[], ["fit"], ["predict"]])
def test_help_has_an_example_and_imports_nothing_heavy(verb: list[str]) -> None:
    code = (
        "import sys; from molgfn.cli.proxy import parser\n"
        "try: parser().parse_args(sys.argv[1:])\n"
        "finally: print(sorted({'torch', 'rdkit', 'pandas', 'numpy'} & set(sys.modules)))"
    )
    run = [sys.executable, "-c", code, *verb, "--help"]
    done = subprocess.run(run, capture_output=True, text=True, check=True)
    assert "molgfn proxy " in done.stdout.split("example:")[1]
    assert done.stdout.splitlines()[-1] == "[]"
