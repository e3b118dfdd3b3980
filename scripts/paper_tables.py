"""Fill docs/paper.md with what scripts/paper.py has measured, and draw its figures.

    python scripts/paper_tables.py

Reads docs/paper/TABLE/CELL-SEED.json. The page has no number of ours that is not in these files;
those of the paper stand in this script.
"""

import re
from collections.abc import Callable, Mapping
from itertools import product
from typing import Any

import paper_figures
import paper_grids
from paper import BETAS, BIT_TRAJECTORIES, CHECKOUT, MOLECULE_METHODS, RESULTS, WORD_BITS, cells
from paper_figures import METHODS, THRESHOLDS
from paper_results import (
    MISSING,
    Average,
    Results,
    Runs,
    average,
    end,
    lines,
    number,
    results,
    spread,
)

PAGE = CHECKOUT / "docs" / "paper.md"

# Malkin et al. 2022, arXiv:2201.13259
PAPER_PEARSON = {"fm": ".31", "db": ".80", "tb": ".86"}
PAPER_REWARD, PAPER_DISTANCE = ".85", "18.35"
PAPER_BUDGET = {"bits": "50,000 steps of 16", "molecules": "50,000 steps of 4"}


def main() -> int:
    found = results()
    PAGE.write_text(filled(PAGE.read_text(), found))
    paper_figures.draw(found, RESULTS)
    return 0


def filled(page: str, found: Results) -> str:
    """The page with every `<!-- table NAME -->` slot filled anew."""
    for name, table in SLOTS.items():
        slot = re.compile(rf"(<!-- table {name} -->\n).*?(<!-- end -->)", re.DOTALL)
        page, count = slot.subn(lambda m, t=table: m[1] + t(found) + m[2], page)
        if count != 1:
            raise ValueError(f"{PAGE.name} has {count} slots for table {name!r}; accepted is one")
    return page


def budgets(found: Results) -> str:
    """What was run, on what, and how much of it there is."""
    rows = []
    for table, kept in found.items():
        all_runs = [run for runs in kept.values() for run in runs]
        trained = [
            run for name, runs in kept.items() if name.partition("_")[0] != "mh" for run in runs
        ]
        seconds = [run["wall_seconds"] for run in trained]
        seeds = [len(runs) for runs in kept.values()]
        rows.append(
            [
                table,
                f"`python scripts/paper.py {table}`",
                f"{len(kept)} of {len(cells(table))}",
                " to ".join(str(n) for n in sorted({min(seeds), max(seeds)})) if seeds else MISSING,
                number(max((last_step(run) for run in trained), default=None), 0),
                PAPER_BUDGET.get(table, ""),
                ", ".join(sorted({run["machine"] for run in all_runs})) or MISSING,
                MISSING if not seconds else f"{sum(seconds) / 60:.0f} min",
            ]
        )
    return lines("table|command|cells|seeds|steps|the paper's|machine|wall time of training", rows)


def last_step(run: Mapping[str, Any]) -> int:
    return max(int(points[-1][0]) for points in run["curves"].values() if points)


def bits(found: Results) -> str:
    """Correlation and modes for each k, by who plays the training trajectories."""
    rows = []
    for k, (prefix, (label, _)) in product(WORD_BITS, BIT_TRAJECTORIES.items()):
        runs = found["bits"].get(f"{prefix}k={k}", [])
        correlation = end(runs, "bits/spearman")
        rows.append(
            [
                str(k),
                label,
                str(len(runs)),
                number(max((last_step(run) for run in runs), default=None), 0),
                PAPER_BUDGET["bits"],
                spread(correlation, 3),
                MISSING if correlation is None else ("yes" if correlation.mean >= 0.7 else "no"),
                spread(end(runs, "bits/modes_found"), 0),
            ]
        )
    header = "k|trajectories|seeds|steps of 16|the paper's|Spearman|at least 0.7|modes found of 60"
    return lines(header, rows)


def amp(found: Results) -> str:
    """Rewards and distances of 2,048 peptides."""
    runs = [run["evaluate"] for run in found["amp"].get("tb", [])]
    labels = {
        "top_100_reward": ("mean reward of the best 100", PAPER_REWARD),
        "mean_edit_distance": ("mean pairwise edit distance", PAPER_DISTANCE),
        "top_100_edit_distance": ("the same, of the best 100", ""),
        "length_mean": ("mean length", ""),
        "reward_mean": ("mean reward", ""),
    }
    rows = [
        [label, spread(average([run[key] for run in runs if key in run]), 3), theirs]
        for key, (label, theirs) in labels.items()
    ]
    return lines("2,048 samples|here|the paper's TB", rows)


