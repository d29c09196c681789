"""W10: Envoy's admission control by hand."""

from __future__ import annotations

import pytest

from sim.draws import indexed_key
from sim.laws.admitting import denial_probability, is_admitted_success, is_busy_enough, is_denied
from sim.laws.retrying import OUTCOMES


@pytest.mark.parametrize(
    ("requests", "successes", "threshold", "aggression", "most", "probability"),
    [
        (0, 0, 0.95, 1.0, 0.8, 0.0),
        (100, 100, 0.95, 1.0, 0.8, 0.0),
        (100, 95, 0.95, 1.0, 0.8, 0.0),  # exactly what must succeed
        (99, 57, 0.95, 1.0, 0.8, 0.39),  # (99 - 60) / 100
        (99, 57, 0.95, 2.0, 0.8, 0.39**0.5),
        (1000, 0, 0.95, 1.0, 0.8, 0.8),
        (1000, 0, 0.95, 1.0, 1.0, 1000 / 1001),
        (9, 4, 0.5, 1.0, 0.8, 0.1),
    ],
)
def test_the_probability(requests, successes, threshold, aggression, most, probability):
    """W10: ((n - ok/threshold) / (n + 1)) ^ (1/aggression), within bounds; greater aggression makes it greater."""
    assert denial_probability(requests, successes, threshold, aggression, most) == pytest.approx(probability)


def test_how_often_it_strikes():
    """W10: a third of 20,000 keys, within five standard errors; none at 0, all at 1, and to one in 10,000."""
    keys = [indexed_key(3, n) for n in range(20_000)]
    assert abs(sum(is_denied(key, 1 / 3) for key in keys) - 20_000 / 3) < 5 * (20_000 * 2 / 9) ** 0.5
    assert not any(is_denied(key, 0.0) for key in keys)
    assert all(is_denied(key, 1.0) for key in keys)


def test_what_is_too_little_to_judge():
    """W10: Envoy's average is whole requests over whole seconds: 59 in 30 s are one a second."""
    assert [is_busy_enough(requests, 30, 2.0) for requests in (0, 59, 60)] == [False, False, True]
    assert is_busy_enough(0, 30, 0.0)


def test_what_is_a_success():
    """W10: below 500: a good answer, and a 429."""
    assert {name for outcome, name in enumerate(OUTCOMES) if is_admitted_success(outcome)} == {"ok", "limited"}
