"""The paper's tables: their cells are valid, and what they end with is kept once."""

import importlib
import json
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from molgfn.rewards.hypergrid import HypergridReward
from tests import hypergrid, tiny
from tests.test_configs import CONFIGS, instantiate

TRAINED = {"hypergrid": 12, "hypergrid_64": 12, "bits": 12, "amp": 1, "molecules": 5}
CHAINS = {"hypergrid": 3, "hypergrid_64": 3, "molecules": 1}


@pytest.fixture
def paper() -> ModuleType:
    return importlib.import_module("paper")


def configs_and_options(options: Sequence[str]) -> tuple[list[str], list[str]]:
    """The names behind -c, and the rest."""
    pairs = list(zip(options[::2], options[1::2], strict=True))
    names = [value for option, value in pairs if option == "-c"]
    return names, [part for pair in pairs if pair[0] != "-c" for part in pair]


def needs_data(table: str, request: pytest.FixtureRequest) -> None:
    fixture = {"amp": "amp_folder", "molecules": "seh_folder"}.get(table)
    if fixture is not None:
        request.getfixturevalue(fixture)


@pytest.mark.parametrize(
    ("table", "number"), [(table, i) for table, size in TRAINED.items() for i in range(size)]
)
def test_every_cell_that_trains_plays_a_step(
    paper: ModuleType, table: str, number: int, request: pytest.FixtureRequest
) -> None:
    needs_data(table, request)
    cell = [cell for cell in paper.cells(table) if cell.run is paper.train][number]
    cli = instantiate(*configs_and_options(cell.options))
    assert cli.model.training_step(4, 0)["batch"].log_reward.isfinite().all()


def test_each_table_has_the_cells_that_these_tests_try(paper: ModuleType) -> None:
    counts = {
        run: {t: sum(c.run is run for c in paper.cells(t)) for t in paper.TABLES}
        for run in (paper.train, paper.walk)
    }
    assert counts[paper.train] == TRAINED
    assert counts[paper.walk] == {**dict.fromkeys(paper.TABLES, 0), **CHAINS}


@pytest.mark.parametrize("table", CHAINS)
def test_chains_visit_as_many_objects_as_training(
    paper: ModuleType, table: str, request: pytest.FixtureRequest
) -> None:
    needs_data(table, request)
    config = yaml.safe_load((CONFIGS / "paper" / f"{table}.yaml").read_text())
    chains = importlib.import_module("paper_chains")
    for cell in paper.cells(table):
        if cell.run is paper.walk:
            options, further = chains.parser().parse_known_args(cell.options)
            visited = options.num_chains * options.num_steps
            assert visited == config["trainer"]["max_steps"] * config["data"]["batch_size"]
            assert instantiate(options.config, further).model.reward is not None


@pytest.mark.parametrize(
    "path", sorted((CONFIGS / "paper").glob("*.yaml")), ids=lambda path: path.stem
)
def test_every_config_of_the_paper_opens_with_what_it_gives_and_its_command(path: Path) -> None:
    header = path.read_text().partition("\nseed_everything")[0].partition("\nmodel")[0]
    assert all(line.startswith("#") for line in header.splitlines())
    assert len(header.splitlines()) >= 2
    assert "# Run:   molgfn fit -c paper/" in header
    assert f"-c paper/{path.stem}" in header


def write_log(root: Path, version: int, text: str) -> None:
    folder = root / "logs" / f"version_{version}"
    folder.mkdir(parents=True)
    (folder / "metrics.csv").write_text(text)


def test_the_curves_of_a_run_that_went_on_are_joined_and_the_later_value_wins(
    paper: ModuleType, tmp_path: Path
) -> None:
    write_log(tmp_path, 2, "step,tv\n29,0.25\n39,0.125\n")
    write_log(tmp_path, 10, "step,tv\n39,0.1\n")  # after version 2, by number and not by letter
    write_log(tmp_path, 0, "step,tv,other\n9,,7\n19,0.75,\n29,0.5,\n")
    found = paper.curves(tmp_path, ["tv", "l1"])
    assert found == {"tv": [[20, 0.75], [30, 0.25], [40, 0.1]], "l1": []}


