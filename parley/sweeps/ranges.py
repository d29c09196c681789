"""Ranges that episodes draw from, as people write them."""

from __future__ import annotations

from agents.learning.tasks import Range
from parley.errors import UsageError
from parley.sweeps.axes import RANGE, range_unit


def range_of(path: str, spec: str) -> Range:
    """`5m..50m` as what an episode draws from. Raises UsageError."""
    match = RANGE.fullmatch(spec)
    if match is None or match[5] is not None:
        raise UsageError(f"varied.{path}: {spec!r} is not a range; write its ends as 0.6..1.4 or 5m..50m")
    return Range(float(match[1]), float(match[3]), range_unit(path, spec, match))
