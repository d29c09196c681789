"""An episode as environments play it: observations of all rows, actions of all, and a reward with its terms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agents.learning.council import Asking
from agents.learning.driving import Drive, to_the_next_question
from agents.learning.observing import Features
from agents.learning.reward import Reward
from agents.learning.tasks import Episode, Task
from scenarios.schema.scenario import Scenario
from scenarios.schema.units import NS_PER_S


class Play:
    """One episode. Rows that are not asked at an instant keep what they saw and have nothing to say."""

    def __init__(self, episode: Episode, engine: str = "fast") -> None:
        """Raises ScenarioError and SimulationError."""
        self.episode = episode
        self.drive = Drive(episode.world, episode.seed, episode.task.seats(episode.world), engine)
        self.rows = self.drive.seats.rows
        self.ticks = 0

    @property
    def horizon(self) -> int:
        """Decisions of an episode, by the task or by how long its world is."""
        world, tick_ns = self.episode.world, self.drive.seats.cadence_ns
        return min(self.episode.task.ticks, -(-world.duration // tick_ns) - first_tick(world, tick_ns))

    def begin(self) -> None:
        """Once the first question is asked."""
        first = self.drive.begin()
        rows, actions = len(self.rows), first.masks.shape[1]
        self.observations = np.zeros((rows, first.observations.shape[1]), dtype=np.float32)
        self.masks = np.ones((rows, actions), dtype=np.bool_)
        self.asked = np.zeros(rows, dtype=np.bool_)
        self._now_ns, self._acted_ns = first.now_ns, np.full(rows, first.now_ns, dtype=np.int64)
        self._see(first)

    def act(self, chosen: NDArray[np.int64] | None) -> None:
        """An action of every row, in the order of `rows`, or none: the world's own rule. Then the mesh has to go on."""
        self._acted_ns[self.asked] = self._now_ns
        self.drive.act(None if chosen is None else np.asarray(chosen)[self.asked])

    def see(self) -> Reward:
        """What came of it; sets what is seen now."""
        step = self.drive.measure()
        self.guarded = step.guarded
        self.ticks += 1
        self._see(step.asking)
        return step.reward

    @property
    def is_over(self) -> bool:
        """At the horizon of the task, or at the end of its world."""
        return self.ticks >= self.episode.task.ticks or not self.drive.council.is_waiting

    @property
    def held_s(self) -> NDArray[np.float32]:
        """(rows,) Since each last acted, or since the first question: how long what it did then has held."""
        return ((self._now_ns - self._acted_ns) / NS_PER_S).astype(np.float32)

    def info(self, reward: Reward) -> dict[str, Any]:
        """What Gymnasium hands on beside the reward."""
        return {"reward_terms": dict(reward.terms), "slo_violation": reward.violated, **reward.facts, "guard": self.guarded}

    def _see(self, asking: Asking) -> None:
        places = [self.rows.index(name) for name in asking.rows]
        self.asked[:] = False
        self.asked[places] = True
        self._now_ns = asking.now_ns
        self.observations[places], self.masks[places] = asking.observations, asking.masks


def first_tick(world: Scenario, tick_ns: int) -> int:
    """Of the ticks at whose beginning somebody is asked: decisions are taken at multiples of a tick, from the end of the warm-up on."""
    return max(1, -(-world.warmup // tick_ns))


@dataclass(frozen=True)
class Shape:
    """What all episodes of a task have in common."""

    rows: tuple[str, ...]
    actions: int
    ticks: int
    features: Features


def shape_of(task: Task) -> Shape:
    """Of a task. Raises ScenarioError where nobody can sit in its world."""
    play = Play(task.drawn(np.random.default_rng(0), {}))
    return Shape(play.rows, len(task.action_set), play.horizon, task.kind.features)


def begun(episode: Episode, engine: str = "fast") -> Play:
    """An episode up to its first question."""
    play = Play(episode, engine)
    to_the_next_question([play.drive])
    play.begin()
    return play


def played(play: Play, chosen: NDArray[np.int64] | None) -> Reward:
    """One step of it."""
    play.act(chosen)
    to_the_next_question([play.drive])
    return play.see()
