"""W1 and W2: Envoy's token bucket by its own test and by fractions, and the throttle of the SRE book."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.draws import indexed_key
from sim.laws.limiting import change_rate, full_credit, refill, take_token
from sim.laws.retrying import OUTCOMES
from sim.laws.throttling import STRETCHES, is_accepted, is_throttled, rejection_probability, stretch_of
from sim.laws.windowing import cells_of_time, note_now
from sim.records import GATE

MS = 1_000_000
SECOND = 1000 * MS
Gate = GATE.make_class()


def test_envoys_own_table():
    """W1: a bucket of one token, half a token a second: gone at 0, not there at 0.5 s and 1.5 s, there at 2 s."""
    gate = Gate(credit=2 * SECOND)
    taken = [take_token(gate, 2 * SECOND, 2 * SECOND, 1, at) for at in (0, 500 * MS, 1500 * MS, 2 * SECOND, 2 * SECOND)]
    assert taken == [True, False, False, True, False]


def test_a_burst_and_then_the_rate():
    """W1: ten tokens at once, then one each 10 ms to the nanosecond; idle for long, ten and not more."""
    gate = Gate(credit=10 * 50 * MS)
    asked = [take_token(gate, 10 * 50 * MS, 50 * MS, 5, at) for at in [0] * 11 + [10 * MS - 1, 10 * MS, 20 * MS - 1, 20 * MS]]
    assert asked == [True] * 10 + [False, False, True, False, True]
    assert sum(take_token(gate, 10 * 50 * MS, 50 * MS, 5, 3600 * SECOND) for _ in range(20)) == 10


def test_another_rate():
    """W11: at 5 tokens in 50 ms, 15 ms are a token and a half, which stay; of four tokens two stay where no more fit."""
    full = full_credit(10, 50 * MS, 5)
    for credit, most, kept in ((0, 10, 75 * MS), (0, 1, 50 * MS), (130 * MS, 2, 100 * MS), (full, 20, full), (full, 0, 0)):
        gate = Gate(credit=credit)
        change_rate(gate, full, 5, full_credit(most, 50 * MS, 1), 15 * MS)
        assert (gate.credit, gate.filled_ns) == (kept, 15 * MS)


def test_a_bucket_that_nothing_comes_into():
    """W11: it holds nothing, whatever its size, and nobody finds a token, at once or ever; filled again it begins empty."""
    assert full_credit(9, 50 * MS, 0) == 0
    gate = Gate(credit=9 * 50 * MS)
    change_rate(gate, 9 * 50 * MS, 5, 0, SECOND)
    assert [take_token(gate, 0, 50 * MS, 0, at) for at in (SECOND, 2 * SECOND, 1 << 62)] == [False] * 3
    gate = Gate(credit=0, filled_ns=SECOND)
    change_rate(gate, 0, 0, full_credit(9, 50 * MS, 5), 2 * SECOND)
    refill(gate, full_credit(9, 50 * MS, 5), 5, 2 * SECOND + 7)
    assert gate.credit == 35


@given(st.integers(1, 5), st.integers(1, 7), st.integers(1, 60), st.lists(st.integers(0, 200), max_size=60))
def test_a_bucket_in_fractions(most, fill, interval, gaps):
    """W1: min(max, tokens + elapsed x rate), exactly."""
    gate, tokens, now = Gate(credit=most * interval), Fraction(most), 0
    for gap in gaps:
        now += gap
        tokens = min(Fraction(most), tokens + Fraction(gap * fill, interval))
        there = tokens >= 1
        tokens -= there
        assert take_token(gate, most * interval, interval, fill, now) == there


@pytest.mark.parametrize(
    ("requests", "accepts", "k", "p"),
    [(0, 0, 2.0, 0.0), (1, 0, 2.0, 0.5), (9, 0, 2.0, 0.9), (100, 50, 2.0, 0.0), (100, 25, 2.0, 50 / 101), (100, 90, 1.1, 1 / 101),
     (10, 10, 1.0, 0.0)],
)  # fmt: skip
def test_rejection_probability(requests, accepts, k, p):
    """W2: max(0, (requests - K accepts) / (requests + 1))."""
    assert rejection_probability(requests, accepts, k) == pytest.approx(p, abs=1e-12)


def test_accepted_is_not_succeeded():
    """W2: a backend that answers has accepted, though the answer be a failure; one that turns away or is silent has not."""
    assert {name for n, name in enumerate(OUTCOMES) if is_accepted(n)} == {"ok", "failed"}


@pytest.mark.parametrize(("k", "accepted_of_sent"), [(2.0, 1 / 2), (1.1, 1 / 1.1)])
def test_about_k_times_the_accepted_rate_goes_through(k, accepted_of_sent):
    """W2, the SRE book: against a backend that accepts 100/s of 1000/s the throttle settles at K accepted rates sent."""
    cells, sent, accepted, last = [0] * cells_of_time(STRETCHES), 0, 0, -1
    for n in range(200_000):
        now = n * MS
        stretch = stretch_of(now, 20 * SECOND)
        note_now(cells, 0, STRETCHES, stretch, 0, 0, 0)
        p = rejection_probability(cells[0], cells[1], k)
        note_now(cells, 0, STRETCHES, stretch, 1, 0, 0)
        if is_throttled(indexed_key(1, n), p):
            continue
        counts = now > 100 * SECOND
        sent += counts
        if now // (10 * MS) > last:  # one call in each 10 ms is accepted
            last = now // (10 * MS)
            accepted += counts
            note_now(cells, 0, STRETCHES, stretch, 0, 1, 0)
    assert accepted / sent == pytest.approx(accepted_of_sent, rel=0.1)


def test_a_window_has_sixty_stretches():
    """W2: two minutes are sixty of two seconds; a window shorter than sixty nanoseconds still has some."""
    assert [stretch_of(at * SECOND, 120 * SECOND) for at in (0, 1, 2, 119, 120)] == [0, 0, 1, 59, 60]
    assert stretch_of(5, 30) == 5
