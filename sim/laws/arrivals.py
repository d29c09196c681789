"""When requests come: the cumulative rate is inverted, so that a changed policy never reshuffles the traffic."""

from __future__ import annotations

import math
from typing import Any

from sim.draws import unit
from sim.registry import law


@law
def gap_area(key: int, stream: int, poisson: bool) -> float:
    """A1 Area under the rate until the next request: exponential with mean 1 (Poisson), or exactly 1 (constant)."""
    if poisson:
        return -math.log1p(-unit(key, stream, 0))
    return 1.0


@law
def time_for_area(rate: float, slope: float, area: float) -> float:
    """A2 Seconds t with rate t + slope t^2 / 2 = area, in the form that loses no digits; there is such a t.

    Where the area is used up just as the rate falls to 0, rounding may leave the root a hair below 0: it is 0.
    """
    below = rate + math.sqrt(max(0.0, rate * rate + 2.0 * slope * area))
    return 2.0 * area / below if below > 0.0 else 0.0


@law
def next_arrival(segments: Any, index: int, last: int, now_ns: int, area: float) -> tuple[int, int]:
    """A3 (segment, time in ns) at which `area` has passed since now; time -1 when the segments end before.

    `segments[index .. last]` are straight pieces of the rate in order of time; now lies in or before segments[index].
    Only differences of time pass through floats.
    """
    while index <= last:
        piece = segments[index]
        begin = max(now_ns, piece.start_ns)
        length = (piece.end_ns - piece.start_ns) * 1e-9
        left = (piece.end_ns - begin) * 1e-9
        if left > 0.0:
            slope = (piece.rate_end - piece.rate_start) / length
            rate = piece.rate_start + slope * ((begin - piece.start_ns) * 1e-9)
            inside = left * (rate + 0.5 * slope * left)
            if area <= inside:
                return index, min(begin + int(time_for_area(rate, slope, area) * 1e9 + 0.5), piece.end_ns)
            area -= inside
            now_ns = piece.end_ns
        index += 1
    return index, -1


@law
def user_appears_ns(user: int, spawn: float) -> int:
    """A4 When a closed user first begins to think: one after the other at `spawn` per second, or all at once."""
    return int(user / spawn * 1e9 + 0.5) if spawn > 0.0 else 0
