"""What callbacks are shown of a step."""

from typing import Any

from molgfn.types import RolloutBatch


def rollout_of(outputs: Any) -> RolloutBatch:
    """The trajectories of a training, validation or test step, from what the step returned."""
    batch: RolloutBatch = outputs["batch"]
    return batch
