"""`molgfn evaluate`: from a checkpoint to its metrics, as JSON."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import molgfn
from molgfn.cli.options import add_sampling_options, positive
from molgfn.cli.outputs import check_output, write_atomically
from molgfn.cli.sample import progress_bar

if TYPE_CHECKING:
    from molgfn.cli.candidates import Draw

EXAMPLE = """\
example:
  molgfn evaluate --checkpoint runs/quickstart/checkpoints/last.ckpt --output metrics.json

The JSON has validity, uniqueness, diversity (1 - mean Tanimoto similarity), the mean reward (at
beta = 1) and that of the 10, 100 and 1000 best different molecules, means of its components, log_z,
and the speed of sampling.
"""


def parser() -> argparse.ArgumentParser:
    """Options of the command; nothing heavy is imported for its help."""
    made = argparse.ArgumentParser(
        prog="molgfn evaluate",
        description="Measure the molecules that a checkpoint draws.",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_sampling_options(made)
    made.add_argument("--num", type=positive, default=1000, help="molecules (default 1000)")
    made.add_argument("--output", type=Path, required=True, metavar="F", help="ends in .json")
    return made


def main(args: list[str]) -> int:
    """Run `molgfn evaluate`."""
    options = parser().parse_args(args[1:])
    check_output(options.output, [".json"], options.overwrite)

    import time

    import torch

    from molgfn.cli.candidates import choose_beta, draws, load

    model = load(options.checkpoint, options.device)
    beta = choose_beta(model, options.beta)
    batches = draws(model, min(options.batch_size, options.num), beta, options.seed)
    drawn: list[Draw] = []
    num_drawn = 0
    started = time.perf_counter()
    with progress_bar(options.num, "molecules") as progress:
        while num_drawn < options.num:
            drawn.append(next(batches))
            num_drawn += len(drawn[-1].mols)
            progress(min(num_drawn, options.num))
    seconds = time.perf_counter() - started
    with torch.no_grad():
        log_z = float(model.objective.log_z(torch.tensor([beta], device=model.device)))
    metrics = {
        **measure(drawn, options.num, options.seed),
        "log_z": log_z,
        "target": "trees",
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


def measure(drawn: list["Draw"], num: int, seed: int) -> dict[str, Any]:
    """Metrics of the first `num` molecules, and the mean of each component where it is known."""
    import numpy as np

    from molgfn.evaluation import Sample, evaluate, mean

    def joined(columns: list[Any]) -> Any:
        return np.concatenate([np.asarray(column, dtype=np.float64) for column in columns])[:num]

    sample = Sample(
        mols=[mol for draw in drawn for mol in draw.mols][:num],
        log_reward=joined([draw.scores.log_reward.cpu() for draw in drawn]),
        num_fragments=joined([[len(tree) for tree in draw.trees] for draw in drawn]).astype(int),
    )
    components = {
        name: joined([draw.scores.components[name].cpu() for draw in drawn])
        for name in drawn[0].scores.components
    }
    return {
        **evaluate(sample, seed),
        "component_means": {
            name: mean(values[np.isfinite(values)]) for name, values in components.items()
        },
    }
