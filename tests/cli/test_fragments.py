"""`molgfn fragments`: a vocabulary from a file, what it builds, its picture."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from PIL import Image
from rdkit import Chem, RDConfig

from molgfn.chem.io import load_vocabulary
from molgfn.chem.one_tree import has_one_tree
from molgfn.chem.vocabulary import Fragment
from molgfn.chem.vocabulary_picture import labelled
from molgfn.cli.fragment_coverage import time_of
from molgfn.cli.fragment_records import num_records
from molgfn.cli.main import main

SMILES = ["O=C(Nc1ccccc1)c1ccncc1", "COc1ccc(CN2CCOCC2)cc1", "Clc1ccccc1", "Cc1ccncc1"]
SCREENING = Path(RDConfig.RDDataDir) / "Pains" / "test_data" / "wehi_mols.csv"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    smi("a.smi", *SMILES)
    return tmp_path


def smi(name: str, *smiles: str) -> None:
    Path(name).write_text("".join(f"{one} m{i}\n" for i, one in enumerate(smiles)))


def build(*options: str, given: str = "a.smi") -> int:
    return main(["fragments", "build", "--input", given, "--output", "my.yaml", *options])


def coverage(*options: str, given: str = "a.smi", vocabulary: str = "my.yaml") -> pd.DataFrame:
    command = ["fragments", "coverage", "--vocabulary", vocabulary, "--input", given]
    assert main([*command, "--output", "c.csv", "--overwrite", *options]) == 0
    return pd.read_csv("c.csv", keep_default_na=False)


def summary() -> dict[str, Any]:
    read: dict[str, Any] = json.loads(Path("c.summary.json").read_text())
    return read


@pytest.mark.parametrize("cuts", ["brics", "single"])
def test_a_vocabulary_of_every_piece_builds_every_molecule(cuts: str) -> None:
    assert build("--cuts", cuts) == 0
    assert list(coverage().built) == ["yes"] * 4
    assert summary()["share_built"] == 1
    assert "| built exactly | 4 | 100.0% |" in Path("my.md").read_text()


@pytest.mark.parametrize("suffix", [".csv", ".sdf", ".parquet"])
def test_the_format_of_the_molecules_does_not_matter(suffix: str) -> None:
    given = Path("a").with_suffix(suffix)
    frame = pd.DataFrame({"id": range(4), "smiles": SMILES})
    if suffix == ".csv":
        frame.to_csv(given, index=False)
    elif suffix == ".parquet":
        frame.to_parquet(given, index=False)
    else:
        with Chem.SDWriter(str(given)) as writer:
            for smiles in SMILES:
                writer.write(Chem.MolFromSmiles(smiles))
    assert build() == 0
    fragments = load_vocabulary("my.yaml").fragments
    assert build("--overwrite", given=str(given)) == 0
    assert load_vocabulary("my.yaml").fragments == fragments


@pytest.mark.slow
def test_a_config_trains_on_the_vocabulary() -> None:
    assert build() == 0
    config = {
        "trainer": {"default_root_dir": "run", "max_steps": 2, "accelerator": "cpu"},
        "model": {
            "environment": {
                "class_path": "molgfn.envs.fragments.FragmentEnvironment",
                "init_args": {"vocabulary": "my.yaml", "max_fragments": 3},
            },
            "policy": "molgfn.policies.fragments.FragmentTransformer",
            "reward": "molgfn.rewards.properties.QED",
        },
    }
    Path("c.yaml").write_text(yaml.safe_dump(config))
    fast = ["--trainer.logger", "false", "--trainer.enable_progress_bar", "false"]
    assert main(["fit", "-c", "c.yaml", "--data.batch_size", "4", *fast]) == 0


def test_the_card_names_the_command_the_file_and_its_hash() -> None:
    assert build("--size", "7", "--keep", "charged", "reactive", "--irreducible") == 0
    card = Path("my.md").read_text()
    options = "--size 7 --irreducible --keep charged reactive"
    assert f"molgfn fragments build --input a.smi --output my.yaml {options}\n" in card
    assert len(load_vocabulary("my.yaml")) <= 7
    assert load_vocabulary("my.yaml").source.split()[-1] in card


@pytest.mark.slow
def test_the_number_of_workers_changes_nothing() -> None:
    smi("a.smi", "bad", *SMILES * 80, "C[n+]1ccc(Cl)cc1", SMILES[0])
    written = []
    for workers in ("1", "2"):
        assert build("--workers", workers, "--overwrite") == 0
        coverage("--workers", workers)
        names = ("my.yaml", "my.md", "c.csv", "c.summary.json")
        written.append([Path(name).read_bytes() for name in names])
    assert written[0] == written[1]


@pytest.mark.parametrize(
    ("options", "trees"),
    [
        ((), "has one tree"),
        (("--cuts", "single"), "several trees"),
        (("--cuts", "single", "--irreducible"), "has one tree"),
    ],
)
def test_the_card_says_whether_molecules_have_one_tree(
    options: tuple[str, ...], trees: str
) -> None:
    assert build(*options) == 0
    assert trees in Path("my.md").read_text()
    assert has_one_tree(load_vocabulary("my.yaml")) == (trees == "has one tree")


def test_records_of_an_sd_file_are_counted_whether_or_not_the_last_one_is_ended() -> None:
    with Chem.SDWriter("a.sdf") as writer:
        for smiles in SMILES:
            writer.write(Chem.MolFromSmiles(smiles))
    assert num_records(Path("a.sdf"), None) == 4
    text = Path("a.sdf").read_text()
    Path("a.sdf").write_text(text.rstrip().removesuffix("$$$$"))
    assert num_records(Path("a.sdf"), None) == 4
    Path("a.sdf").write_text("\n")
    assert num_records(Path("a.sdf"), None) == 0


def test_one_bad_row_among_many_is_counted_and_told(capsys: pytest.CaptureFixture[str]) -> None:
    smi("a.smi", *SMILES[:2], "not|a|molecule", *SMILES[2:])
    assert build() == 0
    assert "the first that cannot be read is row 3" in capsys.readouterr().err
    assert "| row 3 | 'not\\|a\\|molecule' is no SMILES |" in Path("my.md").read_text()
    assert list(coverage().built) == ["yes", "yes", "no", "yes", "yes"]
    assert summary()["reasons"] == {"not readable": 1}
    assert summary()["share_built"] == 1


@pytest.mark.parametrize(
    ("smiles", "reason"),
    [
        ("C[Si](C)(C)c1ccc(C)cc1", "unusual element"),
        ("CC[Pt]CC", "nothing in it can be cut"),
        ("C[n+]1ccc(Cl)cc1", "a net charge"),
        ("CC1CCCCCCCCCCCCN1c1ccccc1", "a ring of more than 7 atoms"),
    ],
)
def test_molecules_that_give_no_wanted_pieces_are_told_with_the_reason(
    smiles: str, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    smi("a.smi", *SMILES, smiles)
    assert build() == 0
    assert reason in capsys.readouterr().err
    assert reason in Path("my.md").read_text()
    assert list(coverage().built) == ["yes"] * 4 + ["no"]
    assert summary()["reasons"] == {"piece missing": 1}


def test_a_file_in_which_nothing_can_be_cut_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    smi("a.smi", "c1ccccc1", "C1CCCCC1")
    assert build() == 1
    assert "none of 2 molecules is cut into wanted pieces (2: nothing" in capsys.readouterr().err
    assert not Path("my.yaml").exists()


@pytest.mark.parametrize("content", ["", "\n\n"])
def test_an_empty_file_is_refused(content: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("a.smi").write_text(content)
    assert build() == 1
    assert "a.smi" in capsys.readouterr().err


def test_a_file_without_a_molecule_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    smi("a.smi", "xx", "yy")
    assert build() == 1
    assert "a.smi has no molecule: row 1: 'xx' is no SMILES" in capsys.readouterr().err


def test_an_output_folder_that_does_not_exist_is_refused_before_the_work(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["fragments", "build", "--input", "a.smi", "--output", "no/my.yaml"]) == 1
    assert "the folder of output no/my.yaml does not exist" in capsys.readouterr().err


def test_files_are_replaced_only_when_asked(capsys: pytest.CaptureFixture[str]) -> None:
    Path("my.md").write_text("mine")
    assert build() == 1
    assert "my.md exists already" in capsys.readouterr().err
    assert Path("my.md").read_text() == "mine"


def test_every_row_that_is_not_built_has_its_reason() -> None:
    smi("b.smi", SMILES[0], "O=C(Nc1ccccc1)c1ccccc1CC", "c1ccccc1NC=O.Cl", "O=C1CCC1c1ccccc1", "?")
    assert build() == 0
    table = coverage("--max-fragments", "2", given="b.smi")
    assert list(table.built) == ["no", "no", "yes", "no", "no"]
    assert list(table.reason)[:2] == ["too many fragments", "piece missing"]
    assert list(table.num_fragments) == ["3", "", "2", "", ""]
    assert table.missing[1] == "CC"
    assert table.reason[4].startswith("not readable")
    assert summary()["reasons"] == {
        "piece missing": 2,
        "too many fragments": 1,
        "not readable": 1,
    }
    assert {"smiles": "CC", "only_this": 1, "molecules": 1} in summary()["missing"]


def test_the_time_that_molecules_took_is_told() -> None:
    told = time_of([0.001] * 98 + [0.002, 0.004])
    assert told.startswith("a molecule took 1.0 ms of processor time (median), 99 of 100")
    assert told.endswith("took at most 2.0 ms, the longest 4.0 ms")


def test_out_of_time_is_undecided() -> None:
    table = coverage("--seconds", "1e-9", vocabulary="druglike")
    assert list(table.built) == ["undecided"] * 4
    assert summary()["num_undecided"] == 4


def test_a_time_of_nothing_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    command = ["fragments", "coverage", "--vocabulary", "druglike", "--input", "a.smi"]
    assert main([*command, "--output", "c.csv", "--seconds", "nan"]) == 1
    assert "--seconds nan: accepted are numbers above 0" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["druglike", "audit/symmetric", "audit/druglike"])
def test_shipped_vocabularies_are_shown_by_name(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["fragments", "show", "--vocabulary", name, "--num", "8"]
    assert main([*command, "--output", "v.png", "v.svg", "v.json"]) == 0
    vocabulary = load_vocabulary(name)
    assert f"{len(vocabulary)} fragments" in capsys.readouterr().out
    statistics = json.loads(Path("v.json").read_text())
    assert sum(statistics["heavy_atoms"].values()) == len(vocabulary)
    assert Image.open("v.png").width == min(6, len(vocabulary)) * 260
    assert "<svg" in Path("v.svg").read_text()


def test_sites_are_marked_in_the_colours_of_their_types() -> None:
    assert main(["fragments", "show", "--vocabulary", "audit/symmetric", "--output", "v.svg"]) == 0
    vocabulary = load_vocabulary("audit/symmetric")
    num_sites = sum(len(fragment.sites) for fragment in vocabulary.fragments)
    assert Path("v.svg").read_text().count("<ellipse") == num_sites


def test_types_are_written_once_unless_their_colours_are_the_same() -> None:
    piperidine = Fragment("p", "C1CCNCC1", (0, 1, 2, 4, 5), ("x", "x", "y", "y", "x"))
    red, blue = (1.0, 0.0, 0.0), (0.0, 0.0, 1.0)
    assert labelled(piperidine, {"x": red, "y": blue}) == {0: "x", 2: "y"}
    assert len(labelled(piperidine, {"x": red, "y": red})) == 5


def test_an_unknown_vocabulary_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fragments", "show", "--vocabulary", "nothing"]) == 1
    assert "no vocabulary 'nothing'" in capsys.readouterr().err


@pytest.mark.slow
def test_the_shipped_vocabulary_is_that_of_its_file_and_builds_what_its_card_says() -> None:
    if not SCREENING.exists():
        pytest.skip(f"this RDKit comes without {SCREENING}")
    assert build(given=str(SCREENING)) == 0
    assert load_vocabulary("my.yaml").digest == load_vocabulary("druglike").digest
    coverage(given=str(SCREENING))
    assert (summary()["num_built"], summary()["num_undecided"]) == (3653, 0)
