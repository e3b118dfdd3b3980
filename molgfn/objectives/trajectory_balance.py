"""Trajectory balance."""

import torch
from torch import Tensor, nn

from molgfn.objectives.base import Objective
from molgfn.types import TrajectoryScores


class TrajectoryBalance(Objective):
    """The squared residual of the flow through a whole trajectory.

        loss = (log Z + sum_t log P_F - log R~(x) - sum_t log P_B)^2

    log Z is one parameter, or with `max_beta` a perceptron of beta, for a policy that is
    conditioned on beta.

    Args:
        log_z: where log Z starts, in nats; None starts it at the first batch's own estimate, the
            mean of log R~ + log P_B - log P_F.
        max_beta: the largest beta that log Z depends on; None for one log Z.
    Source: Malkin et al. 2022, arXiv:2201.13259, Eq. 14.
    """

    def __init__(self, log_z: float | None = None, max_beta: float | None = None) -> None:
        super().__init__()
        self.offset = nn.Parameter(torch.tensor(0.0 if log_z is None else log_z))
        self.given = log_z is not None
        self.max_beta = max_beta
        self.curve = (
            None
            if max_beta is None
            else nn.Sequential(
                nn.Linear(1, 64), nn.GELU(), nn.Linear(64, 64), nn.GELU(), nn.Linear(64, 1)
            )
        )

    def forward(self, scores: TrajectoryScores) -> Tensor:
        return self.residual(scores).square()

    def residual(self, scores: TrajectoryScores) -> Tensor:
        """[B] residuals in nats: zero when the flow in equals the flow out."""
        flow_in = self.log_z(scores.beta) + scores.log_pf.sum(-1)
        flow_out = scores.log_reward + scores.log_pb.sum(-1)
        return flow_in - flow_out

    def log_z(self, beta: Tensor) -> Tensor:
        if self.curve is None or self.max_beta is None:
            return self.offset.expand(len(beta))
        curve: Tensor = self.curve(beta[:, None] / self.max_beta)[:, 0]
        return self.offset + curve * self.max_beta

    @torch.no_grad()
    def start(self, scores: TrajectoryScores) -> None:
        if not self.given:
            self.offset.sub_(self.residual(scores).mean())
