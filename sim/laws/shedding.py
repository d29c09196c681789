"""Shedding by priority at the door, as Netflix's services do: the least important first, and ever more of it."""

from __future__ import annotations

import math
from typing import Any

from sim.draws import SHED, unit
from sim.laws.queueing import LEVELS
from sim.registry import law


@law
def look(guard: Any, busy_ns: int, now_ns: int) -> float:
    """Q9 The utilization a door goes by: an exponential mean, of time constant `window`, up to now.

    `busy_ns` is the integral of busy cores or workers up to now, of which there are `guard.capacity`.
    """
    elapsed = now_ns - guard.seen_ns
    if elapsed > 0:
        busy = (busy_ns - guard.seen_busy_ns) / (guard.capacity * elapsed)
        guard.utilization = busy + (guard.utilization - busy) * math.exp(-(elapsed / guard.window_ns))
        guard.seen_ns, guard.seen_busy_ns = now_ns, busy_ns
    return float(guard.utilization)


@law
def shed_share(utilization: float, start: float, full: float, priority: int) -> float:
    """Q9 Which share of a priority's calls is shed: the way from `start` to `full` has one part for each, bulk first."""
    way = LEVELS * (utilization - start) / (full - start)
    return min(1.0, max(0.0, way - (LEVELS - 1 - priority)))


@law
def is_shed(key: int, share: float) -> bool:
    """Q9 Whether a call is shed: by a draw of the try's key."""
    return unit(key, SHED, 0) < share
