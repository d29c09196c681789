"""G1, G3, G4 and G7: when another try may follow, and which answer ends a call."""

from __future__ import annotations

import pytest

from sim.laws.hedging import ends_race, gives_way, hedges_left, may_trigger
from sim.laws.retrying import OUTCOMES, RETRY_MASKS, is_retriable


@pytest.mark.parametrize(("attempts", "follow"), [(1, []), (2, [0]), (3, [0, 1]), (5, [0, 1, 2, 3])])
def test_attempts_are_counted_with_the_first(attempts, follow):
    """G1: gRPC's maxAttempts of 3 are the call and two hedges; Envoy's num_retries of 1 are two attempts."""
    assert [attempt for attempt in range(8) if hedges_left(attempt, attempts)] == follow


def test_what_ends_a_race():
    """G3: success, and under `5xx` what Envoy sends on at once: a limit's 429, no healthy upstream, its own overflow.

    G8: that a try was called off by its twin ends nothing.
    """
    mask = RETRY_MASKS["5xx"]
    ends = {name for outcome, name in enumerate(OUTCOMES) if ends_race(outcome, is_retriable(mask, outcome))}
    assert ends == {"ok", "no_endpoint", "pending", "overflow", "limited"}


@pytest.mark.parametrize(
    ("attempt", "newest", "is_backing_off", "is_delayed", "may"),
    [
        (0, 0, False, False, True),  # the only one fails
        (0, 0, True, False, False),  # it timed out before, and its retry waits
        (0, 1, False, False, False),  # it timed out before, and its retry is under way
        (1, 1, False, False, True),
        (0, 2, False, True, True),  # gRPC: whichever fails, the next is sent
        (2, 2, False, True, True),
    ],
)
def test_whose_failure_is_followed(attempt, newest, is_backing_off, is_delayed, may):
    """G4: Envoy's `retried` flag of a request, by hand; gRPC has none."""
    assert may_trigger(attempt, newest, is_backing_off, is_delayed) is may


@pytest.mark.parametrize(("started_ns", "stops"), [(-1, True), (0, False), (7, False)])
def test_who_gives_way(started_ns, stops):
    """G7: a visit that has begun works on; -1 is a work that never began."""
    assert gives_way(started_ns) is stops
