"""Where a difference changes its sign along a row, and how far that place is known: from the interval of each cell."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from parley.wording import number


@dataclass(frozen=True)
class Crossing:
    """A place where one alternative gives way to the other.

    Between `low` and `high` the interval of the difference contains zero; None where it still does at the map's edge.
    """

    at: float  # where the mean is zero
    low: float | None
    high: float | None

    @property
    def interval(self) -> str:
        """`0.71 … 0.78`; an end that lies beyond the map is left open."""
        low, high = ("" if end is None else number(end, 3) for end in (self.low, self.high))
        return f"{low} … {high}".strip()


@dataclass(frozen=True)
class _Knot:
    """A value of x with the difference there. `side` is its sign where the interval leaves out zero, else 0."""

    x: float
    mean: float
    half_width: float  # nan: not known

    @property
    def side(self) -> int:
        return 0 if not abs(self.mean) > self.half_width else 1 if self.mean > 0 else -1

    def end(self, side: int) -> float:
        """The interval's end that is nearer to zero on that side."""
        return self.mean - side * self.half_width


def crossings(x: Sequence[float], means: Sequence[float], half_widths: Sequence[float]) -> tuple[Crossing, ...]:
    """From left to right; straight between two cells, of the mean and of both ends of the interval.

    A stretch without a verdict between two cells of the same sign is none. Where the mean is zero several times between two
    verdicts, the middle one is told. Cells without a mean (nan) are passed over.
    """
    knots = [_Knot(*map(float, one)) for one in zip(x, means, half_widths, strict=True) if not math.isnan(one[1])]
    if not knots:
        return ()
    decided = [place for place, knot in enumerate(knots) if knot.side]
    stops = sorted({0, *decided, len(knots) - 1})
    found = []
    for a, b in pairwise(stops):
        if knots[a].mean * knots[b].mean < 0:
            low = _leaves(knots[a], knots[a + 1]) if knots[a].side else None
            high = _leaves(knots[b], knots[b - 1]) if knots[b].side else None
            found.append(Crossing(_zero(knots[a : b + 1]), low, high))
    return tuple(found)


def _leaves(one: _Knot, towards: _Knot) -> float:
    """Where the end of the interval that was beyond zero comes to it."""
    here, there = one.end(one.side), towards.end(one.side)
    return one.x if math.isnan(there) else one.x + (towards.x - one.x) * here / (here - there)


def _zero(knots: Sequence[_Knot]) -> float:
    """The middle one of the places where the mean is zero."""
    places = [knot.x for knot in knots if knot.mean == 0]
    places += [a.x + (b.x - a.x) * a.mean / (a.mean - b.mean) for a, b in pairwise(knots) if a.mean * b.mean < 0]
    return sorted(places)[len(places) // 2]
