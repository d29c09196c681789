"""Figures of a survival as people read them."""

from __future__ import annotations

from collections.abc import Sequence

from parley.survival.findings import KEPT, NARROWER, REFUTED, SAME, UNDECIDED, WIDER
from parley.wording import NOTHING

STYLES = {WIDER: "blue", NARROWER: "red", SAME: "dim", UNDECIDED: "dim", KEPT: "blue", REFUTED: "red"}
MARKS = {WIDER: "▲", NARROWER: "▼", SAME: "=", UNDECIDED: "◇"}

Told = Sequence[float | None]  # a value and the ends of its interval, as survival.json has them


def area(one: Told) -> str:
    """`63 % [60, 66]`, of the plane."""
    value, low, high = one
    if value is None:
        return NOTHING
    return f"{100 * value:.0f} %" if low is None or high is None else f"{100 * value:.0f} % [{100 * low:.0f}, {100 * high:.0f}]"


def wider(one: Told) -> str:
    """`+5.1 [+3.9, +6.2]`, in points of the plane."""
    value, low, high = one
    if value is None:
        return NOTHING
    ends = "" if low is None or high is None else f" [{100 * low:+z.1f}, {100 * high:+z.1f}]"
    return f"{100 * value:+z.1f}{ends}"
