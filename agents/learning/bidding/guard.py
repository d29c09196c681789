"""What no policy may do to bids: leap, or bid otherwise than by the truth on figures that are old."""

from __future__ import annotations

from dataclasses import dataclass

LEAP = 2.0  # times the multiple of the last round
STALE_TICKS = 4


@dataclass(frozen=True)
class Guard:
    """Stands between a policy and a party's bids, in training as in service."""

    leap: float = LEAP
    stale_ticks: float = STALE_TICKS

    def passed(self, wanted: float, before: float, age_ticks: float) -> tuple[float, str]:
        """(the multiple that may be bid, what was changed and why: nothing where all is well)."""
        if age_ticks > self.stale_ticks:
            return 1.0, "stale metrics: the truth"
        held = min(max(wanted, before / self.leap), before * self.leap)
        return held, "" if held == wanted else f"x{wanted:g} is too far in one step: x{held:g}"
