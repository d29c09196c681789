"""Averages over a sliding window of buckets, as Knative's autoscaler takes them (MECHANISMS 2, pkg/autoscaler/aggregation)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

SMOOTHING_LEAST, WEIGHTS_SUM = 0.2, 0.9999
DIGITS = 6  # to which an average is rounded


@dataclass(frozen=True, slots=True)
class Buckets:
    """Values by the bucket of time they fell into; never mutated. Times are ns."""

    window_ns: int
    granularity_ns: int = 1_000_000_000
    values: Mapping[int, float] = field(default_factory=dict)  # sums by number of the bucket since time 0
    first: int | None = None  # the bucket of the first write, since the window was last silent
    last: int | None = None  # and of the latest one

    @property
    def count(self) -> int:
        """Buckets a window has."""
        return -(-self.window_ns // self.granularity_ns)

    def is_empty(self, now_ns: int) -> bool:
        """Whether nothing was written for longer than the window."""
        return self.last is None or (now_ns // self.granularity_ns - self.last) * self.granularity_ns > self.window_ns


def recorded(buckets: Buckets, at_ns: int, value: float) -> Buckets:
    """With one more value, added to what its bucket has; older than the window it is dropped (H10).

    Values may come late. A window of silence starts everything afresh.
    """
    at, last, first = at_ns // buckets.granularity_ns, buckets.last, buckets.first
    values: Mapping[int, float] = buckets.values
    if last is None or (at - last) * buckets.granularity_ns >= buckets.window_ns:
        first, last, values = at, at, {}
    elif at != last:
        if (last - at) * buckets.granularity_ns >= buckets.window_ns:
            return buckets
        first, last = at if first is None else min(first, at), max(last, at)
    kept = {bucket: total for bucket, total in values.items() if bucket > last - buckets.count}
    return replace(buckets, first=first, last=last, values=kept | {at: kept.get(at, 0.0) + value})


def average(buckets: Buckets, now_ns: int) -> float:
    """The mean over the window's buckets; holes count as 0, what lies before the first write or after the last does not (H10)."""
    if buckets.first is None or buckets.last is None:
        return 0.0
    now = now_ns // buckets.granularity_ns
    lag = max(0, now - buckets.last)
    if lag and lag * buckets.granularity_ns >= buckets.window_ns:
        return 0.0
    total = sum(value for bucket, value in buckets.values.items() if bucket > buckets.last + lag - buckets.count)
    return round(total / min(buckets.last - buckets.first + 1, buckets.count - lag), DIGITS)


def smoothing(count: int) -> float:
    """The weight of the newest of so many buckets: all weights sum to 0.9999, unless that would be below 0.2."""
    return float(max(1 - (1 - WEIGHTS_SUM) ** (1 / count), SMOOTHING_LEAST))


def weighted_average(buckets: Buckets, now_ns: int) -> float:
    """Each bucket weighs (1 - smoothing) times the next newer one; holes and silence count as 0 (H10)."""
    if buckets.last is None or buckets.is_empty(now_ns):
        return 0.0
    share = smoothing(buckets.count)
    lag = max(0, now_ns // buckets.granularity_ns - buckets.last)
    return sum(
        buckets.values.get(buckets.last - age, 0.0) * share * (1 - share) ** (age + lag) for age in range(buckets.count - lag)
    )
