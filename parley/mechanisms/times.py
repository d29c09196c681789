"""Times of a case and of an answer, which are seconds, as the nanoseconds of rules."""

from __future__ import annotations

from scenarios.schema.units import NS_PER_S


def ns(seconds: float) -> int:
    """Nanoseconds."""
    return round(seconds * NS_PER_S)


def ns_if_any(seconds: float | None) -> int | None:
    """Nanoseconds; of no time none."""
    return None if seconds is None else ns(seconds)


def seconds_if_any(time_ns: int | None) -> float | None:
    """Seconds; of no time none."""
    return None if time_ns is None else time_ns / NS_PER_S
