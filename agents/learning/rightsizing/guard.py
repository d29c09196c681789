"""What no policy may do to the size of pods: leave the VPA's bounds, leap, or act on figures that are old."""

from __future__ import annotations

from dataclasses import dataclass

from agents.learning.rightsizing.sight import Sight

UP, DOWN = 2.0, 0.5  # times what pods request, in one decision
STALE_TICKS = 4


@dataclass(frozen=True)
class Guard:
    """Stands between a policy and its levers, in training as in service; all in milli-cores."""

    least: int
    most: int
    up: float = UP
    down: float = DOWN
    stale_ticks: float = STALE_TICKS

    def passed(self, wanted: int, sight: Sight) -> tuple[int, str]:
        """(what pods may be asked to request, what was changed and why: nothing where all is well)."""
        if sight.age_ticks > self.stale_ticks:
            return self._bounded(sight.target), "stale metrics: the VPA decides"
        leap = min(max(wanted, round(self.down * sight.request)), max(round(self.up * sight.request), sight.target))
        held = self._bounded(leap)
        if held == wanted:
            return wanted, ""
        if leap != wanted:
            return held, f"{wanted}m is too far in one step: {held}m"
        return held, f"{wanted}m is out of {self.least}m..{self.most}m: {held}m"

    def _bounded(self, millicores: int) -> int:
        return min(max(millicores, self.least), self.most)
