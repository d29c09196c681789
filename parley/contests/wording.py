"""Figures of a contest as people read them, on the terminal and on its page."""

from __future__ import annotations

import math

from parley.contests.files import Told
from parley.contests.standings import BETTER, SAME, UNDECIDED, WORSE, Standing
from parley.statistics.intervals import ROUNDING, Difference, Estimate
from parley.wording import NOTHING, number, signed

MARKS = {BETTER: "▲", WORSE: "▼", UNDECIDED: "◇", SAME: "="}
WIDTH_DIGITS = 2  # of a half-width


def written(told: Told, value: float) -> str:
    """`12.3 %`, `8.37`; a dash where there is none."""
    if math.isnan(value):
        return NOTHING
    if told.shown == "number":
        return number(value)
    return f"{100 * value:z.1f} %" if told.shown == "percent" else f"{value:z.3f}"


def mark(one: Standing) -> str:
    """The verdict as a sign behind a figure; nothing where there is none."""
    return f" {MARKS[one.verdict]}" if one.verdict is not None else ""


def apart(told: Told, one: Standing) -> str:
    """`-7.4 ± 0.4 better`: the difference from the baseline, of shares in points; nothing of the baseline itself."""
    return "" if one.against is None else f"{difference_text(told, one.against)} {one.verdict or ''}".rstrip()


def difference_text(told: Told, one: Difference) -> str:
    """`-7.4 ± 0.4`, of shares in points."""
    if told.shown == "number":
        return f"{signed(one.difference)} ± {width(one.difference, one.half_width)}"
    return points(one) if told.shown == "percent" else f"{one.difference:+z.3f} ± {one.half_width:z.3f}"


def points(one: Difference) -> str:
    """`+1.20 ± 0.31` percentage points."""
    return f"{100 * one.difference:+z.2f} ± {100 * one.half_width:z.2f}"


def share(one: Estimate) -> str:
    """`8.1 ± 0.4 %`."""
    return NOTHING if math.isnan(one.mean) else f"{100 * one.mean:z.1f} ± {100 * one.half_width:z.1f} %"


def mean_text(told: Told, one: Estimate) -> str:
    """`12.3 ± 0.4 %`, `8.37 ± 0.02`."""
    if math.isnan(one.mean):
        return NOTHING
    if told.shown == "number":
        return f"{number(one.mean)} ± {width(one.mean, one.half_width)}"
    if told.shown == "percent":
        return f"{100 * one.mean:z.2f} ± {100 * one.half_width:z.2f} %"
    return f"{one.mean:z.3f} ± {one.half_width:z.3f}"


def width(mean: float, half_width: float) -> str:
    """A half-width; 0 where it comes from adding in floating point."""
    return number(0.0 if half_width <= ROUNDING * abs(mean) else half_width, WIDTH_DIGITS)
