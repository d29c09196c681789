"""Whom a policy is compared with: rules as they are run, something naive, something silly, and who knows the truth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim.draws import family_key

if TYPE_CHECKING:
    from agents.learning.playing import Play

Decider = Callable[[], NDArray[np.int64]]  # an action of every row of its episode, whenever some are asked


class Standing(IntEnum):
    """Who is to be paid more than whom: the mean of an episode of each comes in this order, or the world or the reward is wrong."""

    SILLY = 0
    NAIVE = 1
    GOOD = 2
    ORACLE = 3


@dataclass(frozen=True)
class Baseline:
    """A rule of the world itself, as the scenario spells it, or somebody who chooses actions."""

    says: str
    standing: Standing
    changes: tuple[str, ...] = ()  # of the scenario, as `--set` says them
    seated: Callable[[Play], Decider] | None = None  # for one episode, before it begins; None: the world's own rule decides


def always(action: int) -> Callable[[Play], Decider]:
    """The same in every row at any time."""
    return _Always(action)


def anything(play: Play) -> Decider:
    """Any action that may be chosen, in every row at any time; the same ones in the same episode."""
    random = np.random.default_rng(family_key(play.episode.seed, "agent", "anything"))
    return lambda: np.array([random.choice(np.flatnonzero(mask)) for mask in play.masks], dtype=np.int64)


@dataclass(frozen=True)
class _Always:
    action: int

    def __call__(self, play: Play) -> Decider:
        return lambda: np.full(len(play.rows), self.action, dtype=np.int64)
