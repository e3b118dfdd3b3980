"""`molgfn score`: every record of a file has a row, with its reward or with the reason."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from rdkit import Chem

from molgfn.chem.descriptors import canonical_smiles, molecule_id
from molgfn.cli.main import main
from molgfn.rewards.properties import QED
from tests.tiny import Picky, fit

SMILES = ["CCO", "nonsense", "c1ccccc1F", "CC(=O)Oc1ccccc1C(=O)O"]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("a.smi").write_text("".join(f"{s} m{i}\n" for i, s in enumerate(SMILES)))
    return tmp_path


@pytest.fixture(scope="module")
def picky(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A checkpoint whose reward fails for fluorine."""
    folder = tmp_path_factory.mktemp("picky")
    fit(folder, [], reward=Picky()).save_checkpoint(folder / "last.ckpt")
    return str(folder / "last.ckpt")


def config(reward: Any = "molgfn.rewards.properties.QED", **model: Any) -> str:
    content = {
        "model": {
            "environment": {
                "class_path": "molgfn.envs.fragments.FragmentEnvironment",
                "init_args": {"vocabulary": "audit/symmetric", "max_fragments": 3},
            },
            "policy": "molgfn.policies.fragments.FragmentTransformer",
            "reward": reward,
            **model,
        }
    }
    Path("c.yaml").write_text(yaml.safe_dump(content))
    return "c.yaml"


def score(*options: str, given: str = "a.smi") -> int:
    return main(["score", "--input", given, "--device", "cpu", *options])


def scored(*options: str, given: str = "a.smi") -> pd.DataFrame:
    assert score(*options, "--output", "out.csv", "--overwrite", given=given) == 0
    return pd.read_csv("out.csv", keep_default_na=False, na_values={"log_reward": "", "reward": ""})


def test_rows_come_in_the_order_of_the_input_with_their_names() -> None:
    table = scored("-c", config())
    assert list(table.id) == ["m0", "m1", "m2", "m3"]
    assert list(table.row) == [1, 2, 3, 4]
    assert list(table.smiles) == SMILES


def test_rewards_are_those_of_the_reward() -> None:
    table = scored("-c", config())
    mols = [Chem.MolFromSmiles(SMILES[i]) for i in (0, 2, 3)]
    expected = QED()(mols).log_reward.tolist()
    assert table.log_reward.dropna().tolist() == pytest.approx(expected, abs=1e-6)


def test_raw_and_transformed_components_are_columns() -> None:
    table = scored("-c", config())
    assert list(table) == [
        *("row", "id", "smiles", "log_reward", "reward"),
        *("qed", "qed_score", "reason"),
    ]


def test_what_is_no_molecule_has_a_reason_and_no_reward() -> None:
    row = scored("-c", config()).iloc[1]
    assert row.reason == "'nonsense' is no SMILES"
    assert pd.isna(row.reward)


def test_what_a_reward_refuses_has_its_reason(picky: str) -> None:
    table = scored("--checkpoint", picky)
    assert list(table.reason) == ["", "'nonsense' is no SMILES", "holds fluorine", ""]


def test_batches_change_nothing() -> None:
    whole = scored("-c", config())
    pd.testing.assert_frame_equal(whole, scored("-c", config(), "--batch-size", "1"))


def test_a_molecule_without_a_name_has_the_id_of_candidates() -> None:
    Path("b.smi").write_text("OCC\nnonsense\n")
    smiles = canonical_smiles(Chem.MolFromSmiles("OCC"))
    assert list(scored("-c", config(), given="b.smi").id) == [molecule_id(smiles), "row 2"]


def test_parquet_holds_the_same_rows_with_numbers() -> None:
    assert score("-c", config(), "--output", "out.parquet") == 0
    table = pd.read_parquet("out.parquet")
    assert len(table) == 4
    assert table.reward.isna().sum() == 1
    assert table.qed.dtype == float


