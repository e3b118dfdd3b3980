"""The LightningModule: sample, score, balance, log."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor

import molgfn
from molgfn.backward.base import BackwardPolicy
from molgfn.backward.uniform import UniformBackward
from molgfn.configurable import describe
from molgfn.envs.base import Environment
from molgfn.exploration import EpsilonUniform, Exploration
from molgfn.held_out import HeldOut
from molgfn.objectives.base import Objective
from molgfn.objectives.trajectory_balance import TrajectoryBalance
from molgfn.optimizer import MuonAndAdam, matrices
from molgfn.policies.base import Policy
from molgfn.ranks import gathered, joint_sum, world_size
from molgfn.rewards.base import Reward, checked, reject
from molgfn.sampler import Rollout, log_backward, log_inflow, rollout, score, stop_was_forced
from molgfn.types import RolloutBatch, TrajectoryScores

INSTANTIATOR = "pytorch_lightning.cli.instantiate_module"  # what Lightning trusts in checkpoints


@dataclass(frozen=True)
class Estimates:
    """What networks think of B trajectories, each [B, T]; see `TrajectoryScores`."""

    log_pf: Tensor
    log_pb: Tensor
    log_flow: Tensor | None
    log_inflow: Tensor | None


ON_POLICY = EpsilonUniform(epsilon=0.0)
"""How validation and test play: as the policy would."""


class GFlowNet(pl.LightningModule):
    """A generative flow network: samples x with probability proportional to R(x)^beta.

    All randomness of a step comes from the seed, the rank and the number of the batch, so that a
    resumed run draws what the uninterrupted one would have drawn, and ranks draw different
    trajectories.

    Args:
        environment: where trajectories are played.
        policy: makes the policy from the environment's `spec`.
        reward: scores terminal objects.
        objective: makes losses of scored trajectories.
        backward: P_B, how likely each way to undo a state is; None makes all alike.
        exploration: who plays the training trajectories.
        beta: inverse temperature of the reward, or [low, high] to draw it for each trajectory,
            uniformly; the policy and the objective then need `max_beta`.
        learning_rate: of Adam, for the networks.
        matrix_learning_rate: of Muon, for the matrices of the policy; None leaves them to Adam.
        log_z_learning_rate: of the objective's scalars; its networks learn like the policy.
        half_life: steps in which all learning rates halve; None keeps them.
        held_out: trees that training leaves out, though they may be sampled on the way to others.
        seed: of all draws; None takes that of `seed_everything`, or 0.
    Raises:
        ValueError: a number out of range, named.
    """

    def __init__(
        self,
        environment: Environment,
        policy: Callable[[Any], Policy],
        reward: Reward,
        objective: Objective | None = None,
        exploration: Exploration | None = None,
        beta: float | list[float] = 1.0,
        learning_rate: float = 2e-3,
        matrix_learning_rate: float | None = 0.02,
        log_z_learning_rate: float = 0.5,
        half_life: int | None = None,
        held_out: HeldOut | None = None,
        seed: int | None = None,
        backward: BackwardPolicy | None = None,
    ) -> None:
        super().__init__()
        self.environment = environment
        self.policy = policy(environment.spec)
        self.reward = reward
        self.objective = TrajectoryBalance() if objective is None else objective
        if self.objective.needs_flow:
            self.policy.add_flow_head()
        # not `backward`, which is what Lightning calls the gradient
        self.backward_policy = UniformBackward() if backward is None else backward
        self.backward_policy.attach(self.environment, self.policy)
        self.exploration = EpsilonUniform() if exploration is None else exploration
        self.exploration.attach(self.policy)
        if self.objective.on_policy:
            self._refuse_exploration()
        self.beta_range = _beta_range(beta)
        for name, value in (
            ("learning_rate", learning_rate),
            ("matrix_learning_rate", 1 if matrix_learning_rate is None else matrix_learning_rate),
            ("log_z_learning_rate", log_z_learning_rate),
            ("half_life", 1 if half_life is None else half_life),
        ):
            if not value > 0:
                raise ValueError(f"model.{name} = {value}: accepted are numbers above 0")
        self.learning_rate = learning_rate
        self.matrix_learning_rate = matrix_learning_rate
        self.log_z_learning_rate = log_z_learning_rate
        self.half_life = half_life
        self.held_out = held_out
        none = torch.zeros(0, dtype=torch.int64)
        keys = none if held_out is None else held_out.keys(environment)
        self.register_buffer("held_out_keys", keys, persistent=False)
        self.held_out_keys: Tensor
        self.seed = seed
        self.parent: dict[str, Any] | None = None  # the checkpoint that the policy began with
        self.register_buffer("num_batches", torch.tensor(0))
        self.num_batches: Tensor
        self.save_hyperparameters(
            {
                "environment": describe(self.environment),
                "policy": describe(self.policy, leave_out=("spec",)),
                "reward": describe(self.reward),
                "objective": describe(self.objective),
                "backward": describe(self.backward_policy),
                "exploration": describe(self.exploration),
                "beta": describe(beta),
                "learning_rate": learning_rate,
                "matrix_learning_rate": matrix_learning_rate,
                "log_z_learning_rate": log_z_learning_rate,
                "half_life": half_life,
                "held_out": describe(held_out),
                "seed": seed,
                "_instantiator": INSTANTIATOR,
            },
            logger=False,
        )

    def _refuse_exploration(self) -> None:
        played_by = self.exploration
        if (
            played_by.behaviour(self.policy) is not self.policy
            or played_by.epsilon > 0
            or played_by.uniform_share > 0
        ):
            raise ValueError(
                f"model.exploration = {describe(played_by)}: {type(self.objective).__name__} "
                "learns only from the policy's own trajectories; accepted is "
                "molgfn.exploration.EpsilonUniform with epsilon = 0 and uniform_share = 0"
            )

    def training_step(self, batch: int, batch_idx: int) -> dict[str, Any]:
        played = self.play(batch, "train", int(self.num_batches), self.exploration)
        self.num_batches += 1
        # gradients are averaged over ranks: this makes that average the joint batch's own;
        # nothing to learn from, rather than NaN, when every trajectory was rejected
        num_valid = joint_sum(played.valid.sum()).clamp(min=1)
        return {"loss": played.loss.nansum() * world_size() / num_valid, "batch": played}

    def validation_step(self, batch: int, batch_idx: int) -> dict[str, Any]:
        return {"batch": self.play(batch, "validate", batch_idx, ON_POLICY)}

    def test_step(self, batch: int, batch_idx: int) -> dict[str, Any]:
        return {"batch": self.play(batch, "test", batch_idx, ON_POLICY)}

    def play(
        self, batch_size: int, stage: str, index: int, exploration: Exploration
    ) -> RolloutBatch:
        """Sample trajectories, score them under the policy and the reward, and compute losses."""
        generator = self.generator(stage, index)
        low, high = self.beta_range
        beta = torch.rand(batch_size, generator=generator, device=self.device) * (high - low) + low
        behaviour = exploration.behaviour(self.policy)
        keeps = behaviour is self.policy and not self.policy.rescores
        with torch.set_grad_enabled(keeps and torch.is_grad_enabled()):
            played = rollout(
                self.environment,
                behaviour,
                beta,
                generator,
                exploration.epsilon,
                exploration.uniform_share,
                keeps and self.objective.needs_flow,
            )
        estimates = self.estimate(played, keeps)
        # rewards and sums of log-probabilities need all their digits, whatever the precision
        with torch.autocast(self.device.type, enabled=False):
            return self.judge(played, estimates, stage, index)

    def estimate(self, played: Rollout, keeps: bool) -> Estimates:
        """What the trained networks think of what was played.

        Args:
            keeps: whether the trained policy itself was rolled out, with its gradient.
        """
        env, policy, objective = self.environment, self.policy, self.objective
        path = (played.trajectories, played.visits)
        log_pf, log_flow = (
            (played.log_pf, played.log_flow)
            if keeps
            else score(env, policy, played.trajectories, objective.needs_flow)
        )
        return Estimates(
            log_pf=log_pf,
            log_pb=log_backward(env, policy, self.backward_policy, *path),
            log_flow=log_flow,
            log_inflow=log_inflow(env, policy, *path) if objective.needs_inflow else None,
        )

    def judge(self, played: Rollout, estimates: Estimates, stage: str, index: int) -> RolloutBatch:
        """Score what was played under the reward, and compute losses."""
        beta = played.trajectories.beta
        objects = self.environment.decode(played.states)
        correction = self.environment.log_reward_correction(played.states)
        scores = reject(
            checked(self.reward(objects), len(beta)),
            ~correction.isfinite(),
            "how much its reward must be corrected for is not known: too many trees to count",
        )
        log_reward = beta * scores.log_reward.to(beta)
        valid = log_reward.isfinite()
        if stage == "train" and len(self.held_out_keys):
            keys = self.environment.canonical_key(played.states)
            valid &= ~torch.isin(keys, self.held_out_keys)
        lengths = played.trajectories.lengths
        if estimates.log_flow is not None:
            lengths = lengths - stop_was_forced(self.environment, played.states).long()
        own_loss = self.backward_policy.own_loss(estimates.log_pb)
        log_partial, num_unscored = (
            self.partial_rewards(played) if self.objective.needs_partial_rewards else (None, None)
        )
        everything = TrajectoryScores(
            log_pf=estimates.log_pf,
            log_pb=estimates.log_pb if own_loss is None else estimates.log_pb.detach(),
            log_reward=log_reward + correction,
            beta=beta,
            lengths=lengths,
            log_flow=estimates.log_flow,
            log_inflow=estimates.log_inflow,
            log_partial=log_partial,
        )
        kept = everything if bool(valid.all()) else everything[valid]
        if stage == "train" and index == 0:
            first = TrajectoryScores.cat(gathered(kept.to("cpu"))).to(self.device)
            if len(first):
                self.objective.start(first)
        losses = self.objective(kept) + (0.0 if own_loss is None else own_loss[valid])
        loss = torch.full_like(beta, torch.nan).index_put((valid,), losses)
        return RolloutBatch(
            objects=objects,
            scores=scores,
            trajectories=played.trajectories,
            log_reward=log_reward,
            valid=valid,
            loss=loss,
            num_unscored=num_unscored,
        )

    def partial_rewards(self, played: Rollout) -> tuple[Tensor, int]:
        """[B, T] `TrajectoryScores.log_partial`, and how many states on the way have no reward."""
        visits, trajectories = played.visits, played.trajectories
        inner = (~self.environment.is_terminal(visits.states)).nonzero()[:, 0]
        objects = self.environment.decode(visits.states[inner])
        log_reward = checked(self.reward(objects), len(inner)).log_reward.to(trajectories.beta)
        row, after = visits.row[inner], visits.step[inner] + 1
        table = torch.zeros_like(trajectories.actions, dtype=trajectories.beta.dtype)
        values = trajectories.beta[row] * log_reward.nan_to_num(nan=0.0)
        return table.index_put((row, after), values), int(log_reward.isnan().sum())

    def generator(self, stage: str, index: int) -> torch.Generator:
        """The source of randomness of one batch: a function of seed, stage, rank and number."""
        seed = self.seed if self.seed is not None else _global_seed()
        name = f"{seed}/{stage}/{self.global_rank}/{index}"
        number = int.from_bytes(sha256(name.encode()).digest()[:8], "big") >> 1
        return torch.Generator(self.device).manual_seed(number)

    def optimizer_step(self, *args: Any, **kwargs: Any) -> None:
        super().optimizer_step(*args, **kwargs)
        # here, and not at the end of the batch, where checkpoints are saved before this hook
        self.exploration.update(self.policy)

    def configure_optimizers(self) -> Any:
        by_muon = matrices(self.policy) if self.matrix_learning_rate is not None else []
        taken = {id(p) for p in by_muon}
        networks = [*self.policy.parameters(), *self.objective.parameters()]
        groups = {
            "policy": [p for p in networks if p.dim() > 0 and id(p) not in taken],
            "log_z": [p for p in networks if p.dim() == 0],
            "matrices": by_muon,
        }
        rates = self._learning_rates()
        adam, muon = (
            [{"name": n, "params": groups[n], "lr": rates[n]} for n in names if groups[n]]
            for names in (("policy", "log_z"), ("matrices",))
        )
        optimizer = MuonAndAdam(adam, muon)
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, self.decay)
        return {
            "optimizer": optimizer,
            "lr_scheduler": {"scheduler": schedule, "interval": "step", "name": "learning_rate"},
        }

    def _learning_rates(self) -> dict[str, float]:
        """The rate of each group of parameters, before its decay."""
        rates = {"policy": self.learning_rate, "log_z": self.log_z_learning_rate}
        if self.matrix_learning_rate is not None:
            rates["matrices"] = self.matrix_learning_rate
        return rates

    def decay(self, step: int) -> float:
        """What the learning rates are multiplied by at a step: 0.5^(step / half_life)."""
        return 1.0 if self.half_life is None else 0.5 ** (step / self.half_life)

    def on_train_start(self) -> None:
        """Let the learning rates be those of this run, not those that a checkpoint remembers."""
        schedule = self.lr_schedulers()
        assert isinstance(schedule, torch.optim.lr_scheduler.LambdaLR)
        rates = self._learning_rates()
        for number, group in enumerate(schedule.optimizer.param_groups):
            rate = rates[group["name"]]
            schedule.base_lrs[number] = group["initial_lr"] = rate
            group["lr"] = rate * self.decay(schedule.last_epoch)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        checkpoint["molgfn"] = {
            "version": molgfn.__version__,
            "environment": self.environment.fingerprint(),
            "seed": self.seed if self.seed is not None else _global_seed(),
            "parent": self.parent,
        }

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Refuse a checkpoint whose actions mean something else.

        Raises:
            ValueError: it is not from molgfn, or from another vocabulary or other size limits.
        """
        if "molgfn" not in checkpoint:
            raise ValueError("the checkpoint was not written by molgfn: it has no key 'molgfn'")
        theirs, ours = checkpoint["molgfn"]["environment"], self.environment.fingerprint()
        if theirs != ours:
            described = checkpoint.get("hyper_parameters", {}).get("environment")
            raise ValueError(
                f"the checkpoint is from another environment: {described} with fingerprint "
                f"{theirs[:12]}, but this run has {describe(self.environment)} with fingerprint "
                f"{ours[:12]}; vocabulary, sizes, target and correction must be the same"
            )
        self.parent = checkpoint["molgfn"].get("parent")

    @classmethod
    def load_from_checkpoint(  # type: ignore[override]
        cls, checkpoint_path: Any, map_location: Any = None, **kwargs: Any
    ) -> "GFlowNet":
        """Rebuild a module from a checkpoint alone, executing nothing that the file holds.

        Raises:
            ValueError: the file is truncated, hostile, or not a checkpoint of molgfn.
            FileNotFoundError: there is no such file.
        """
        kwargs["weights_only"] = True
        try:
            return super().load_from_checkpoint(checkpoint_path, map_location, **kwargs)
        except (FileNotFoundError, ValueError):
            raise
        except Exception as error:
            raise ValueError(
                f"{checkpoint_path} is not a checkpoint that molgfn can load: "
                f"{' '.join(str(error).split())[:300] or type(error).__name__}"
            ) from error


def _beta_range(beta: float | Sequence[float]) -> tuple[float, float]:
    values = [beta, beta] if isinstance(beta, (int, float)) else list(beta)
    if len(values) != 2:
        raise ValueError(f"model.beta = {beta}: accepted is a number or [low, high]")
    low, high = values
    if not 0 <= low <= high:
        raise ValueError(
            f"model.beta = {beta}: accepted is a number or [low, high], 0 <= low <= high"
        )
    return float(low), float(high)


def _global_seed() -> int:
    """The seed given to `seed_everything`, or 0."""
    return int(os.environ.get("PL_GLOBAL_SEED", "0"))
