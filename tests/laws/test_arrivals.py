"""A1 to A4: the area under the rate is consumed exactly, piece by piece."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from sim.draws import ARRIVAL, indexed_key
from sim.laws.arrivals import gap_area, next_arrival, time_for_area, user_appears_ns

S = 1_000_000_000


class Piece(NamedTuple):
    """A straight piece of a rate, as both engines have it."""

    start_ns: int
    end_ns: int
    rate_start: float
    rate_end: float


def area_before(pieces: list[Piece], time_ns: int) -> float:
    """The cumulative rate: what a closed form says has come by then."""
    total = 0.0
    for piece in pieces:
        t, length = (min(max(time_ns, piece.start_ns), piece.end_ns) - piece.start_ns) / S, (piece.end_ns - piece.start_ns) / S
        total += piece.rate_start * t + (piece.rate_end - piece.rate_start) * t * t / length / 2
    return total


def arrivals(pieces: list[Piece], areas: list[float]) -> list[int]:
    """Times at which the areas are used up, one after the other."""
    index, used = 0, 0.0
    times = []
    for area in areas:
        index, time, used = next_arrival(pieces, index, len(pieces) - 1, used, area)
        if time < 0:
            break
        times.append(time)
    return times


def test_gaps_of_a_poisson_stream():
    """A1: exponential with mean 1, 20,000 of them; and exactly 1 where arrivals are even."""
    gaps = [gap_area(indexed_key(5, n), ARRIVAL, True) for n in range(20_000)]
    assert stats.kstest(gaps, "expon").pvalue > 1e-6
    assert min(gaps) >= 0.0
    assert gap_area(5, ARRIVAL, False) == 1.0


@pytest.mark.parametrize(
    ("rate", "slope", "area", "seconds"),
    [
        (2.0, 0.0, 3.0, 1.5), (0.0, 2.0, 9.0, 3.0), (1.0, 2.0, 6.0, 2.0), (4.0, -1.0, 8.0, 4.0), (4.0, -1.0, 7.5, 3.0),
        (5.0, 3.0, 0.0, 0.0), (0.0, 2.0, 0.0, 0.0), (0.0, 0.0, 0.0, 0.0), (4.0, -1.0, 8.000000000000002, 4.000000000000001),
    ],
)  # fmt: skip
def test_time_for_area(rate, slope, area, seconds):
    """A2: the root of rate t + slope t^2 / 2 = area; an area a hair beyond the last counts as the last."""
    assert time_for_area(rate, slope, area) == seconds


@given(st.floats(1e-3, 1e9), st.floats(-1e6, 1e6), st.floats(1e-12, 1e6))
def test_time_for_area_loses_no_digits(rate, slope, area):
    """A2: put back, the time gives the area to a few parts in 10^15, however small the slope (no cancellation)."""
    t = time_for_area(rate, slope, area)
    assume(t >= 0.0)
    if rate * rate + 2 * slope * area > 1e-4 * rate * rate:
        assert math.isclose(rate * t + slope * t * t / 2, area, rel_tol=1e-10)
    if abs(slope) * area < 1e-14 * rate * rate:
        assert math.isclose(t, area / rate, rel_tol=1e-13)


@st.composite
def rates(draw) -> list[Piece]:
    """One to six pieces without gaps, some at nothing."""
    pieces, at = [], 0
    for _ in range(draw(st.integers(1, 6))):
        end = at + draw(st.integers(1_000, 20 * S))
        levels = st.sampled_from([0.0, 0.5, 1.0, 3.0, 40.0, 200.0])
        pieces.append(Piece(at, end, draw(levels), draw(levels)))
        at = end
    return pieces


@settings(derandomize=True)
@given(rates(), st.lists(st.floats(0.01, 5.0), min_size=1, max_size=30))
def test_the_area_consumed_is_the_sum(pieces, areas):
    """A3: the n-th arrival stands where the cumulative rate has reached the sum of the first n areas."""
    times = arrivals(pieces, areas)
    assert times == sorted(times)
    total = 0.0
    for n, time in enumerate(times):
        total += areas[n]
        assert abs(area_before(pieces, time) - total) < 1e-6 + 400e-9 * (n + 1)
    if len(times) < len(areas):
        assert area_before(pieces, pieces[-1].end_ns) < total + areas[len(times)] + 1e-6


@pytest.mark.parametrize("cuts", [[], [1], [3, 3 * S - 1], [S // 3, S, 2 * S + 7]])
def test_a_piece_may_be_cut_anywhere(cuts):
    """A3: a rate described in more pieces has the same arrivals, to a nanosecond."""
    whole = Piece(0, 3 * S, 10.0, 40.0)
    ends = [0, *cuts, 3 * S]
    pieces = [Piece(a, b, 10 + a / S * 10, 10 + b / S * 10) for a, b in pairwise(ends)]
    areas = [gap_area(n, ARRIVAL, True) for n in range(60)]
    assert np.allclose(arrivals([whole], areas), arrivals(pieces, areas), rtol=0, atol=100)


def test_poisson_counts_in_a_ramp():
    """A3: in each tenth of a ramp from 0 to 200/s the count is Poisson with the area there (chi-square, alarm 1e-6)."""
    ramp = [Piece(0, 10 * S, 0.0, 200.0)]
    times = arrivals(ramp, [gap_area(indexed_key(11, n), ARRIVAL, True) for n in range(2_000)])
    counts, _ = np.histogram(times, bins=10, range=(0, 10 * S))
    means = np.diff([area_before(ramp, n * S) for n in range(11)])
    assert stats.chi2.sf(((counts - means) ** 2 / means).sum(), 10) > 1e-6


def test_the_stream_ends_with_its_pieces():
    """A3: -1 when the area left is not enough, and for no pieces at all."""
    assert next_arrival([Piece(0, S, 1.0, 1.0)], 0, 0, 0.0, 1.5) == (1, -1, 0.0)
    assert next_arrival([Piece(0, S, 0.0, 0.0), Piece(S, 2 * S, 2.0, 2.0)], 0, 1, 0.0, 1.0) == (1, 3 * S // 2, 1.0)


@pytest.mark.parametrize(("rate", "n", "time_ns"), [(3.0, 30, 10 * S), (700_000.0, 700_000, S), (7.0, 7_000_007, 1_000_001 * S)])
def test_even_arrivals_do_not_drift(rate, n, time_ns):
    """A3: request n of an even stream comes n / rate after the start, whatever was rounded on the way."""
    assert arrivals([Piece(0, 2 * 10**6 * S, rate, rate)], [float(n - 1), 1.0])[-1] == time_ns


def test_an_area_that_ends_with_its_piece():
    """A2, A3: 12 ms falling from 166.67/s to nothing are an area of exactly 1: there is a root, at the end."""
    pieces = [Piece(0, 12_000_000, 1000 / 6, 0.0), Piece(12_000_000, S, 0.0, 50.0)]
    assert area_before(pieces, 12_000_000) == 1.0
    assert next_arrival(pieces, 0, 1, 0.0, 1.0) == (0, 12_000_000, 1.0)


@pytest.mark.parametrize(("user", "spawn", "ns"), [(0, 0.0, 0), (9, 0.0, 0), (0, 4.0, 0), (3, 4.0, 750_000_000), (1, 3.0, 333_333_333)])
def test_users_appear(user, spawn, ns):
    """A4: one after the other, or all at once."""
    assert user_appears_ns(user, spawn) == ns
