"""What no policy may do: leave the rule's bounds, leap, or act on figures that are old."""

from __future__ import annotations

import math
from dataclasses import dataclass

from agents.learning.scaling.sight import Sight

UP, DOWN = 2.0, 0.5  # times the pods asked for, in one decision
STALE_TICKS = 4


@dataclass(frozen=True)
class Guard:
    """Stands between a policy and its levers, in training as in service."""

    least: int
    most: int
    up: float = UP
    down: float = DOWN
    stale_ticks: float = STALE_TICKS

    def passed(self, pods: int, sight: Sight) -> tuple[int, str]:
        """(pods that may be asked for, what was changed and why: nothing where all is well)."""
        if sight.age_ticks > self.stale_ticks:
            return self._bounded(sight.proposed), "stale metrics: the rule decides"
        leap = min(max(pods, math.floor(self.down * sight.asked)), max(math.ceil(self.up * sight.asked), sight.proposed))
        held = self._bounded(leap)
        if held == pods:
            return pods, ""
        if leap != pods:
            return held, f"{pods} is too far in one step: {held}"
        return held, f"{pods} is out of {self.least}..{self.most}: {held}"

    def _bounded(self, pods: int) -> int:
        return min(max(pods, self.least), self.most)
