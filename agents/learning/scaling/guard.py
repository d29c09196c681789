"""What no policy may do: leave the rule's bounds, leap, or act on figures that are old."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from agents.learning.scaling.sight import Sight, Sighted

UP, DOWN = 2.0, 0.5  # times the pods asked for, in one decision
STALE_TICKS = 4


@dataclass(frozen=True)
class Guard:
    """Stands between a policy and its levers, in training as in service."""

    least: Any  # pods, or of many sights those of each
    most: Any
    up: float = UP
    down: float = DOWN
    stale_ticks: float = STALE_TICKS

    def passed(self, pods: int, sight: Sight) -> tuple[int, str]:
        """(pods that may be asked for, what was changed and why: nothing where all is well)."""
        if sight.age_ticks > self.stale_ticks:
            return int(self._bounded(sight.proposed)), "stale metrics: the rule decides"
        leap = int(self._within_a_leap(pods, sight))
        held = int(self._bounded(leap))
        if held == pods:
            return pods, ""
        if leap != pods:
            return held, f"{pods} is too far in one step: {held}"
        return held, f"{pods} is out of {self.least}..{self.most}: {held}"

    def held(self, pods: Any, sight: Sighted) -> Any:
        """Of many sights, whose figures are fresh."""
        return self._bounded(self._within_a_leap(pods, sight))

    def _within_a_leap(self, pods: Any, sight: Sighted) -> Any:
        up, down = np.ceil(self.up * sight.asked), np.floor(self.down * sight.asked)  # and as far as the rule itself would go
        return np.minimum(np.maximum(pods, np.minimum(down, sight.proposed)), np.maximum(up, sight.proposed))

    def _bounded(self, pods: Any) -> Any:
        return np.minimum(np.maximum(pods, self.least), self.most)
