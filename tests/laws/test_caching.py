"""S3 and S8: how long a value may be used, and how long it may stand in."""

from __future__ import annotations

import pytest

from sim.laws.caching import is_fresh, stands_in


@pytest.mark.parametrize(
    ("filled", "ttl", "now", "fresh"),
    [(0, 10, 0, True), (0, 10, 9, True), (0, 10, 10, False), (5, 10, 14, True), (5, 10, 15, False), (5, 0, 10**18, True)],
)
def test_is_fresh(filled, ttl, now, fresh):
    """S3: up to the end of its time to live, there no longer; without one for ever."""
    assert is_fresh(filled, ttl, now) == fresh


@pytest.mark.parametrize(
    ("filled", "ttl", "stale", "now", "may"),
    [(0, 10, 5, 14, True), (0, 10, 5, 15, False), (7, 10, 5, 21, True), (0, 10, 0, 10, False), (0, 10, 0, 9, False)],
)
def test_stands_in(filled, ttl, stale, now, may):
    """S8: as RFC 5861 has stale-if-error: so long after it has grown stale, and never where it is not asked for."""
    assert stands_in(filled, ttl, stale, now) == may
