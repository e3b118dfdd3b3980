"""Training on the user's own proxy, and the numbers that a proxy must reach."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from molgfn.cli.main import main

SHORT = [
    *("--trainer.max_steps", "3", "--trainer.log_every_n_steps", "1"),
    *("--trainer.enable_progress_bar", "false", "--data.batch_size", "8"),
    *("--data.num_validation_batches", "1", "--trainer.val_check_interval", "3"),
]


def test_a_policy_is_trained_on_a_fitted_proxy_and_candidates_tell_its_doubts(
    proxy_folder: Path, tmp_path: Path
) -> None:
    model = ["--model.reward.init_args.model", str(proxy_folder)]
    root = ["--trainer.default_root_dir", str(tmp_path)]
    assert main(["fit", "-c", "proxy", *model, *root, *SHORT]) == 0
    output = tmp_path / "best.csv"
    checkpoint = tmp_path / "checkpoints" / "last.ckpt"
    assert checkpoint.stat().st_size < 20_000_000
    sample = ["--checkpoint", str(checkpoint), "--num", "8", "--output", str(output)]
    assert main(["sample", *sample]) == 0
    table = pd.read_csv(output)
    assert (table.proxy_std > 0).all()
    assert table.proxy_domain.between(0, 1).all()
    bound = (table.proxy - table.proxy_std - 5) / 4
    np.testing.assert_allclose(table.proxy_score, bound.clip(0, 1), atol=1e-4)


def test_a_run_without_the_model_says_which_file_is_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = ["--model.reward.init_args.model", str(tmp_path / "absent")]
    root = ["--trainer.default_root_dir", str(tmp_path)]
    assert main(["fit", "-c", "proxy", *missing, *root]) != 0
    assert "molgfn proxy fit" in capsys.readouterr().err


@pytest.mark.slow
def test_measured_seh_molecules_of_new_scaffolds_are_predicted(seh_folder: Path) -> None:
    from molgfn.proxy.columns import find_columns
    from molgfn.proxy.curate import curate
    from molgfn.proxy.fit import fit
    from molgfn.proxy.options import FitOptions
    from molgfn.proxy.scale import Scale
    from molgfn.proxy.table import read_table

    table = read_table(seh_folder / "seh_chembl.csv")
    columns = find_columns(table, ["pChEMBL Value"], None, None, needs_time=False)
    data = curate(table, columns, Scale())
    found = []
    for seed in range(3):
        fitted = fit(data, FitOptions(seed=seed, models=("gaussian_process",)))
        found.append(fitted.reports[0].metrics["gaussian_process"]["test"])
    assert np.mean([one["spearman"] for one in found]) >= 0.75
    assert np.mean([one["rmse"] for one in found]) <= 0.85
    assert np.mean([one["spearman_std_error"] for one in found]) >= 0.25
    assert np.mean([one["coverage_80"] for one in found]) == pytest.approx(0.8, abs=0.05)