@pytest.fixture
def calls(paper: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Commands that would have been run; those that measure leave a file."""
    made: list[list[str]] = []

    def python(*arguments: str, log: Path) -> None:
        made.append(list(arguments))
        if "--output" in arguments:
            output = Path(arguments[arguments.index("--output") + 1])
            output.parent.mkdir(parents=True, exist_ok=True)
            output.write_text(json.dumps({"length_mean": 3.0, "curves": {}, "checkpoint": "here"}))

    monkeypatch.setattr(paper, "python", python)
    monkeypatch.setattr(paper, "RESULTS", tmp_path / "results")
    monkeypatch.setattr(paper, "RUNS", tmp_path / "runs")
    return made


def test_a_cell_is_trained_and_measured_once(
    paper: ModuleType, calls: list[list[str]], tmp_path: Path
) -> None:
    assert paper.main(["amp", "--steps", "5"]) == 0
    assert [call[2] for call in calls] == ["fit", "evaluate"]
    kept = json.loads((tmp_path / "results" / "amp" / "tb-0.json").read_text())
    assert kept["command"] == "molgfn fit -c paper/amp --seed_everything 0 --trainer.max_steps 5"
    assert kept["evaluate"] == {"length_mean": 3.0, "curves": {}}
    assert paper.main(["amp", "--steps", "5"]) == 0
    assert len(calls) == 2


def test_a_killed_run_goes_on_from_its_last_checkpoint(
    paper: ModuleType, calls: list[list[str]], tmp_path: Path
) -> None:
    checkpoint = tmp_path / "runs" / "amp" / "tb-0" / "checkpoints" / "last.ckpt"
    checkpoint.parent.mkdir(parents=True)
    checkpoint.touch()
    paper.main(["amp", "--seeds", "2"])
    fits = [call for call in calls if call[2] == "fit"]
    assert str(checkpoint) == fits[0][fits[0].index("--ckpt_path") + 1]
    assert "--ckpt_path" not in fits[1]


def test_chains_are_run_for_each_seed(
    paper: ModuleType, calls: list[list[str]], tmp_path: Path
) -> None:
    assert paper.main(["hypergrid", "--cells", "mh_r0=0.1", "--seeds", "2"]) == 0
    assert [call[call.index("--seed") + 1] for call in calls] == ["0", "1"]
    kept = json.loads((tmp_path / "results" / "hypergrid" / "mh_r0=0.1-1.json").read_text())
    assert kept["command"].startswith("python scripts/paper_chains.py grid -c paper/hypergrid ")


def test_a_cell_that_fails_leaves_no_result_and_the_others_go_on(
    paper: ModuleType,
    calls: list[list[str]],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fails(cell: Any, *_: Any) -> dict[str, Any]:
        if cell.name == "k=1":
            raise RuntimeError("no luck")
        return {}

    monkeypatch.setattr(paper, "train", fails)
    assert paper.main(["bits"]) == 1
    kept = sorted(path.name for path in (tmp_path / "results" / "bits").iterdir())
    names = [f"half_uniform_k={k}" for k in (1, 10, 2, 4, 6, 8)] + [
        f"k={k}" for k in (10, 2, 4, 6, 8)
    ]
    assert kept == [f"{name}-0.json" for name in names]
    assert "no luck" in capsys.readouterr().err


def test_a_command_that_fails_says_its_last_words(paper: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"ended with 1:\n.*no such thing"):
        paper.python("-c", "raise SystemExit('no such thing')", log=tmp_path)


def test_chains_on_an_easy_grid_come_as_near_as_perfect_draws(paper: ModuleType) -> None:
    chains = importlib.import_module("paper_chains")
    options = chains.parser().parse_args(
        ["grid", "-c", "", "--num-chains", "500", "--num-steps", "40", "--every", "20"]
    )
    model = hypergrid.module(reward=HypergridReward(r0=1.0, side=8))
    found = chains.grid(model, options)
    assert found["num_states"] == 64
    assert found["curves"]["exact/num_visited"] == [[20, 10_000], [40, 20_000]]
    (_, tv), (_, perfect) = found["curves"]["exact/tv"][-1], found["curves"]["perfect/tv"][-1]
    assert perfect < tv < 5 * perfect
    assert found["curves"]["exact/l1"][-1][1] == pytest.approx(2 * tv / 64)
    assert 0 < found["floor"]["tv"] < perfect


def test_modes_of_chains_are_counted_among_all_proposals(
    paper: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    chains = importlib.import_module("paper_chains")
    counter = chains.MoleculeModes(component="qed", thresholds=(0.0, 0.4))
    monkeypatch.setattr(chains, "MoleculeModes", lambda: counter)
    options = chains.parser().parse_args(
        ["modes", "-c", "", "--num-chains", "8", "--num-steps", "10", "--every", "5"]
    )
    curves = chains.modes(tiny.module(), options)["curves"]
    assert curves["modes/visited"] == [[5, 40], [10, 80]]
    assert curves["modes/above_0"][-1] == [10, len(counter.modes[0.0])]
    assert len(counter.modes[0.0]) > len(counter.modes[0.4]) > 0
