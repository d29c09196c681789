"""When two runs differ by more than one of them changes by itself, from window to window."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
WITHIN = 0.99  # of the steps from one window to the next


def width(was: Array, floor: float = 0.0) -> float:
    """What WITHIN of the steps from window to window keep within, at least `floor`; windows without a figure do not count."""
    steps = np.abs(np.diff(was[np.isfinite(was)]))
    return max(floor, float(np.quantile(steps, WITHIN)) if len(steps) else 0.0)


def outside(was: Array, now: Array, floor: float = 0.0, running: int = 2) -> Flags:
    """Where `now` is further from `was` than the band is wide, for so many windows running.

    Shorter departures count only where `was` hardly ever moves, for of two unlike runs one window in a hundred is outside by chance.
    """
    band = width(was, floor)
    beyond: Flags = np.nan_to_num(np.abs(now - was), nan=0.0) > band
    if band <= floor or running <= 1:
        return beyond
    edges = np.flatnonzero(np.diff(beyond.astype(np.int8), prepend=0, append=0))
    lasting = np.zeros(len(beyond), dtype=np.bool_)
    for first, end in zip(edges[::2], edges[1::2], strict=True):
        lasting[first:end] = end - first >= running
    return lasting


def logarithms(values: Array) -> Array:
    """Of positive figures, so that a band is one of ratios; nan elsewhere."""
    found: Array = np.full(len(values), np.nan)
    np.log(values, out=found, where=values > 0)
    return found
