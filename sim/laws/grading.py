"""How good an answer is where some are poorer than others, in parts per million: whole numbers, alike in both engines."""

from __future__ import annotations

from typing import Any

from sim.laws.retrying import OK
from sim.registry import law

FULL = 1_000_000  # nothing was replaced


@law
def parts(share: float) -> int:
    """E1 A share in whole parts per million."""
    return int(share * FULL + 0.5)


@law
def graded(quality: int, by: int) -> int:
    """E2 The quality of what is made of two things: the product, rounded to the nearest part, halves up."""
    return (quality * by + FULL // 2) // FULL


@law
def count_quality(tally: Any, outcome: int, quality: int) -> None:
    """E3 A request is over: the quality of its answer, if it has one."""
    if outcome == OK:
        tally.quality_ppm += quality
