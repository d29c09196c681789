"""Where an outcome crosses a level: row by row, seed by seed, with intervals, and how far that is from a theory."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from parley.statistics.intervals import Estimate, estimate

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Frontier:
    """Of each row of a map: where along x the outcome first crosses the level, over the seeds; None where it never does."""

    rows: tuple[Estimate | None, ...]
    missing: tuple[int, ...]  # seeds of each row that do not cross within the map

    def distances(self, theory: Sequence[float], step: float) -> list[float]:
        """How far each row's frontier is from a theory's, in cells; nan where either has none."""
        return [math.nan if row is None else (row.mean - there) / step for row, there in zip(self.rows, theory, strict=True)]


def crossing(x: Sequence[float], values: Sequence[float], level: float) -> float:
    """Where values first come to the other side of a level than the first of them is, straight between two; nan if they never do.

    A value that is missing (nan) counts as the one before it.
    """
    before = values[0]
    for place in range(1, len(values)):
        value = values[place] if not math.isnan(values[place]) else before
        if (before >= level) != (value >= level) and not math.isnan(before):
            return x[place - 1] + (x[place] - x[place - 1]) * (level - before) / (value - before)
        before = value
    return math.nan


def frontier(x: Sequence[float], outcomes: Floats, level: float) -> Frontier:
    """Of outcomes (rows, columns, seeds). A row has one where most seeds cross."""
    rows: list[Estimate | None] = []
    missing = []
    for row in outcomes:
        found = [crossing(x, list(row[:, seed]), level) for seed in range(row.shape[1])]
        there = [one for one in found if not math.isnan(one)]
        missing.append(len(found) - len(there))
        rows.append(estimate(there) if 2 * len(there) > len(found) else None)
    return Frontier(tuple(rows), tuple(missing))


def no_frontier(outcomes: Floats) -> Frontier:
    """Of outcomes (rows, columns, seeds) that nobody compares with a level."""
    rows, _, seeds = outcomes.shape
    return Frontier((None,) * rows, (seeds,) * rows)


def along(points: Sequence[tuple[float, float]], at: Sequence[float]) -> list[float]:
    """x of a line through (x, y) points at some y, straight in the logarithm of y where all are positive; nan outside of it."""
    ordered = sorted(points, key=lambda point: point[1])
    xs, ys = (np.array([point[i] for point in ordered]) for i in (0, 1))
    scale = np.log if (ys > 0).all() and min(at) > 0 else np.asarray
    found = np.interp(scale(np.asarray(at, dtype=float)), scale(ys), xs, left=math.nan, right=math.nan)
    return [float(one) for one in found]
