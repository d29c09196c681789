"""B9: the quicker of two, by peaks of latency that fade."""

from __future__ import annotations

import math

import numpy as np
from scipy import stats

from sim.draws import indexed_key
from sim.laws.balancing import draw_candidate
from sim.laws.peaking import is_dearer, other_candidate, peak_rtt_ns

MS = 1_000_000.0
S = 1000 * MS


def test_two_distinct_hosts():
    """B9: each of the twenty ordered pairs of five hosts alike (chi-square, alarm 1e-6), never one twice."""
    pairs = np.zeros((5, 5))
    for key in (indexed_key(9, n) for n in range(20_000)):
        first = draw_candidate(key, 0, 5)
        pairs[first, other_candidate(key, first, 5)] += 1
    assert np.trace(pairs) == 0
    assert stats.chisquare(pairs[~np.eye(5, dtype=bool)]).pvalue > 1e-6


def test_towers_compound_decay():
    """B9: tower's own test: an estimate of 20 ms, a decay of 1 s, two requests of 200 ms that overlap by half."""
    rtt, looked = 20 * MS, 0.0

    def load(now: float, pending: int, sample: float = 0.0) -> float:
        nonlocal rtt, looked
        rtt, looked = peak_rtt_ns(rtt, sample, now - looked, S), now
        return rtt * (pending + 1)

    assert load(0, 0) == 20 * MS
    assert load(100 * MS, 1) > 20 * MS
    assert load(200 * MS, 2) > 40 * MS
    assert load(300 * MS, 1, 200 * MS) == 400 * MS  # the first is back: a peak at once
    assert load(400 * MS, 0, 200 * MS) == 200 * MS  # the second: as long
    assert load(1400 * MS, 0) < 100 * MS
    assert load(11400 * MS, 0) < 0.1 * MS


def test_a_quick_answer_draws_the_estimate_down():
    """B9: after one decay time e^-1 of the old estimate is left, the rest is the new sample."""
    assert peak_rtt_ns(50 * MS, 10 * MS, S, S) == 50 * MS / math.e + 10 * MS * (1 - 1 / math.e) or math.isclose(
        peak_rtt_ns(50 * MS, 10 * MS, S, S), (50 - 10) * MS / math.e + 10 * MS)
    assert peak_rtt_ns(50 * MS, 10 * MS, 0.0, S) == 50 * MS
    assert peak_rtt_ns(50 * MS, 60 * MS, 0.0, S) == 60 * MS


def test_the_dearer():
    """B9: latency times (requests in flight + 1); a tie is the first candidate's."""
    assert is_dearer(10 * MS, 3, 30 * MS, 0)
    assert not is_dearer(10 * MS, 2, 30 * MS, 0)
    assert not is_dearer(10 * MS, 0, 30 * MS, 0)
    assert is_dearer(30 * MS, 0, 0.0, 9)
