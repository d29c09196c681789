"""Proximal policy optimisation of one policy that all services share, in legs, so that whoever is killed goes on exactly.

A leg is one episode in every lane. It begins with episodes drawn from (seed, leg), random numbers seeded likewise and nothing else that
is remembered but the weights and the optimiser's state: to go on after leg n is to load these two and begin leg n + 1.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sb3_contrib import MaskablePPO
from stable_baselines3.common.logger import Logger

from agents.learning.actions import ACTION_SETS
from agents.learning.networks import GuidedPolicy
from agents.learning.shared_vec_env import SharedVecEnv
from agents.learning.tasks import Task
from agents.learning.weights import UNREADABLE, no_weights, weights_in

LEARNING_RATE = 5e-4  # at first; it falls to nothing in a straight line


@dataclass(frozen=True)
class Recipe:
    """How a policy is trained."""

    task: Task
    steps: int = 300_000  # decisions of single services
    lanes: int = 16
    jobs: int = 2  # processes with lanes
    rollout: int = 60  # ticks between two updates, about
    batches: int = 4  # of a rollout
    epochs: int = 5
    gamma: float = 0.96
    gae_lambda: float = 0.95
    entropy: float = 0.003


@dataclass(frozen=True)
class LegDone:
    """What a leg came to."""

    leg: int
    steps: int  # so far
    reward: float  # of a tick, mean over services' shares and time
    violation: float  # share of class-ticks that missed their objective
    pods: float  # asked for, mean


class Trainer:
    """One seed of a recipe."""

    def __init__(self, recipe: Recipe, seed: int) -> None:
        """Raises ScenarioError where the world of the task has no rule to guide."""
        torch.set_num_threads(1)  # a second one would spin beside the lanes, and save next to nothing
        self.recipe, self.seed = recipe, seed
        self.env = SharedVecEnv(recipe.task, recipe.lanes, recipe.jobs)
        updates = max(1, self.env.lanes.shape.ticks // recipe.rollout)
        n_steps = self.env.lanes.shape.ticks // updates
        self.leg_steps = updates * n_steps * self.env.num_envs
        self.legs = -(-recipe.steps // self.leg_steps)
        self._leg = 0
        follows = ACTION_SETS[recipe.task.actions].follows
        self.model = MaskablePPO(
            GuidedPolicy, self.env, learning_rate=self._rate, n_steps=n_steps, n_epochs=recipe.epochs,
            batch_size=-(-n_steps * self.env.num_envs // recipe.batches), gamma=recipe.gamma, gae_lambda=recipe.gae_lambda,
            ent_coef=recipe.entropy, seed=seed, device="cpu", policy_kwargs={"follows": follows},
        )  # fmt: skip
        self.model.set_logger(Logger(None, []))

    @property
    def done(self) -> int:
        """Legs that are behind."""
        return self._leg

    def leg(self, told: Callable[[int], None] | None = None) -> LegDone:
        """One more; `told` hears of steps as they come."""
        model, watch = self.model, _Watch(told, self._leg * self.leg_steps)
        model.set_random_seed(int(np.random.SeedSequence((self.seed, self._leg)).generate_state(1)[0]))
        model._last_obs = None  # noqa: SLF001  # begin with fresh episodes: SB3 has no other word for it
        model.learn(self.leg_steps, callback=watch, reset_num_timesteps=False, use_masking=True)
        self._leg += 1
        return LegDone(self._leg, self._leg * self.leg_steps, *watch.means())

    def decides(self, seen: NDArray[np.float32], masks: NDArray[np.bool_]) -> NDArray[np.int64]:
        """What the policy would do by now, without trying anything."""
        chosen, _ = self.model.predict(seen, deterministic=True, action_masks=masks)
        return np.asarray(chosen, dtype=np.int64)

    def state(self, note: str) -> bytes:
        """Weights, the optimiser's state and a note: tensors, numbers and text only, which can be read without running anything."""
        kept = io.BytesIO()
        policy = self.model.policy
        torch.save({"leg": self._leg, "note": note, "policy": policy.state_dict(), "optimizer": policy.optimizer.state_dict()}, kept)
        return kept.getvalue()

    def restore(self, state: bytes) -> str:
        """Go on after what was kept; its note. Raises WeightsError."""
        try:
            kept = weights_in(state)
            self.model.policy.load_state_dict(kept["policy"])
            self.model.policy.optimizer.load_state_dict(kept["optimizer"])
            self._leg = int(kept["leg"])
        except UNREADABLE as fault:
            raise no_weights(fault) from None
        self.model.num_timesteps = self._leg * self.leg_steps
        return str(kept["note"])

    def close(self) -> None:
        """End what was begun."""
        self.env.close()

    def _rate(self, _: float) -> float:
        return LEARNING_RATE * (1 - self._leg / self.legs)


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
