"""Whom a fault strikes."""

from __future__ import annotations

import math

from sim.draws import FAULT, unit
from sim.registry import law


@law
def is_struck(number: int, fraction: float, offset: float) -> bool:
    """F1 Whether pod `number` of a service is among the struck fraction: every 1/fraction-th, from an offset in [0, 1).

    Systematic sampling: of any n pods in a row, floor or ceil of n x fraction are struck, each with that probability.
    """
    return math.floor((number + 1) * fraction + offset) > math.floor(number * fraction + offset)


@law
def call_fails(key: int, rate: float) -> bool:
    """F2 Whether a call to a failing pod fails, by the try's own key."""
    return unit(key, FAULT, 0) < rate
