"""I1 and I3: which calls a fault strikes, and what an abort looks like."""

from __future__ import annotations

import math

import pytest

from sim.draws import ABORTED, DELAYED, indexed_key
from sim.laws.injecting import abort_outcome, is_injected
from sim.laws.retrying import OUTCOMES

CALLS = 20_000


@pytest.mark.parametrize("percentage", [0.0, 0.001, 0.1, 0.5, 1.0])
def test_calls_are_struck_at_their_percentage(percentage):
    """I1: binomial, within 5 deviations; none at 0 %, all at 100 %."""
    struck = sum(is_injected(indexed_key(3, n), DELAYED, percentage) for n in range(CALLS))
    assert abs(struck - CALLS * percentage) <= 5 * math.sqrt(CALLS * percentage * (1 - percentage))


def test_delays_and_aborts_are_independent():
    """I1: of the half that is delayed a half is aborted."""
    delayed = [indexed_key(4, n) for n in range(CALLS) if is_injected(indexed_key(4, n), DELAYED, 0.5)]
    both = sum(is_injected(key, ABORTED, 0.5) for key in delayed)
    assert abs(both - len(delayed) / 2) <= 5 * math.sqrt(len(delayed) / 4)


@pytest.mark.parametrize(("http_status", "outcome"), [(400, "failed"), (404, "failed"), (429, "limited"), (500, "failed"), (503, "failed"),
                                                     (599, "failed")])  # fmt: skip
def test_what_an_abort_looks_like(http_status, outcome):
    """I3: too many requests, or a failure."""
    assert OUTCOMES[abort_outcome(http_status)] == outcome
