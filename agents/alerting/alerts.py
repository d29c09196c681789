"""An alert as somebody's mind: it keeps the counts it was shown, and says when it begins and ceases to fire."""

from __future__ import annotations

from agents.alerting.burn_rate import SHORT, Burning, BurnWindow, Counted, burning, kept
from scenarios.schema.alerting import BurnRateAlert
from scenarios.schema.units import NS_PER_S, format_duration
from sim.platform.metrics import RequestCounts


class BurnRateMind:
    """One alert on one class of requests."""

    mind = "burn_rate"

    def __init__(self, name: str, described: BurnRateAlert, objective: float) -> None:
        self.name, self.workload, self.cadence_ns = name, described.workload, described.interval
        self._objective, self._period_ns, self._sli = objective, described.period, described.sli
        self._windows = [BurnWindow(one.long_window, one.short_window or one.long_window // SHORT, one.budget, one.severity)
                         for one in described.windows]  # fmt: skip
        self.counts: tuple[Counted, ...] = (Counted(0, 0, 0),)
        self.is_firing = False

    def look(self, seen: RequestCounts | None) -> str | None:
        """What is to be told, where something has changed."""
        if seen is None or seen.at_ns == self.counts[-1].at_ns:
            return None
        over = seen.succeeded + seen.failed
        bad = seen.failed if self._sli == "availability" else over - seen.good
        longest_ns = max(window.long_ns for window in self._windows)
        self.counts = kept((*self.counts, Counted(seen.at_ns, bad, over)), longest_ns)
        found = burning(self._objective, self._period_ns, self._windows, self.counts)
        firing = [one for one in found if one.is_firing]
        if bool(firing) == self.is_firing:
            return None
        self.is_firing = bool(firing)
        return _told(firing[0]) if firing else "resolved: no window is above its threshold in both lengths"


def _told(one: Burning) -> str:
    long, short = (format_duration(length) if length % NS_PER_S == 0 else f"{length / NS_PER_S:g}s"
                   for length in (one.window.long_ns, one.window.short_ns))  # fmt: skip
    return (f"{one.window.severity}: {one.long_ratio or 0:.3%} bad in {long} and {one.short_ratio or 0:.3%} in {short}, "
            f"above {one.threshold:.3%} (burn rate {one.factor:g})")  # fmt: skip
