"""The stages of `molgfn check`, each of which tells what it finds as soon as it knows."""

import math
import os
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

import molgfn
from molgfn.cli import findings
from molgfn.cli.candidates import BUILT_BY
from molgfn.cli.checking import (
    Cost,
    Scored,
    folder_problem,
    measure_cost,
    run_seconds,
    score_known,
    score_random,
)
from molgfn.cli.configured import ConfiguredCLI, configured
from molgfn.cli.findings import Findings
from molgfn.cli.landscape import BARS, PLAIN_BARS, Array, Landscape, betas_shown, sparkline
from molgfn.cli.outputs import write_atomically
from molgfn.module import GFlowNet

MAX_REASONS = 5
STYLES = {"ready": "bold green", "warnings": "bold yellow", "refused": "bold red"}


class Preflight:
    """A look at a config, told on the screen and kept in `found`.

    Args:
        configs: as for `molgfn fit`.
        options: overrides, likewise.
    """

    def __init__(self, configs: Sequence[str], options: Sequence[str]) -> None:
        self.configs, self.options = configs, options
        self.findings = Findings()
        self.found: dict[str, Any] = {"config": list(configs), "version": molgfn.__version__}
        self.console = Console(highlight=False, soft_wrap=True)

    def run(self, num: int, steps: int, picture: Path | None) -> None:
        """All stages.

        Args:
            num: random objects scored.
            steps: training steps measured.
            picture: where the reward's histograms are drawn.
        Raises:
            Exception: whatever the config's own parts raise.
        """
        cli = configured(self.configs, self.options)
        self.introduce(cli)
        model = cli.model
        try:
            self.show_known(score_known(model))
        except Exception as error:  # a reward may well be made for what a run builds alone
            self.findings.warnings.append(f"known {self.noun} cannot be scored: {told(error)}")
        scored = score_random(model, num, self.found["seed"])
        self.show_random(model, scored, picture)
        if not self.findings.refusals:
            self.show_cost(cli, measure_cost(cli, steps))

    def refuse(self, reason: str) -> None:
        """Something stands in the way of training."""
        self.findings.refusals.append(reason)

    def introduce(self, cli: ConfiguredCLI) -> None:
        """What the config says, in a line."""
        model, trainer, data = cli.model, cli.trainer, cli.datamodule
        self.noun = noun_of(model)
        parts = (model.environment, model.policy, model.reward, model.objective)
        names = ("environment", "policy", "reward", "objective")
        kinds = {n: type(part).__name__ for n, part in zip(names, parts, strict=True)}
        low, high = model.beta_range
        self.found |= {
            **kinds,
            "beta": [low, high],
            "max_steps": trainer.max_steps,
            "batch_size": data.batch_size,
            "num_ranks": trainer.world_size,
            "seed": int(os.environ.get("PL_GLOBAL_SEED", "0")),
            "carried_over": cli.carried_over,
        }
        beta = f"{low:g}" if low == high else f"{low:g} to {high:g}"
        ranks = f" on each of {trainer.world_size} ranks" if trainer.world_size > 1 else ""
        steps = "no last step" if trainer.max_steps < 0 else f"{trainer.max_steps:,} steps"
        self.say(f"[bold]{escape(' + '.join(map(shown_name, self.configs)))}[/]")
        self.say(f"  {', '.join(kinds.values())}")
        self.say(f"  beta = {beta}, {steps} of {data.batch_size} trajectories{ranks}")
        if problem := folder_problem(cli):
            self.findings.warnings.append(problem)

    def show_known(self, known: Scored) -> None:
        """The reward of what people know, with all components."""
        if not len(known):
            return
        table = Table(
            box=box.SIMPLE,
            title="Known " + self.noun,
            title_justify="left",
            collapse_padding=True,
            pad_edge=False,
        )
        table.add_column("", no_wrap=True)
        for name in known.names:
            table.add_column(escape(name), justify="right")
        rows = {"reward": rewards(known.log_reward), **known.components}
        for name, values in rows.items():
            table.add_row(escape(name), *(shown(float(value)) for value in values))
        self.console.print(table)
        for i, failure in sorted(known.failures.items()):
            self.say(f"  {escape(known.names[i])} has no reward: {escape(failure)}")
        self.found["known"] = [
            {
                "name": name,
                "log_reward": float(known.log_reward[i]),
                "components": {n: float(v[i]) for n, v in known.components.items()},
                "reason": known.failures.get(i),
            }
            for i, name in enumerate(known.names)
        ]

    def show_random(self, model: GFlowNet, scored: Scored, picture: Path | None) -> None:
        """The reward of random objects: components, failures, and what beta makes of it."""
        self.take(findings.of_failures(scored, self.noun))
        per_second = len(scored) / max(scored.seconds, 1e-9)
        self.found |= {
            "num_random": len(scored),
            "num_without_reward": len(scored.failures),
            "failure_reasons": dict(scored.reasons),
            "rewards_per_second": per_second,
            "components": {name: summary(values) for name, values in scored.components.items()},
        }
        self.say(
            f"[bold]{len(scored):,} different random {self.noun}[/]: "
            f"{per_second:,.0f} rewards a second"
        )
        for reason, count in scored.reasons[:MAX_REASONS]:
            self.say(f"  {count} without a reward: {escape(reason)}")
        if len(scored.reasons) > MAX_REASONS:
            self.say(f"  ... and {len(scored.reasons) - MAX_REASONS} further reasons")
        log_reward = scored.log_reward[np.isfinite(scored.log_reward)]
        if not len(log_reward):
            return
        landscape = Landscape.of(log_reward)
        betas = betas_shown(*model.beta_range)
        self.found["reward"] = {**summary(rewards(log_reward)), **landscape.described(betas)}
        self.show_components(scored)
        self.show_landscape(landscape, betas, model.beta_range)
        self.take(findings.of_landscape(landscape, model.beta_range, self.noun))
        if picture is not None:
            from molgfn.cli.landscape_picture import draw_landscape

            title = f"{type(model.reward).__name__} on random {self.noun}"
            png = draw_landscape(landscape, betas, model.beta_range, title)
            write_atomically(picture, lambda part: part.write_bytes(png))

    def show_components(self, scored: Scored) -> None:
        """Least, middle and largest value of the reward and of each component."""
        table = Table(box=box.SIMPLE)
        for name in ("", "least", "median", "largest", "missing"):
            table.add_column(name, justify="right" if name else "left")
        for name, values in {"reward": rewards(scored.log_reward), **scored.components}.items():
            facts = summary(values)
            cells = [shown(facts[key]) for key in ("least", "median", "largest")]
            table.add_row(escape(name), *cells, str(facts["missing"] or ""))
        self.console.print(table)

    def show_landscape(
        self, landscape: Landscape, betas: Sequence[float], trained: tuple[float, float]
    ) -> None:
        """The histogram of log R, weighted by R^beta for several beta."""
        bars = BARS if (self.console.encoding or "").lower().startswith("utf") else PLAIN_BARS
        table = Table(box=box.SIMPLE)
        low, high = landscape.edges[0], landscape.edges[-1]
        table.add_column("beta", justify="right")
        axis = f"{low:.2f} <- log R -> {high:.2f}"
        table.add_column(axis, no_wrap=True, justify="center")
        for name in ("mean R", "sample", "largest"):
            table.add_column(name, justify="right")
        for beta in betas:
            found = landscape.at(beta)
            table.add_row(
                f"{beta:g}" + ("*" if trained[0] <= beta <= trained[1] else " "),
                sparkline(found.shares, bars),
                f"{found.mean_reward:.2g}",
                f"{found.sample_size:.1f}",
                f"{found.largest:.1%}",
            )
        self.console.print(table)
        self.say(
            "  shares of R^beta: 0 is as drawn, * is trained; sample is the effective sample\n"
            f"  size, largest the share of one of the {self.noun}"
        )

    def show_cost(self, cli: ConfiguredCLI, cost: Cost) -> None:
        """Speed, time and memory."""
        self.take(findings.of_cost(cost))
        seconds = run_seconds(cost, cli.trainer, cli.datamodule.num_validation_batches)
        speed = cost.trajectories / cost.step_seconds
        self.found |= {
            "device": cost.device,
            "train_step_seconds": cost.step_seconds,
            "reward_seconds": cost.reward_seconds,
            "trajectories_per_second": speed,
            "estimated_seconds": seconds,
            "peak_memory_bytes": cost.memory,
            "peak_gpu_memory_bytes": cost.gpu_memory,
        }
        run = "a run without a last step" if seconds is None else f"the run {duration(seconds)}"
        gpu = "" if cost.gpu_memory is None else f", {cost.gpu_memory / 2**30:.2f} GiB on the GPU"
        self.say(f"[bold]Cost[/] on {cost.device}, without the run's callbacks")
        self.say(
            f"  a step {cost.step_seconds:.3g} s, of which the reward "
            f"{min(cost.reward_seconds / cost.step_seconds, 1):.0%}; "
            f"{speed:,.0f} trajectories a second; {run}; memory {cost.memory / 2**30:.2f} GiB{gpu}"
        )

    def take(self, found: Findings) -> None:
        """Keep what a stage found."""
        self.findings.refusals += found.refusals
        self.findings.warnings += found.warnings

    def conclude(self) -> None:
        """Warnings, refusals, and the verdict."""
        found = self.findings
        for warning in found.warnings:
            self.say(f"[yellow]warning:[/] {escape(warning)}")
        for refusal in found.refusals:
            self.say(f"[red]error:[/] {escape(refusal)}")
        verdicts = {
            "ready": "ready: this config can be trained",
            "warnings": f"can be trained, with {len(found.warnings)} warning"
            + ("s" if len(found.warnings) > 1 else ""),
            "refused": "cannot be trained",
        }
        self.say(f"[{STYLES[found.verdict]}]{verdicts[found.verdict]}[/]")
        self.found |= {
            "verdict": found.verdict,
            "warnings": found.warnings,
            "errors": found.refusals,
        }

    def say(self, text: str) -> None:
        self.console.print(text)


