"""Run the experiments of the trajectory balance paper, table by table, and keep what they end with.

    python scripts/paper.py hypergrid --seeds 5 --jobs 2     # or hypergrid_64, bits, amp, molecules
    python scripts/paper.py bits --steps 500                 # another budget than the config's
    python scripts/paper_tables.py                           # fills docs/paper.md

A table is made of cells, and each cell is one command, `molgfn fit -c paper/...`, for each seed,
with its commands of measuring; `mh` are cells of Metropolis-Hastings, which learn nothing. Results
are docs/paper/TABLE/CELL-SEED.json, runs lie under runs/paper. What is finished is not run again,
and a run that was killed goes on from its last checkpoint: start the script once more.
"""

import argparse
import csv
import json
import os
import platform
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[1]
RESULTS = CHECKOUT / "docs" / "paper"
RUNS = CHECKOUT / "runs" / "paper"

R0 = (0.1, 0.01, 0.001)
GRID_METHODS = ("fm", "db", "tb", "tb_learned")
WORD_BITS = (1, 2, 4, 6, 8, 10)
BIT_TRAJECTORIES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "": ("of the policy", ()),
    "half_uniform_": ("half of them uniform", ("-c", "paper/half_uniform")),
}
MOLECULE_METHODS = ("fm", "db", "tb", "subtb")
AT_BETA_16 = ("--model.beta", "16", "--model.exploration.uniform_share", "0")
BETAS = (4, 8, 10, 16)


@dataclass(frozen=True)
class Cell:
    """One setting of a table.

    Attributes:
        table, name: where its results go.
        options: of `molgfn fit`, or of scripts/paper_chains.py.
        curves: columns of the log that are kept as they grow.
        measuring: name -> options of a further command on the checkpoint, which writes JSON.
        run: of cell, seed, steps (None for those of its own) and its folder; what it gives is kept.
    """

    table: str
    name: str
    options: tuple[str, ...]
    curves: tuple[str, ...]
    measuring: Mapping[str, tuple[str, ...]]
    run: Callable[["Cell", int, int | None, Path], dict[str, Any]]


def cells(table: str) -> list[Cell]:
    """The settings of a table."""
    return list(TABLES[table](table))


def _hypergrid(table: str) -> Iterator[Cell]:
    for method, r0 in product(GRID_METHODS, R0):
        options = ("-c", f"paper/{table}", "-c", f"paper/{method}", "--model.reward.r0", str(r0))
        curves = ("exact/num_visited", "exact/tv", "exact/l1", "exact/log_z_error")
        yield Cell(table, f"{method}_r0={r0}", options, curves, {}, train)
    for r0 in R0:  # proposals that undo 8 steps did best among 3, 8 and 20 at R0 = 0.001
        options = ("grid", "-c", f"paper/{table}", "--model.reward.r0", str(r0))
        yield Cell(table, f"mh_r0={r0}", (*options, "--mean-undone", "8"), (), {}, walk)


def _bits(table: str) -> Iterator[Cell]:
    for k in WORD_BITS:
        for name, (_, overlay) in BIT_TRAJECTORIES.items():
            options = ("-c", "paper/bits", *overlay, "--model.environment.word_bits", str(k))
            curves = ("bits/spearman", "bits/modes_found", "sample/edit_distance_mean")
            yield Cell(table, f"{name}k={k}", options, curves, {}, train)


def _amp(table: str) -> Iterator[Cell]:
    measuring = {"evaluate": ("evaluate", "--num", "2048")}
    yield Cell(table, "tb", ("-c", "paper/amp"), ("sample/log_reward_mean",), measuring, train)


def _molecules(table: str) -> Iterator[Cell]:
    audits = {f"audit_{beta}": ("audit", "--beta", str(beta)) for beta in BETAS}
    for method in MOLECULE_METHODS:
        objective = ("-c", f"paper/{method}", "--model.objective.max_beta", "16")
        kinds = [f"modes/{kind}above_{t}" for kind in ("", "scaffolds_") for t in ("7", "7.5", "8")]
        curves = ("modes/visited", *kinds)
        yield Cell(table, method, ("-c", "paper/molecules", *objective), curves, audits, train)
    searching = ("-c", "paper/molecules", "-c", "paper/tb", *AT_BETA_16)
    yield Cell(table, "tb_16", searching, curves, {}, train)
    chains = ("--num-chains", "64", "--num-steps", "800", "--every", "50")
    yield Cell(table, "mh", ("modes", "-c", "paper/molecules", *chains), (), {}, walk)


TABLES = {
    "hypergrid": _hypergrid,
    "hypergrid_64": _hypergrid,
    "bits": _bits,
    "amp": _amp,
    "molecules": _molecules,
}


