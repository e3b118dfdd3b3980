"""`molgfn evaluate`: from a checkpoint to its metrics, as JSON."""

import argparse
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import molgfn
from molgfn.cli.options import add_sampling_options, positive
from molgfn.cli.outputs import check_output, write_atomically
from molgfn.cli.progress import progress_bar

if TYPE_CHECKING:
    from molgfn.cli.draws import Draw, MoleculeDraw, SequenceDraw

EXAMPLE = """\
example:
  molgfn evaluate --checkpoint runs/quickstart/checkpoints/last.ckpt --output metrics.json

The JSON has validity, uniqueness, diversity (1 - mean Tanimoto similarity), the mean reward (at
beta = 1) and that of the 10, 100 and 1000 best different molecules, means of its components, log_z,
the speed of sampling, num_circles (#Circles), num_scaffolds, modes above each of --thresholds, the
means and deviations of properties, and share_without_alerts. With --reference also novelty, and the
Wasserstein distance of each property from the reference. docs/candidates.md explains every key.
Of sequences it has edit distances instead of Tanimoto similarities:
mean_edit_distance of the drawn, and top_100_edit_distance of the 100 best different ones.
"""


def parser() -> argparse.ArgumentParser:
    """Options of the command; nothing heavy is imported for its help."""
    made = argparse.ArgumentParser(
        prog="molgfn evaluate",
        description="Measure what a checkpoint draws.",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_sampling_options(made)
    made.add_argument("--num", type=positive, default=1000, help="how many to draw (default 1000)")
    made.add_argument(
        "--thresholds",
        type=float,
        nargs="*",
        default=[],
        metavar="R",
        help="rewards (at beta = 1) above which modes are counted",
    )
    made.add_argument(
        "--reference",
        type=Path,
        metavar="F",
        help="molecules to compare with: novelty, and distributions of properties",
    )
    made.add_argument("--output", type=Path, required=True, metavar="F", help="ends in .json")
    return made


def main(args: list[str]) -> int:
    """Run `molgfn evaluate`."""
    options = parser().parse_args(args[1:])
    check_output(options.output, [".json"], options.overwrite)

    import time

    import torch

    from molgfn.cli.candidates import BUILT_BY, built_by, choose_beta, load
    from molgfn.cli.draws import draws

    if options.reference is not None and not options.reference.is_file():
        raise FileNotFoundError(f"reference {options.reference} does not exist")
    model = load(options.checkpoint, options.device, list(BUILT_BY))
    built = built_by(model)
    if built != "molecules" and (options.reference is not None or options.thresholds):
        raise ValueError(f"--reference and --thresholds are of molecules; this run has {built}")
    beta = choose_beta(model, options.beta)
    batches = draws(model, min(options.batch_size, options.num), beta, options.seed)
    drawn: list[Draw] = []
    num_drawn = 0
    started = time.perf_counter()
    with progress_bar(options.num, built) as progress:
        while num_drawn < options.num:
            drawn.append(next(batches))
            num_drawn += len(drawn[-1])
            progress(min(num_drawn, options.num))
    seconds = time.perf_counter() - started
    with torch.no_grad():
        log_z = float(model.objective.log_z(torch.tensor([beta], device=model.device)))
    metrics = {
        **MEASURE[built](drawn, options),
        **component_means(drawn, options.num),
        "log_z": log_z,
        "target": "trees" if built == "molecules" else built,
        "beta": beta,
        "trajectories_per_second": num_drawn / seconds,
        "checkpoint": str(options.checkpoint),
        "seed": options.seed,
        "version": molgfn.__version__,
    }
    text = json.dumps(metrics, indent=2, allow_nan=False) + "\n"
    write_atomically(options.output, lambda part: part.write_text(text))
    print(text, end="")
    return 0


def of_molecules(drawn: list["MoleculeDraw"], options: argparse.Namespace) -> dict[str, Any]:
    """Metrics of the first `options.num` molecules."""
    from molgfn.evaluation import Sample, evaluate, evaluate_chemistry

    num, seed = options.num, options.seed
    sample = Sample(
        mols=[mol for draw in drawn for mol in draw.mols][:num],
        log_reward=joined([draw.scores.log_reward.cpu() for draw in drawn], num),
        num_fragments=joined([[len(t) for t in draw.trees] for draw in drawn], num).astype(int),
    )
    chemistry = evaluate_chemistry(sample, options.thresholds, options.reference, seed)
    return {**evaluate(sample, seed), **chemistry}


def of_sequences(drawn: list["SequenceDraw"], options: argparse.Namespace) -> dict[str, Any]:
    """Metrics of the first `options.num` sequences."""
    from molgfn.evaluation import evaluate_sequences

    num = options.num
    texts = [text for draw in drawn for text in draw.texts][:num]
    log_reward = joined([draw.scores.log_reward.cpu() for draw in drawn], num)
    return evaluate_sequences(texts, log_reward, options.seed)


MEASURE: dict[str, Callable[[Any, argparse.Namespace], dict[str, Any]]] = {
    "molecules": of_molecules,
    "sequences": of_sequences,
}


def component_means(drawn: Sequence["Draw"], num: int) -> dict[str, Any]:
    """The mean of each component where it is known."""
    import numpy as np

    from molgfn.evaluation import mean

    names = dict.fromkeys(name for draw in drawn for name in draw.scores.components)
    components = {
        name: joined(
            [
                draw.scores.components[name].cpu()
                if name in draw.scores.components
                else np.full(len(draw), np.nan)
                for draw in drawn
            ],
            num,
        )
        for name in names
    }
    return {
        "component_means": {
            name: mean(values[np.isfinite(values)]) for name, values in components.items()
        }
    }


def joined(columns: list[Any], num: int) -> Any:
    """The first `num` numbers of several columns."""
    import numpy as np

    return np.concatenate([np.asarray(column, dtype=np.float64) for column in columns])[:num]
