"""One policy that all rows share, learned in legs, so that whoever is killed goes on exactly.

A leg is one episode in every lane. It begins with episodes drawn from (seed, leg), random numbers seeded likewise and nothing else that
is remembered but the weights, the optimiser's state and, of algorithms that have one, a memory: to go on after leg n is to load these
and begin leg n + 1.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from stable_baselines3.common.logger import Logger, configure

from agents.learning.algorithms import ALGORITHMS
from agents.learning.curriculum import Curriculum
from agents.learning.lane_processes import lanes_of
from agents.learning.shared_vec_env import SharedVecEnv
from agents.learning.tasks import Task
from agents.learning.weights import UNREADABLE, no_weights, weights_in
from scenarios.errors import ScenarioError

CRITICS = ("own", "central")


@dataclass(frozen=True)
class Recipe:
    """How a policy is trained."""

    task: Task
    steps: int = 300_000  # decisions of single rows
    lanes: int = 16
    jobs: int = 2  # processes with lanes
    rollout: int = 60  # ticks between two updates, about
    batch: int = 1440  # decisions that a step of the optimiser looks at, about
    epochs: int = 6
    gamma: float = 0.96
    gae_lambda: float = 0.95
    entropy: float = 0.002
    algorithm: str = "ppo"
    critic: str = CRITICS[0]  # of PPO: what it is shown of a lane
    rate: float = 2e-3  # of learning, at first; it falls to nothing in a straight line
    curriculum: Curriculum = field(default_factory=Curriculum)


@dataclass(frozen=True)
class LegDone:
    """What a leg came to; nan before the first."""

    leg: int
    steps: int  # so far
    reward: float  # of a tick, mean over rows' shares and time
    violation: float  # share of class-ticks that missed their objective
    pods: float  # asked for, mean
    stage: str | None = None  # of the curriculum; None in the task itself


class Trainer:
    """One seed of a recipe."""

    def __init__(self, recipe: Recipe, seed: int, events: Path | None = None) -> None:
        """`events` is a folder for TensorBoard. Raises ScenarioError where nobody can sit in the world of the task or of a stage."""
        _check_stages(recipe)
        torch.set_num_threads(1)  # a second one would spin beside the lanes, and save next to nothing
        self.recipe, self.seed = recipe, seed
        # a leg is one episode in every lane, and begins with a reset: worlds that nobody plays in would be made at its end
        self.env = SharedVecEnv(recipe.task, recipe.lanes, recipe.jobs, shows_all=recipe.critic == "central", once=True)
        updates = max(1, self.env.lanes.shape.ticks // recipe.rollout)
        n_steps = self.env.lanes.shape.ticks // updates
        self.leg_steps = updates * n_steps * self.env.num_envs
        self.legs = -(-recipe.steps // self.leg_steps)
        self._leg = 0
        self._algorithm = ALGORITHMS[recipe.algorithm]
        self.model = self._algorithm.made(recipe, self.env, n_steps, lambda: 1 - self._leg / self.legs, seed)
        self.model.set_logger(Logger(None, []) if events is None else configure(str(events), ["tensorboard"]))

    @property
    def done(self) -> int:
        """Legs that are behind."""
        return self._leg

    def leg(self, told: Callable[[int], None] | None = None) -> LegDone:
        """One more; `told` hears of steps as they come."""
        model, watch = self.model, _Watch(told, self._leg * self.leg_steps)
        stage = self.recipe.curriculum.stage(self._leg, self.legs)
        self.env.task = self.recipe.task if stage is None else stage.of(self.recipe.task)
        model.set_random_seed(int(np.random.SeedSequence((self.seed, self._leg)).generate_state(1)[0]))
        model._last_obs = None  # noqa: SLF001  # begin with fresh episodes: SB3 has no other word for it
        self._algorithm.begins(model)
        model.learn(self.leg_steps, callback=watch, reset_num_timesteps=False, **self._algorithm.learning)
        self._leg += 1
        done = LegDone(self._leg, self._leg * self.leg_steps, *watch.means(), None if stage is None else stage.name)
        self.tell("leg", {"reward": done.reward, "violation": done.violation, "pods": done.pods})
        return done

    def nothing_done(self) -> LegDone:
        """As what it begins with is told, before the first leg."""
        return LegDone(0, 0, math.nan, math.nan, math.nan)

    def tell(self, what: str, figures: Mapping[str, float]) -> None:
        """TensorBoard, where it listens, of something after a leg."""
        for name, value in figures.items():
            self.model.logger.record(f"{what}/{name}", value)
        self.model.logger.dump(self.model.num_timesteps)

    def decides(self, seen: NDArray[np.float32], masks: NDArray[np.bool_]) -> NDArray[np.int64]:
        """What the policy would do by now, without trying anything."""
        return self._algorithm.decides(self.model, seen, masks)

    def state(self, note: str) -> bytes:
        """Weights, the optimiser's state and a note: tensors, numbers and text only, which can be read without running anything."""
        kept = io.BytesIO()
        policy = self.model.policy
        torch.save({"leg": self._leg, "note": note, "policy": policy.state_dict(), "optimizer": policy.optimizer.state_dict(),
                    "memory": self._algorithm.memory(self.model)}, kept)  # fmt: skip
        return kept.getvalue()

    def restore(self, state: bytes) -> str:
        """Go on after what was kept; its note. Raises WeightsError."""
        try:
            kept = weights_in(state)
            self.model.policy.load_state_dict(kept["policy"])
            self.model.policy.optimizer.load_state_dict(kept["optimizer"])
            self._algorithm.recalls(self.model, kept["memory"])
            self._leg = int(kept["leg"])
        except UNREADABLE as fault:
            raise no_weights(fault) from None
        self.model.num_timesteps = self._leg * self.leg_steps
        return str(kept["note"])

    def start(self, state: bytes) -> None:
        """Begin with the weights of another training, and nothing else of it. Raises WeightsError."""
        try:
            self.model.policy.load_state_dict(weights_in(state)["policy"])
        except UNREADABLE as fault:
            raise no_weights(fault) from None

    def close(self) -> None:
        """End what was begun."""
        self.env.close()


