"""One panel of a map minus another, cell by cell: paired by seed, with a verdict wherever the interval leaves out zero."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from parley.maps.frontiers import Floats
from parley.maps.zero_crossings import Crossing, crossings
from parley.statistics.intervals import difference

MORE, LESS, UNDECIDED, SAME, MISSING = "more", "less", "undecided", "the same", "missing"
SIGNS = {MORE: "▲", LESS: "▼", UNDECIDED: "◇", SAME: "□", MISSING: "×"}


@dataclass(frozen=True)
class DifferencePlane:
    """How much more one alternative has than another under the same seeds. Cells are (y, x)."""

    name: str
    of: str
    minus: str
    mean: Floats  # nan where no seed has the figure on both sides
    half_width: Floats  # of 95 %; nan where fewer than two seeds have it
    pairs: NDArray[np.int64]  # seeds that have it
    rows: tuple[tuple[Crossing, ...], ...]  # of each row, where the sign changes
    theory: tuple[float, ...] | None = None  # x of each row, nan where it says nothing
    distances: tuple[float, ...] | None = None  # in cells, of the crossing that is nearest to it

    @property
    def low(self) -> Floats:
        """Lower ends of the intervals."""
        return self.mean - self.half_width

    @property
    def high(self) -> Floats:
        """Upper ends."""
        return self.mean + self.half_width

    @property
    def verdicts(self) -> NDArray[np.str_]:
        """MORE or LESS where the interval leaves out zero; SAME where no seed differs; else UNDECIDED, or MISSING."""
        is_same = (self.mean == 0) & (self.half_width == 0)
        chosen = [np.isnan(self.mean), is_same, self.low > 0, self.high < 0]
        return np.select(chosen, [MISSING, SAME, MORE, LESS], UNDECIDED)

    def counted(self) -> dict[str, int]:
        """How many cells have each verdict, in the order above."""
        return {word: int((self.verdicts == word).sum()) for word in (MORE, LESS, UNDECIDED, SAME, MISSING)}

    def as_json(self) -> dict[str, Any]:
        """As written to map.json."""
        rows = [[{"x": one.at, "low": one.low, "high": one.high} for one in row] for row in self.rows]
        told = {"of": self.of, "minus": self.minus, "mean": self.mean.tolist(), "half_width": self.half_width.tolist(),
                "pairs": self.pairs.tolist(), "verdicts": self.verdicts.tolist(), "crossings": rows}  # fmt: skip
        return told if self.theory is None else told | {"theory": self.theory, "cells_off": self.distances}


def subtracted(name: str, x: list[float], one: tuple[str, Floats], other: tuple[str, Floats],
               theory: list[float] | None = None) -> DifferencePlane:  # fmt: skip
    """Outcomes (y, x, seeds) of one panel, by its name, minus those of another under the same seeds."""
    (of, mine), (minus, theirs) = one, other
    shape = mine.shape[:2]
    mean, half_width, pairs = np.full(shape, math.nan), np.full(shape, math.nan), np.zeros(shape, dtype=np.int64)
    for cell in np.ndindex(shape):
        both = np.isfinite(mine[cell]) & np.isfinite(theirs[cell])
        pairs[cell] = both.sum()
        if pairs[cell]:
            found = difference(list(theirs[cell][both]), list(mine[cell][both]), same_seeds=True)
            mean[cell], half_width[cell] = found.difference, found.half_width
    rows = tuple(crossings(x, *row) for row in zip(mean, half_width, strict=True))
    if theory is None:
        return DifferencePlane(name, of, minus, mean, half_width, pairs, rows)
    step = (x[-1] - x[0]) / max(1, len(x) - 1)
    off = tuple(_nearest(row, there, step) for row, there in zip(rows, theory, strict=True))
    return DifferencePlane(name, of, minus, mean, half_width, pairs, rows, tuple(theory), off)


def _nearest(row: tuple[Crossing, ...], theory: float, step: float) -> float:
    """How many cells the nearest crossing is from theory; nan where either is missing."""
    return min(((one.at - theory) / step for one in row), key=abs, default=math.nan)