def molecules(found: Results) -> str:
    """Correlation at each beta, and the best molecules."""
    rows = []
    for method in MOLECULE_METHODS:
        runs = found["molecules"].get(method, [])
        best = [run["best"] for run in runs if "best" in run]
        rows.append(
            [
                METHODS[method],
                str(len(runs)),
                number(max((last_step(run) for run in runs), default=None), 0),
                *(spread(pearson(runs, beta), 3) for beta in BETAS),
                PAPER_PEARSON.get(method, ""),
                spread(average([of["mean_tanimoto"] for of in best]), 3),
                spread(average([of["mean_proxy"] for of in best]), 2),
            ]
        )
    betas = "|".join(f"r at beta {beta}" for beta in BETAS)
    top = "mean Tanimoto of the best 1,000|their mean proxy"
    return lines(f"objective|seeds|steps of 64|{betas}|the paper's r|{top}", rows)


def pearson(runs: Runs, beta: int) -> Average | None:
    key = "pearson_log_p_log_r"
    audits = [run.get(f"audit_{beta}", {}) for run in runs]
    return average([audit[key] for audit in audits if audit.get(key) is not None])


def modes(found: Results) -> str:
    """Modes and scaffolds at the end, for each threshold."""
    rows = []
    for method in (*MOLECULE_METHODS, "tb_16", "mh"):
        runs = found["molecules"].get(method, [])
        counts = [
            spread(end(runs, f"modes/{kind}above_{t}"), 0)
            for t, kind in product(THRESHOLDS, ("", "scaffolds_"))
        ]
        rows.append([METHODS[method], spread(end(runs, "modes/visited"), 0), *counts])
    header = "|".join(f"modes above {t}|scaffolds" for t in THRESHOLDS)
    return lines(f"method|visited|{header}", rows)


def molecule_claims(found: Results) -> str:
    """Objectives by their correlation, and those that find more modes than chains."""
    runs = found["molecules"]
    text = []
    for beta in BETAS:
        r = {m: of.mean for m in MOLECULE_METHODS if (of := pearson(runs.get(m, []), beta))}
        ranked = sorted(r, key=lambda method: -r[method])
        order = ", ".join(METHODS[method] for method in ranked) or MISSING
        text.append(f"- r at beta {beta}, from high to low: {order}.\n")
    for t in THRESHOLDS:
        ends = {
            m: end(runs.get(m, []), f"modes/above_{t}") for m in (*MOLECULE_METHODS, "tb_16", "mh")
        }
        numbers = {method: of.mean for method, of in ends.items() if of is not None}
        chains = numbers.pop("mh", None)
        if chains is None or not numbers:
            text.append(f"- More modes above {t} than Metropolis-Hastings: {MISSING}.\n")
            continue
        more = [METHODS[method] for method, of in numbers.items() if of > chains]
        text.append(
            f"- More modes above {t} than Metropolis-Hastings: {len(more)} of {len(numbers)} "
            f"runs{': ' if more else ''}{', '.join(more)}.\n"
        )
    return "".join(text)


def figure(name: str, text: str) -> Callable[[Results], str]:
    """A slot that shows a figure, once there is something to show."""
    return lambda found: f"![{text}](paper/{name}.png)\n" if found[name] else f"{MISSING}\n"


SLOTS: Mapping[str, Callable[[Results], str]] = {
    "budgets": budgets,
    "distances": paper_grids.distances,
    "arrivals": paper_grids.arrivals,
    "partitions": paper_grids.partitions,
    "claims": paper_grids.claims,
    "hypergrid figure": figure("hypergrid", "Total variation against visited states"),
    "bits": bits,
    "bits figure": figure("bits", "Spearman correlation and modes found against training steps"),
    "amp": amp,
    "molecules": molecules,
    "modes": modes,
    "molecule claims": molecule_claims,
    "molecules figure": figure("molecules", "Modes and scaffolds against visited molecules"),
}


if __name__ == "__main__":
    raise SystemExit(main())
