"""M1 to M4: the histogram's buckets, intervals, what a finished request counts as, and whether it is bad."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.laws.measuring import BUCKETS, bucket, bucket_bounds, count_finished, is_bad, is_measured
from sim.laws.retrying import OUTCOMES
from sim.layout import ALWAYS_GOOD_NS, Interval
from sim.records import REQUEST_TALLY
from sim.telemetry import quantile_ns

LAST = 1 << 43  # ns that the histogram still tells apart


@given(st.integers(0, LAST - 1))
def test_a_length_lies_in_its_bucket(ns):
    """M1: round trip."""
    low, high = bucket_bounds(bucket(ns))
    assert low <= ns < high


def test_buckets_cover_time_without_gap():
    """M1: each begins where the one before ended, from 0 to 2^43 ns; the bounds' bucket is their own."""
    bounds = [bucket_bounds(i) for i in range(BUCKETS)]
    assert bounds[0] == (0, 1)
    assert bounds[-1][1] == LAST
    assert all(before[1] == after[0] for before, after in pairwise(bounds))
    assert [bucket(low) for low, _ in bounds] == [bucket(high - 1) for _, high in bounds] == list(range(BUCKETS))


def test_buckets_are_narrow():
    """M1: exact below 256 ns, else less than 0.8 % wide."""
    for low, high in (bucket_bounds(i) for i in range(BUCKETS)):
        assert high - low == 1 or (high - low) / low <= 1 / 128 < 0.008


@given(st.integers(0, 1 << 62), st.integers(0, 1 << 62))
def test_buckets_are_in_order(one, other):
    """M1: a longer time is never in a lower bucket; what is beyond the last lies in the last."""
    assert (one <= other) <= (bucket(one) <= bucket(other))
    assert bucket(LAST + one) == BUCKETS - 1


@given(st.lists(st.integers(300, 10**12), min_size=1, max_size=60), st.sampled_from([0.01, 0.5, 0.9, 0.99, 1.0]))
def test_quantiles_of_a_histogram(values, q):
    """M1: within 0.4 % of the sample's own quantile, by nearest rank."""
    histogram = np.bincount([bucket(value) for value in values], minlength=BUCKETS)
    exact = sorted(values)[max(0, int(np.ceil(q * len(values))) - 1)]
    assert quantile_ns(histogram, q) == pytest.approx(exact, rel=0.0041)


@pytest.mark.parametrize(
    ("workload", "arrived", "measured"),
    [(1, 10, True), (1, 19, True), (1, 9, False), (1, 20, False), (0, 15, False)],
)
def test_intervals_are_half_open(workload, arrived, measured):
    """M2: [start, end) of one class, by arrival."""
    assert is_measured(Interval(1, 10, 20, 5), workload, arrived) is measured


@pytest.mark.parametrize(
    ("outcome", "latency", "good_ns", "counted"),
    [
        ("ok", 5, 5, {"succeeded": 1, "good": 1, "latency_ns": 5}), ("ok", 6, 5, {"succeeded": 1, "latency_ns": 6}),
        ("ok", 1 << 60, ALWAYS_GOOD_NS, {"succeeded": 1, "good": 1, "latency_ns": 1 << 60}),
        ("failed", 1, 5, {"failed": 1}), ("rejected", 1, 5, {"failed": 1, "rejected": 1}),
        ("overflow", 1, 5, {"failed": 1, "rejected": 1}), ("limited", 1, 5, {"failed": 1, "rejected": 1}),
        ("cancelled", 1, 5, {"failed": 1}),
        ("timed_out", 1, 5, {"failed": 1, "timed_out": 1}), ("no_endpoint", 0, 5, {"failed": 1}),
        ("lost", 1, 5, {"failed": 1}), ("refused", 1, 5, {"failed": 1}),
    ],
)  # fmt: skip
def test_what_a_finished_request_counts_as(outcome, latency, good_ns, counted):
    """M3: good at the very bound; a failure has no latency; timed out and rejected are kinds of failure."""
    tally = REQUEST_TALLY.make_class()()
    count_finished(tally, OUTCOMES.index(outcome), latency, good_ns)
    assert {name: getattr(tally, name) for name, _ in REQUEST_TALLY.fields if getattr(tally, name)} == counted


@pytest.mark.parametrize(
    ("outcome", "latency", "good_ns", "bad"),
    [("ok", 5, 5, False), ("ok", 6, 5, True), ("ok", 1 << 60, ALWAYS_GOOD_NS, False), ("failed", 1, 5, True),
     ("rejected", 1, 5, True), ("timed_out", 9, ALWAYS_GOOD_NS, True), ("no_endpoint", 0, 5, True)],
)  # fmt: skip
def test_what_the_tail_is(outcome, latency, good_ns, bad):
    """M4: failures, and what takes longer than the bound; whoever is bad is not counted as good."""
    assert is_bad(OUTCOMES.index(outcome), latency, good_ns) is bad
    tally = REQUEST_TALLY.make_class()()
    count_finished(tally, OUTCOMES.index(outcome), latency, good_ns)
    assert tally.good == (not bad)
