"""Figures of an evaluation as people read them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from parley.evaluations.findings import FAILS, HOLDS, UNDECIDED
from parley.wording import NOTHING, number

STYLES = {HOLDS: "blue", FAILS: "red", UNDECIDED: "dim"}
MARKS = {HOLDS: "▲", FAILS: "▼", UNDECIDED: "◇"}

Kept = Sequence[float | None]  # a value and the ends of its interval, as evaluation.json has them


def cost(one: Kept) -> str:
    """`0.857 [0.81, 0.91]`."""
    return _between(one, lambda value: number(value, 3))


def share(one: Kept) -> str:
    """`+5.1 % [+3.9, +6.2]`, of shares that may be negative."""
    value, low, high = one
    if value is None or math.isnan(value):
        return NOTHING
    ends = "" if low is None or high is None else f" [{100 * low:+z.1f}, {100 * high:+z.1f}]"
    return f"{100 * value:+z.1f} %{ends}"


def score(one: Kept) -> str:
    """`0.83 [0.78, 0.87]`."""
    return _between(one, lambda value: f"{value:z.2f}")


def percents(value: float | None, digits: int = 0) -> str:
    """`12 %`, `0.4 %`."""
    return NOTHING if value is None or math.isnan(value) else f"{100 * value:.{digits}f} %"


def judged_in(one: Mapping[str, Any], of: int) -> str:
    """`17 families`; `3 of 17 families` where not all of those that a claim is about were judged."""
    found = len(one["families"])
    return f"{found} of {of} families" if found < of else "1 family" if of == 1 else f"{of} families"


def sure(one: Kept) -> str:
    """The verdict on whether more than nothing is saved, as a sign; nothing where there is no interval."""
    _, low, high = one
    if low is None or high is None:
        return ""
    return MARKS[HOLDS if low > 0 else FAILS if high < 0 else UNDECIDED] if (low, high) != (0, 0) else "="


def _between(one: Kept, written: Callable[[float], str]) -> str:
    value, low, high = one
    if value is None or math.isnan(value):
        return NOTHING
    return written(value) if low is None or high is None else f"{written(value)} [{written(low)}, {written(high)}]"
