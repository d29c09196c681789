"""Multi-window, multi-burn-rate alerts on an error budget (MECHANISMS 16; Google's SRE Workbook, chapter 5).

Counters are cumulative, as a scrape has them; a ratio is of sums over a window, not a mean of ratios. Times are integer ns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

SHORT = 12  # the short window is the long one through this


@dataclass(frozen=True, slots=True)
class Counted:
    """Requests that were over at a time, and how many of them were bad."""

    at_ns: int
    bad: int
    total: int


@dataclass(frozen=True, slots=True)
class BurnWindow:
    """Fire when this share of the period's budget would go within the long window, and the short one agrees that it still does."""

    long_ns: int
    short_ns: int
    budget: float  # share of the period's budget
    severity: str


@dataclass(frozen=True, slots=True)
class Burning:
    """What one window came to."""

    window: BurnWindow
    factor: float  # times as fast as would use the budget up in the period
    threshold: float  # error ratio
    long_ratio: float | None  # None where no request was over
    short_ratio: float | None

    @property
    def is_firing(self) -> bool:
        """Whether both windows are above the threshold."""
        return None not in (self.long_ratio, self.short_ratio) and min(self.long_ratio or 0.0, self.short_ratio or 0.0) > self.threshold


def factor(budget: float, period_ns: int, long_ns: int) -> float:
    """The burn rate at which so much of the period's budget goes in the long window: 2 % of 30 days in an hour is 14.4 (H24)."""
    return budget * period_ns / long_ns


def error_ratio(counts: Sequence[Counted], window_ns: int) -> float | None:
    """Bad over all requests that were over in the window that ends with the newest count; of what there is, where it is shorter (H24)."""
    newest = counts[-1]
    since = max((one for one in counts if one.at_ns <= newest.at_ns - window_ns), key=lambda one: one.at_ns, default=counts[0])
    total = newest.total - since.total
    return (newest.bad - since.bad) / total if total else None


def burning(objective: float, period_ns: int, windows: Sequence[BurnWindow], counts: Sequence[Counted]) -> list[Burning]:
    """Each window's verdict on cumulative counts, oldest first (H24)."""
    found = []
    for window in windows:
        times = factor(window.budget, period_ns, window.long_ns)
        found.append(Burning(window, times, (1 - objective) * times, error_ratio(counts, window.long_ns),
                             error_ratio(counts, window.short_ns)))  # fmt: skip
    return found


def kept(counts: Sequence[Counted], longest_ns: int) -> tuple[Counted, ...]:
    """The counts that a window so long still needs: one may be older."""
    cut_ns = counts[-1].at_ns - longest_ns
    older = sum(one.at_ns <= cut_ns for one in counts)
    return tuple(counts[max(0, older - 1) :])
