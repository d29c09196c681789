"""A client that holds back what its backend would refuse: adaptive throttling (Google, Site Reliability Engineering, ch. 21)."""

from __future__ import annotations

from sim.draws import THROTTLE, unit
from sim.laws.retrying import FAILED, OK
from sim.registry import law

STRETCHES = 60  # parts of a throttle's window


@law
def rejection_probability(requests: int, accepts: int, k: float) -> float:
    """W2 max(0, (requests - K accepts) / (requests + 1)): refusals of the client's own count as requests."""
    return max(0.0, (requests - k * accepts) / (requests + 1))


@law
def is_throttled(key: int, probability: float) -> bool:
    """W2 Whether a try is held back, by its own key."""
    return unit(key, THROTTLE, 0) < probability


@law
def is_accepted(outcome: int) -> bool:
    """W2 Whether the backend took a try on: it answered, well or not. To be turned away, or to wait in vain, is neither."""
    return outcome in (OK, FAILED)


@law
def stretch_of(now_ns: int, window_ns: int) -> int:
    """W2 The part of its window a throttle is in: a window has 60."""
    return now_ns // max(1, window_ns // STRETCHES)