def measure(cell: Cell, seed: int, steps: int | None) -> None:
    """Run a cell and keep what it ends with, unless that was done."""
    output = RESULTS / cell.table / f"{cell.name}-{seed}.json"
    if output.exists():
        return
    began = time.perf_counter()
    result = cell.run(cell, seed, steps, RUNS / cell.table / f"{cell.name}-{seed}")
    result |= {
        "wall_seconds": round(time.perf_counter() - began),
        "machine": f"{platform.machine()}, {os.cpu_count()} CPU cores",
    }
    output.parent.mkdir(parents=True, exist_ok=True)
    part = output.with_suffix(".part")
    part.write_text(json.dumps(result, indent=1) + "\n")
    os.replace(part, output)
    print(f"{cell.table}/{cell.name}, seed {seed}: {result['wall_seconds']} s", flush=True)


def train(cell: Cell, seed: int, steps: int | None, root: Path) -> dict[str, Any]:
    """Train, from the last checkpoint if there is one, and measure."""
    checkpoint = root / "checkpoints" / "last.ckpt"
    options = [*cell.options, "--seed_everything", str(seed)]
    options += [] if steps is None else ["--trainer.max_steps", str(steps)]
    resume = ["--ckpt_path", str(checkpoint)] if checkpoint.exists() else []
    where = ["--trainer.default_root_dir", str(root), "--trainer.enable_progress_bar", "false"]
    python("-m", "molgfn", "fit", *options, *where, *resume, log=root)
    result: dict[str, Any] = {
        "command": f"molgfn fit {' '.join(options)}",
        "seed": seed,
        "curves": curves(root, cell.curves),
    }
    for name, command in cell.measuring.items():
        made = root / f"{name}.json"
        files = ["--checkpoint", str(checkpoint), "--output", str(made), "--overwrite"]
        python("-m", "molgfn", *command, *files, log=root)
        result[name] = {k: v for k, v in json.loads(made.read_text()).items() if k != "checkpoint"}
    best = root / "best_molecules.csv"
    if cell.table == "molecules" and best.exists():
        result["best"] = of_best(best)
    return result


def walk(cell: Cell, seed: int, steps: int | None, root: Path) -> dict[str, Any]:
    """Metropolis-Hastings, with as many objects visited as training visits."""
    made = root / "chains.json"
    options = [*cell.options, *([] if steps is None else ["--num-steps", str(steps)])]
    options += ["--seed", str(seed)]
    python("scripts/paper_chains.py", *options, "--output", str(made), log=root)
    command = f"python scripts/paper_chains.py {' '.join(options)}"
    return {"command": command, "seed": seed, **json.loads(made.read_text())}


def python(*arguments: str, log: Path) -> None:
    """Run a Python program on one thread; what it says is kept beside the run.

    Raises:
        RuntimeError: it failed; the message has its last words.
    """
    log.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "WANDB_MODE": "disabled"}
    with (log / "output.txt").open("a") as file:
        ended = subprocess.run(
            [sys.executable, *arguments],
            cwd=CHECKOUT,
            env=environment,
            stdout=file,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if ended.returncode:
        last = (log / "output.txt").read_text().splitlines()[-5:]
        status = f"python {' '.join(arguments)} ended with {ended.returncode}:"
        raise RuntimeError("\n".join([status, *last]))


def curves(root: Path, names: Sequence[str]) -> dict[str, list[list[float]]]:
    """Name -> [step, value] pairs of the logs of a run, those of its resumptions in one."""
    found: dict[str, dict[int, float]] = {name: {} for name in names}
    logs = sorted((root / "logs").glob("version_*"), key=lambda p: int(p.name.split("_")[1]))
    for log in logs:
        with (log / "metrics.csv").open(newline="") as file:
            for row in csv.DictReader(file):
                for name in names:
                    if row.get(name):
                        found[name][int(row["step"]) + 1] = float(row[name])
    return {name: [[step, of[step]] for step in sorted(of)] for name, of in found.items()}


def of_best(path: Path) -> dict[str, float]:
    """How many best molecules were kept, their mean proxy value and mean pairwise similarity."""
    from rdkit import Chem

    from molgfn.chem.similarity import internal_diversity

    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    mols = [Chem.MolFromSmiles(row["smiles"]) for row in rows]
    return {
        "num": len(rows),
        "mean_proxy": sum(float(row["seh_proxy"]) for row in rows) / len(rows),
        "mean_tanimoto": 1 - internal_diversity(mols),
    }


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "tables", nargs="+", choices=TABLES, metavar="TABLE", help=", ".join(TABLES)
    )
    parser.add_argument("--seeds", type=int, default=1, help="runs of each cell (default 1)")
    parser.add_argument("--steps", type=int, help="of training; default: those of the config")
    parser.add_argument("--cells", help="only those whose name has this in it")
    parser.add_argument("--jobs", type=int, default=1, help="runs at a time, one thread each")
    options = parser.parse_args(argv)
    work = [
        (cell, seed)
        for seed, table in product(range(options.seeds), options.tables)
        for cell in cells(table)
        if not options.cells or options.cells in cell.name
    ]
    failures = []
    lock = threading.Lock()

    def one(job: tuple[Cell, int]) -> None:
        try:
            measure(*job, options.steps)
        except RuntimeError as error:
            with lock:
                failures.append(error)
                print(f"paper: {error}", file=sys.stderr, flush=True)

    with ThreadPoolExecutor(options.jobs) as pool:
        list(pool.map(one, work))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
