"""When requests come: the cumulative rate is inverted, so that a changed policy never reshuffles the traffic."""

from __future__ import annotations

import math
from typing import Any

from sim.draws import unit
from sim.laws.service import to_ns
from sim.registry import law


@law
def gap_area(key: int, stream: int, poisson: bool) -> float:
    """A1 Area under the rate until the next request: exponential with mean 1 (Poisson), or exactly 1 (constant)."""
    if poisson:
        return -math.log(1.0 - unit(key, stream, 0))
    return 1.0


@law
def time_for_area(rate: float, slope: float, area: float) -> float:
    """A2 Seconds t with rate t + slope t^2 / 2 = area, in the form that loses no digits; there is such a t.

    Where the area is used up just as the rate falls to 0, rounding may leave the root a hair below 0: it is 0.
    """
    if slope == 0.0 and rate > 0.0:
        return area / rate
    below = rate + math.sqrt(max(0.0, rate * rate + 2.0 * slope * area))
    return 2.0 * area / below if below > 0.0 else 0.0


@law
def next_arrival(segments: Any, index: int, last: int, used: float, area: float) -> tuple[int, int, float]:
    """A3 (segment, time in ns, area used in it) once `area` more has passed; time -1 when the segments end before.

    `segments[index .. last]` are straight pieces of the rate in order of time, of the first of which `used` has passed.
    Times are found from the beginning of a piece, so that roundings do not add up; only differences pass through floats.
    """
    area += used
    while index <= last:
        piece = segments[index]
        length = (piece.end_ns - piece.start_ns) * 1e-9
        whole = length * 0.5 * (piece.rate_start + piece.rate_end)
        if area <= whole:
            slope = (piece.rate_end - piece.rate_start) / length
            seconds = time_for_area(piece.rate_start, slope, area)
            return index, min(piece.start_ns + int(seconds * 1e9 + 0.5), piece.end_ns), area
        area -= whole
        index += 1
    return index, -1, 0.0


@law
def user_appears_ns(user: int, spawn: float) -> int:
    """A4 When a closed user first begins to think: one after the other at `spawn` per second, or all at once."""
    return to_ns(user / spawn * 1e9) if spawn > 0.0 else 0
