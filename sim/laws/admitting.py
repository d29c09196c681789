"""A caller's proxy that turns calls away once too few succeed: Envoy's admission control."""

from __future__ import annotations

import math

from sim.draws import ADMIT, unit
from sim.laws.retrying import LIMITED, OK
from sim.registry import law

BUCKET_NS = 1_000_000_000  # of the sampling window
ACCURACY = 10_000  # a draw is one of so many


@law
def denial_probability(requests: int, successes: int, threshold: float, aggression: float, most: float) -> float:
    """W10 ((n - ok/threshold) / (n + 1)) ^ (1/aggression), within 0 and the most there may be."""
    excess = (requests - successes / threshold) / (requests + 1)
    if excess <= 0.0:
        return 0.0
    return min(most, excess if aggression == 1.0 else math.exp(math.log(excess) / aggression))


@law
def is_denied(key: int, probability: float) -> bool:
    """W10 Whether a call is turned away, by the key of its first try, to one in 10,000."""
    return ACCURACY * probability > int(ACCURACY * unit(key, ADMIT, 0))


@law
def is_busy_enough(requests: int, seconds: int, threshold: float) -> bool:
    """W10 Whether there are enough requests a second, cut off, for anything to be turned away."""
    return requests // max(1, seconds) >= threshold


@law
def is_admitted_success(outcome: int) -> bool:
    """W10 Whether a call's end is a success: any status below 500."""
    return outcome in (OK, LIMITED)
