"""Many episodes beside each other, each as it would be alone: meshes go on in one compiled call between two acts of control."""

from __future__ import annotations

import gc
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agents.learning.driving import to_the_next_question
from agents.learning.playing import Play, Shape, shape_of
from agents.learning.tasks import Task


@dataclass(frozen=True)
class LanesStep:
    """One step of all lanes. Where an episode ended, `observations` are of the next one if there is one, and `last` has how it ended."""

    observations: NDArray[np.float32]  # (lanes, rows, features)
    rewards: NDArray[np.float64]  # (lanes,)
    own: NDArray[np.float64]  # (lanes, rows) that sum to them
    ended: NDArray[np.bool_]  # (lanes,)
    last: dict[int, NDArray[np.float32]]  # by lane: (rows, features)
    infos: list[dict[str, Any]]


class Lanes:
    """Episodes of one task. Lane i, seeded with s, is what an environment of its own would be that was reset with s."""

    def __init__(self, task: Task, lanes: int) -> None:
        self.task = task
        self._random = [np.random.default_rng() for _ in range(lanes)]
        self._once = False
        self.plays: list[Play] = []

    @cached_property
    def shape(self) -> Shape:
        """What all episodes have in common. Raises ScenarioError where nobody can sit in the world of the task."""
        return shape_of(self.task)

    def __len__(self) -> int:
        return len(self._random)

    def reset(self, seeds: Sequence[int | None], options: Mapping[str, Any] | None = None, task: Task | None = None,
              once: bool = False) -> NDArray[np.float32]:  # fmt: skip
        """New episodes in all lanes, drawn from their seeds; a lane without one goes on with its own. (lanes, rows, features).

        From now on of another task, where one is given; it has the same shape. `once`: when all of them are over, no others follow.
        Raises ScenarioError where nobody can sit in the world of the task.
        """
        self.task, self._once = task or self.task, once
        self._let_go()
        self._random = [mine if seed is None else np.random.default_rng(seed) for mine, seed in zip(self._random, seeds, strict=True)]
        self.plays = [self._begun(lane, options or {}) for lane in range(len(self))]
        _go_on(self.plays)
        for play in self.plays:
            play.begin()
        return self.observations

    def step(self, chosen: NDArray[np.int64]) -> LanesStep:
        """An action (lanes, rows) of every row; an episode that ends is followed by another one at once."""
        for play, actions in zip(self.plays, chosen, strict=True):
            play.act(actions)
        _go_on(self.plays)
        rewards = [play.see() for play in self.plays]
        own = np.stack([reward.shares for reward in rewards])
        infos = [play.info(reward) for play, reward in zip(self.plays, rewards, strict=True)]
        ended = np.array([play.is_over for play in self.plays])
        last = {int(lane): self.plays[lane].observations.copy() for lane in np.flatnonzero(ended)}
        if last and not (self._once and ended.all()):
            for lane in last:
                self.plays[lane] = self._begun(lane, {})
            _LITTER.more()
            _go_on([self.plays[lane] for lane in last])
            for lane in last:
                self.plays[lane].begin()
        return LanesStep(self.observations, np.array([reward.total for reward in rewards]), own, ended, last, infos)

    @property
    def observations(self) -> NDArray[np.float32]:
        """(lanes, rows, features) as they are."""
        return np.stack([play.observations for play in self.plays])

    @property
    def masks(self) -> NDArray[np.bool_]:
        """(lanes, rows, actions) that may be chosen."""
        return np.stack([play.masks for play in self.plays])

    def close(self) -> None:
        """Let go of the meshes."""
        self._let_go()

    def _let_go(self) -> None:
        if self.plays:
            self.plays = []
            _LITTER.more()

    def _begun(self, lane: int, options: Mapping[str, Any]) -> Play:
        return Play(self.task.drawn(self._random[lane], options))


def seeds_of(seed: int | Sequence[int | None] | None, lanes: int) -> list[int | None]:
    """Of each lane: from one on, as listed, or none."""
    if seed is None:
        return [None] * lanes
    return [seed + lane for lane in range(lanes)] if isinstance(seed, int) else list(seed)


class _Litter:
    """Meshes that are over: circles of megabytes, which too few objects hold for Python to look for them by itself.

    To look costs as much as there is in memory, libraries included, and is done for a tenth of the time at most.
    """

    SHARE = 0.1

    def __init__(self) -> None:
        self._due_s = 0.0

    def more(self) -> None:
        """There may be some."""
        began_s = time.monotonic()
        if began_s >= self._due_s:
            gc.collect()
            self._due_s = time.monotonic() + (time.monotonic() - began_s) / self.SHARE


_LITTER = _Litter()  # of this process, as its memory is


def _go_on(plays: Sequence[Play]) -> None:
    to_the_next_question([play.drive for play in plays])
