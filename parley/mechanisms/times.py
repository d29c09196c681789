"""Times of a case and of an answer, which are seconds, as the nanoseconds of rules."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TypeVar

from scenarios.schema.units import NS_PER_S

Given = TypeVar("Given")


def rising(given: Given, times: Sequence[float]) -> Given:
    """What is given, whose times these are. Raises ValueError where they go back."""
    if any(after < before for before, after in pairwise(times)):
        raise ValueError("goes back in time")
    return given


def ns(seconds: float) -> int:
    """Nanoseconds."""
    return round(seconds * NS_PER_S)


def ns_if_any(seconds: float | None) -> int | None:
    """Nanoseconds; of no time none."""
    return None if seconds is None else ns(seconds)


def seconds_if_any(time_ns: int | None) -> float | None:
    """Seconds; of no time none."""
    return None if time_ns is None else time_ns / NS_PER_S
