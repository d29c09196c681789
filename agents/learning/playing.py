"""An episode as environments play it: observations of all guided services, actions of all, and a reward with its terms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agents.learning.actions import ACTION_SETS
from agents.learning.driving import Drive, to_the_next_question
from agents.learning.guided import Asking
from agents.learning.reward import Reward, reward_of
from agents.learning.tasks import Episode, Task


class Play:
    """One episode. Services that are not asked at an instant keep what they saw and have nothing to say."""

    def __init__(self, episode: Episode, engine: str = "fast") -> None:
        """Raises ScenarioError and SimulationError."""
        self.episode = episode
        self.drive = Drive(episode.world, episode.seed, engine, ACTION_SETS[episode.task.actions])
        self.services = tuple(sorted(self.drive.council.minds))
        self._columns = [list(episode.world.services).index(name) for name in self.services]
        self.ticks = 0

    @property
    def horizon(self) -> int:
        """Decisions of an episode, by the task or by how long its world is."""
        world, tick_ns = self.episode.world, min(mind.cadence_ns for mind in self.drive.council.minds.values())
        return min(self.episode.task.ticks, -(-(world.duration - world.warmup) // tick_ns))

    def begin(self) -> None:
        """Once the first question is asked."""
        first = self.drive.begin()
        rows, actions = len(self.services), len(self.drive.council.actions)
        self.observations = np.zeros((rows, first.observations.shape[1]), dtype=np.float32)
        self.masks = np.ones((rows, actions), dtype=np.bool_)
        self.asked = np.zeros(rows, dtype=np.bool_)
        self._see(first)

    def act(self, chosen: NDArray[np.int64]) -> None:
        """An action of every service, in the order of `services`; then the mesh has to go on."""
        self.drive.act(np.asarray(chosen)[self.asked])

    def see(self) -> Reward:
        """What came of it; sets what is seen now."""
        step = self.drive.measure()
        self.measured, self.guarded = step.measured, step.guarded
        self.ticks += 1
        if step.asking is not None:
            self._see(step.asking)
        return reward_of(step.measured, self.episode.task.weights)

    @property
    def is_over(self) -> bool:
        """At the horizon of the task, or at the end of its world."""
        return self.ticks >= self.episode.task.ticks or not self.drive.council.is_waiting

    def info(self, reward: Reward) -> dict[str, Any]:
        """What Gymnasium hands on beside the reward."""
        tick = self.measured
        return {
            "reward_terms": reward.terms, "slo_violation": reward.violated, "cost": int(tick.pods.sum()), "churn": int(tick.moved.sum()),
            "dropped": int(tick.failed.sum()), "offered": int(tick.offered.sum()), "guard": self.guarded,
        }  # fmt: skip

    def own_rewards(self, reward: Reward) -> NDArray[np.float64]:
        """(services,) that sum to the reward of all."""
        own: NDArray[np.float64] = reward.shares[self._columns]
        return own

    def _see(self, asking: Asking) -> None:
        places = [self.services.index(name) for name in asking.services]
        self.asked[:] = False
        self.asked[places] = True
        self.observations[places], self.masks[places] = asking.observations, asking.masks


@dataclass(frozen=True)
class Shape:
    """What all episodes of a task have in common."""

    services: tuple[str, ...]
    actions: int
    ticks: int


def shape_of(task: Task) -> Shape:
    """Of a task. Raises ScenarioError where its world has no rule to guide."""
    play = Play(task.drawn(np.random.default_rng(0), {}))
    return Shape(play.services, len(play.drive.council.actions), play.horizon)


def begun(episode: Episode, engine: str = "fast") -> Play:
    """An episode up to its first question."""
    play = Play(episode, engine)
    to_the_next_question([play.drive])
    play.begin()
    return play


def played(play: Play, chosen: NDArray[np.int64]) -> Reward:
    """One step of it."""
    play.act(chosen)
    to_the_next_question([play.drive])
    return play.see()