def test_an_sd_file_holds_what_was_read_and_the_quarantine_the_rest() -> None:
    assert score("-c", config(), "--output", "out.sdf") == 0
    mols = list(Chem.SDMolSupplier("out.sdf"))
    assert [mol.GetProp("_Name") for mol in mols] == ["m0", "m2", "m3"]
    assert float(mols[0].GetProp("reward")) == pytest.approx(float(mols[0].GetProp("qed")))
    left = pd.read_csv("out.quarantine.csv")
    assert [tuple(row) for row in left[["id", "reason"]].to_numpy()] == [
        ("m1", "'nonsense' is no SMILES")
    ]


def test_smi_holds_what_was_read() -> None:
    assert score("-c", config(), "--output", "out.smi") == 0
    assert Path("out.smi").read_text().splitlines()[0] == "CCO m0"
    assert len(Path("out.smi").read_text().splitlines()) == 3


def test_an_sd_file_is_read(folder: Path) -> None:
    assert score("-c", config(), "--output", "out.sdf") == 0
    table = scored("-c", config(), given="out.sdf")
    assert list(table.id) == ["m0", "m2", "m3"]
    assert table.reward.notna().all()


def test_without_an_output_it_is_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert score("-c", config()) == 0
    shown = capsys.readouterr()
    assert "CC(=O)Oc1ccccc1C(=O)O" in shown.out
    assert "qed_score" in shown.out
    assert "4 molecules of a.smi: 3 with a reward (mean 0." in shown.err
    assert "1 without; the first because 'nonsense' is no SMILES (row 2)" in shown.err


def test_a_bracket_atom_in_a_table_is_no_style(capsys: pytest.CaptureFixture[str]) -> None:
    Path("b.smi").write_text("C[NH3+]\n")
    assert score("-c", config(), given="b.smi") == 0
    assert "C[NH3+]" in capsys.readouterr().out


def test_a_file_without_any_reward_is_an_error_that_keeps_the_reasons() -> None:
    Path("b.csv").write_text("smiles\nx\ny\n")
    assert score("-c", config(), "--output", "out.csv", given="b.csv") == 1
    assert len(pd.read_csv("out.csv")) == 2


def test_peptides_are_scored_from_fasta() -> None:
    Path("b.fasta").write_text(">mag\nGIGKFLHSAKKFGKAFVGEIMNS\n>odd\nGIX\n")
    table = scored("-c", "amp", given="b.fasta")
    assert list(table.id) == ["mag", "odd"]
    assert table.reward[0] == pytest.approx(float(table.amp_probability[0]))
    assert "'X' is no token" in table.reason[1]


def test_an_override_reaches_the_reward() -> None:
    table = scored("-c", config(), "--model.reward", "molgfn.rewards.properties.LogP")
    assert "logp" in table


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ([], "either --config or --checkpoint"),
        (["-c", "c.yaml", "--checkpoint", "x.ckpt"], "either --config or --checkpoint"),
        (["--checkpoint", "x.ckpt", "--model.beta", "3"], "unknown options --model.beta 3"),
        (["--checkpoint", "x.ckpt"], "x.ckpt does not exist"),
        (["-c", "c.yaml", "--output", "a.xlsx"], "unknown suffix"),
        (["-c", "c.yaml", "--output", "a.smi"], "exists already"),
        (["-c", "c.yaml", "--output", "a.fasta"], "of molecules, which a.fasta cannot hold"),
        (["-c", "c.yaml", "--model.betaa", "3"], "model.betaa is no key"),
        (["-c", "c.yaml", "--device", "nowhere"], "device 'nowhere' cannot be used"),
        (["-c", "hypergrid"], "Hypergrid, which builds neither molecules nor sequences"),
        (["-c", "c.yaml", "--input", "empty.smi"], "empty.smi holds no record"),
        (["-c", "c.yaml", "--input", "gone.smi"], "gone.smi is not a file"),
    ],
)
def test_what_cannot_be_done_is_said(
    options: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    config()
    Path("empty.smi").touch()
    assert score(*options) == 1
    assert complaint in capsys.readouterr().err
