"""Episodes that are played to learn what a policy meets, and what it is paid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from agents.learning.judging import Decides, Score, scores
from agents.learning.tasks import Task


class Teacher(Protocol):
    """Whoever is imitated."""

    def decides(self, observations: NDArray[np.float32], masks: NDArray[np.bool_]) -> NDArray[np.int64]:
        """(rows,) actions."""

    def logits(self, observations: NDArray[np.float32]) -> NDArray[np.float32]:
        """(rows, actions)."""


@dataclass(frozen=True)
class Played:
    """What was met, and how it went."""

    observations: NDArray[np.float32]  # (rows, width)
    masks: NDArray[np.bool_]  # (rows, actions)
    scores: tuple[Score, ...]

    @property
    def reward(self) -> float:
        """Of a tick, mean."""
        return float(np.mean([one.reward for one in self.scores]))


def played(task: Task, seeds: Sequence[int], decides: Decides, jobs: int = 1) -> Played:
    """One episode for every seed. Raises ScenarioError."""
    seen, allowed = list[NDArray[np.float32]](), list[NDArray[np.bool_]]()

    def noting(observations: NDArray[np.float32], masks: NDArray[np.bool_]) -> NDArray[np.int64]:
        seen.append(observations.copy())
        allowed.append(masks.copy())
        return decides(observations, masks)

    found = scores(task, seeds, noting, jobs)
    return Played(np.concatenate(seen), np.concatenate(allowed), tuple(found))
