"""Distances to the molecules of a file."""

from pathlib import Path

import pandas as pd
import pytest

from molgfn.triage import reference, told
from molgfn.triage.config import TriageConfig
from molgfn.triage.triage import Triaged, triage

CRESOL, ETHYLPHENOL, OCTANOL = "Cc1ccc(O)cc1", "CCc1ccc(O)cc1", "CCCCCCCCO"


def compared(path: Path, *smiles: str, **options: object) -> Triaged:
    config = TriageConfig(reference=str(path), cluster_similarity=None, **options)  # type: ignore
    return triage([{"smiles": one} for one in smiles], config)


@pytest.fixture
def known(tmp_path: Path) -> Path:
    path = tmp_path / "known.smi"
    path.write_text(f"{CRESOL} cresol\nCCCCCCCO heptanol\n")
    return path


def test_the_nearest_reference_is_named(known: Path) -> None:
    (row,) = compared(known, ETHYLPHENOL).kept
    assert (row["nearest_reference"], row["nearest_reference_id"]) == (CRESOL, "cresol")
    assert 0.4 < row["nearest_similarity"] < 1


def test_a_molecule_of_the_reference_is_no_news(known: Path) -> None:
    found = compared(known, "Oc1ccc(C)cc1", ETHYLPHENOL)
    assert [row["smiles"] for row in found.kept] == [ETHYLPHENOL]
    assert found.removed[0]["reason"] == "it is cresol of known.smi"
    assert found.removed[0]["nearest_similarity"] == 1


def test_known_molecules_stay_on_request(known: Path) -> None:
    assert len(compared(known, CRESOL, novel=False).kept) == 1


def test_stereo_marks_and_counterions_do_not_make_a_molecule_new(tmp_path: Path) -> None:
    (tmp_path / "known.smi").write_text("C[C@H](N)C(=O)O.Cl\n")
    found = compared(tmp_path / "known.smi", "C[C@@H](N)C(=O)O", CRESOL)
    assert [row["smiles"] for row in found.kept] == [CRESOL]


def test_what_is_too_near_is_removed(known: Path) -> None:
    found = compared(known, ETHYLPHENOL, OCTANOL, "C1CCNCC1", max_similarity=0.4)
    assert [row["smiles"] for row in found.kept] == ["C1CCNCC1"]
    assert "to cresol is above 0.4" in found.removed[0]["reason"]


def test_chunks_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "known.smi"
    path.write_text("".join(f"{'C' * n}O chain{n}\n" for n in range(1, 30)) + f"{CRESOL} cresol\n")
    whole = compared(path, ETHYLPHENOL, OCTANOL, novel=False).kept
    monkeypatch.setattr(reference, "CHUNK", 4)
    assert compared(path, ETHYLPHENOL, OCTANOL, novel=False).kept == whole
    assert whole[0]["nearest_reference_id"] == "cresol"


def test_bad_references_are_counted(known: Path) -> None:
    known.write_text(f"{known.read_text()}nonsense x\n")
    notes = compared(known, ETHYLPHENOL).notes
    assert notes[0].startswith("2 references in")
    assert notes[1].startswith("1 rows of")
    assert "the first is 3: 'nonsense' is no SMILES" in notes[1]


@pytest.mark.parametrize("content", ["", "nonsense x\n"])
def test_a_reference_without_molecules_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "known.smi"
    path.write_text(content)
    with pytest.raises(ValueError, match=r"known\.smi"):
        compared(path, CRESOL)


def test_a_missing_reference_is_named_before_any_row_is_read(tmp_path: Path) -> None:
    config = TriageConfig(reference=str(tmp_path / "gone.smi"))
    with pytest.raises(FileNotFoundError, match=r"gone\.smi does not exist"):
        triage(iter(lambda: pytest.fail("a row was read"), None), config)


def test_a_long_comparison_is_told(known: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(told, "SECONDS", 0.0)
    lines: list[str] = []
    config = TriageConfig(reference=str(known), cluster_similarity=None)
    triage([{"smiles": OCTANOL}], config, lines.append)
    assert "reference: 2 so far" in lines


def test_any_name_of_a_reference_is_kept(tmp_path: Path) -> None:
    name = 'β, "best" <b>x</b>'
    table = pd.DataFrame({"smiles": [CRESOL], "name": [name]})
    table.to_csv(tmp_path / "known.csv", index=False)
    (row,) = compared(tmp_path / "known.csv", ETHYLPHENOL).kept
    assert row["nearest_reference_id"] == name