def told(error: Exception) -> str:
    """An error in one line; of other kinds than the expected ones also where it was raised."""
    text = " ".join(str(error).split())
    if isinstance(error, ValueError | OSError) and text:
        return text
    where = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {text} ({where.filename}, line {where.lineno})"


def noun_of(model: GFlowNet) -> str:
    """What the module builds."""
    named = (name for name, env in BUILT_BY.items() if isinstance(model.environment, env))
    return next(named, "objects")


def shown_name(config: str) -> str:
    """A config as a user would call it."""
    return Path(config).stem if config.endswith(".yaml") else config


def summary(values: Any) -> dict[str, Any]:
    """Least, middle and largest of what is finite, and how many are not."""
    known = values[np.isfinite(values)]
    facts = {
        "least": float(known.min()) if len(known) else None,
        "median": float(np.median(known)) if len(known) else None,
        "largest": float(known.max()) if len(known) else None,
    }
    return {**facts, "missing": len(values) - len(known)}


def rewards(log_reward: Array) -> Array:
    """R of log R, infinite where it is too large for a number."""
    with np.errstate(over="ignore"):
        return np.asarray(np.exp(log_reward))


def plain(value: Any) -> Any:
    """The same for JSON, which knows neither NaN nor infinity: None instead."""
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def shown(value: float | None) -> str:
    return "" if value is None or math.isnan(value) else f"{value:.4g}"


def duration(seconds: float) -> str:
    """Seconds in words of a sensible size."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    if seconds < 100 * 60:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