def _check_stages(recipe: Recipe) -> None:
    """Raises ScenarioError where a stage has other rows, actions or ticks than the task, or nobody can sit in it."""
    shape = None
    for stage in recipe.curriculum.stages:
        shape = shape or lanes_of(recipe.task, 1, 1).shape
        try:
            other = lanes_of(stage.of(recipe.task), 1, 1).shape
        except ScenarioError as fault:
            raise ScenarioError(f"stages.{stage.name}: {fault}") from None
        if (other.rows, other.actions, other.ticks) != (shape.rows, shape.actions, shape.ticks):
            raise ScenarioError(f"stages.{stage.name}: has {len(other.rows)} rows and {other.ticks} ticks, the task itself "
                                f"{len(shape.rows)} and {shape.ticks}; all stages of one policy are alike in this")  # fmt: skip


class _Watch:
    """Adds up what a leg's ticks came to."""

    def __init__(self, told: Callable[[int], None] | None, before: int) -> None:
        self._told, self._steps = told, before
        self._ticks: list[tuple[float, float, float]] = []

    def __call__(self, locals_: dict[str, Any], _: dict[str, Any]) -> bool:
        """After each step of all environments."""
        self._steps += len(locals_["rewards"])
        for info in locals_["infos"]:
            if (team := info.get("team")) is not None:
                self._ticks.append((-sum(team["reward_terms"].values()), team["slo_violation"], team["cost"]))
        if self._told is not None:
            self._told(self._steps)
        return True

    def means(self) -> tuple[float, float, float]:
        """(reward, violation, pods) of a tick."""
        reward, violation, pods = np.mean(self._ticks, axis=0).tolist()
        return reward, violation, pods
