"""Q9: whom a busy door turns away."""

from __future__ import annotations

import math

import pytest

from sim.draws import indexed_key
from sim.laws.queueing import PRIORITIES
from sim.laws.shedding import is_shed, look, shed_share
from sim.records import GUARD


@pytest.mark.parametrize(
    ("percent", "shares"),
    [(0, [0, 0, 0, 0]), (60, [0, 0, 0, 0]), (62.5, [0, 0, 0, 0.5]), (65, [0, 0, 0, 1]), (67.5, [0, 0, 0.5, 1]),
     (70, [0, 0, 1, 1]), (72.5, [0, 0.5, 1, 1]), (75, [0, 1, 1, 1]), (79, [0.8, 1, 1, 1]), (80, [1, 1, 1, 1]), (100, [1, 1, 1, 1])],
)  # fmt: skip
def test_the_bands(percent, shares):
    """Q9: from 60 % to 80 % each priority has five points, bulk first."""
    found = [shed_share(percent / 100, 0.6, 0.8, PRIORITIES.index(name)) for name in ("critical", "degraded", "best_effort", "bulk")]
    assert found == pytest.approx(shares, abs=1e-9)


def test_the_mean_forgets():
    """Q9: two cores busy all the time: after n windows the mean is 1 - e^-n, however often it is looked at."""
    for looks in (1, 2, 5, 1000):
        guard = GUARD.make_class()(window_ns=1000.0, capacity=2.0)
        for n in range(1, looks + 1):
            now = 3000 * n // looks
            seen = look(guard, 2 * now, now)
        assert seen == pytest.approx(1 - math.exp(-3))
        assert look(guard, 6000, 3000) == seen
        assert look(guard, 6000, 4000) == pytest.approx(seen / math.e)


def test_a_share_is_drawn():
    """Q9: a third of 10,000 tries, nobody at 0 and everybody at 1."""
    found = sum(is_shed(indexed_key(7, n), 1 / 3) for n in range(10_000))
    assert abs(found - 10_000 / 3) < 5 * math.sqrt(10_000 * 2 / 9)
    assert not any(is_shed(indexed_key(7, n), 0.0) for n in range(1000))
    assert all(is_shed(indexed_key(7, n), 1.0) for n in range(1000))
