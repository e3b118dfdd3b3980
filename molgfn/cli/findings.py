"""What a preflight has to say: what stands in the way, and what looks wrong."""

import math
from dataclasses import dataclass, field

from molgfn.cli.checking import Cost, Scored
from molgfn.cli.landscape import Landscape

AT_FLOOR = 0.99
PEAKED = 0.99
"""Above that of the shipped sEH runs, 0.5 to 0.8, which find better molecules than random ones."""
FEWEST = 100  # random objects that tell how peaked a reward is
FAILING = 0.5


@dataclass
class Findings:
    """Refusals: training cannot work. Warnings: it can, but is hardly what was meant."""

    refusals: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def verdict(self) -> str:
        if self.refusals:
            return "refused"
        return "warnings" if self.warnings else "ready"


def of_failures(scored: Scored, noun: str) -> Findings:
    """Of random objects that have no reward.

    Args:
        noun: what they are.
    """
    if not scored.failures:
        return Findings()
    reason, count = scored.reasons[0]
    told = f"{len(scored.failures)} of {len(scored)} random {noun} have no reward"
    because = f"the most frequent reason ({count} times): {reason}"
    if len(scored.failures) == len(scored):
        return Findings(refusals=[f"none of {len(scored)} random {noun} has a reward; {because}"])
    if len(scored.failures) > FAILING * len(scored):
        return Findings(warnings=[f"most rewards fail: {told}; {because}"])
    return Findings(warnings=[f"{told}; {because}"])


def of_landscape(landscape: Landscape, beta: tuple[float, float], noun: str) -> Findings:
    """Of the rewards of random objects.

    Args:
        beta: lowest and highest of the run.
        noun: what they are.
    """
    num = len(landscape.log_reward)
    least = math.exp(min(float(landscape.log_reward.min()), 700.0))
    if landscape.is_constant:
        return Findings(
            warnings=[f"the reward is constant: all {num} random {noun} have {least:.4g}"]
        )
    found = Findings()
    if landscape.share_at_floor > AT_FLOOR:
        found.warnings.append(
            f"the reward is all floor: {landscape.share_at_floor:.1%} of random {noun} have the "
            f"lowest reward, {least:.4g}, and nothing leads away from there"
        )
    peak = landscape.at(beta[0])
    if peak.largest > PEAKED and num >= FEWEST:
        found.warnings.append(
            f"the reward is peaked: at beta = {beta[0]:g} one of {num} random {noun} holds "
            f"{peak.largest:.0%} of the weight (effective sample size {peak.sample_size:.2g})"
        )
    return found


def of_cost(cost: Cost) -> Findings:
    """Of the losses of the steps that were trained."""
    if all(math.isnan(loss) for loss in cost.losses):
        return Findings(refusals=["no step had a trajectory to learn from: all were rejected"])
    if any(math.isinf(loss) for loss in cost.losses):
        return Findings(refusals=["the loss is infinite within the first steps"])
    return Findings()
