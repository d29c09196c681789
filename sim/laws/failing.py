"""Whom a fault strikes."""

from __future__ import annotations

import math

from sim.draws import FAULT, unit
from sim.registry import law


@law
def is_struck(number: int, fraction: float, offset: float) -> bool:
    """F1 Whether pod `number` of a service is among the struck fraction: every 1/fraction-th, from a drawn offset."""
    return math.floor((number + 1 + offset) * fraction) > math.floor((number + offset) * fraction)


@law
def call_fails(key: int, rate: float) -> bool:
    """F2 Whether a call to a failing pod fails, by the try's own key."""
    return unit(key, FAULT, 0) < rate
