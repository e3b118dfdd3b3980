"""Figures of a triaged file, from its SMILES."""

from pathlib import Path

import pytest


def test_figures_are_those_of_the_first_rows(tmp_path: Path) -> None:
    import candidate_quality

    path = tmp_path / "kept.csv"
    path.write_text(
        "id,smiles,reward,alerts,qed\n"
        "a,Cc1ccc(O)cc1,1,,9\nb,Oc1ccc(C)cc1,0.5,,9\nc,CCC=O,0.3,,9\nd,CC(,,,9\ne,CCCC,,,9\n"
    )
    found = candidate_quality.quality(path, top=4)
    assert (found["num"], found["validity"]) == (4, 0.75)
    assert found["uniqueness"] == pytest.approx(2 / 3)
    assert found["share_without_alerts"] == pytest.approx(2 / 3)
    assert 0 < found["mean_qed"] < 1
    assert 1 <= found["mean_sa"] <= 10
    assert 0 < found["diversity"] < 1
    assert found["mean_reward"] == pytest.approx(0.6)


def test_a_file_without_molecules_is_refused(tmp_path: Path) -> None:
    import candidate_quality

    (tmp_path / "kept.csv").write_text("smiles\nCC(\n")
    with pytest.raises(ValueError, match=r"none of the first 10 rows of .* holds a molecule"):
        candidate_quality.quality(tmp_path / "kept.csv", top=10)
