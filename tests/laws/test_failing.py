"""F1 and F2: whom a fault strikes."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sim.draws import FAULT, indexed_key, unit
from sim.laws.failing import call_fails, is_struck

offsets = st.integers(0, 2**20 - 1).map(lambda n: (n + 0.5) / 2**20 * 64)  # away from whole multiples of 1/fraction


@given(st.integers(1, 50), offsets, st.integers(0, 10_000))
def test_one_in_n(n, offset, first):
    """F1: of any n pods in a row exactly one is struck where the fraction is 1/n."""
    assert sum(is_struck(number, 1 / n, offset) for number in range(first, first + n)) == 1


@given(st.integers(0, 20), st.integers(1, 20), offsets, st.integers(0, 1000))
def test_a_share_of_any_stretch(top, bottom, offset, first):
    """F1: of any `bottom` pods in a row exactly `top` are struck, and of any stretch no more than one off its share."""
    share = Fraction(min(top, bottom), bottom)
    struck = [is_struck(number, float(share), offset) for number in range(first, first + 3 * bottom)]
    assert sum(struck[:bottom]) == min(top, bottom)
    for length in range(1, 3 * bottom):
        assert math.floor(share * length) <= sum(struck[:length]) <= math.ceil(share * length)


@pytest.mark.parametrize(("fraction", "struck"), [(0.0, 0), (1.0, 100)])
def test_none_and_all(fraction, struck):
    """F1: a fraction of nothing strikes nobody, of one everybody, wherever it begins."""
    assert {sum(is_struck(n, fraction, offset) for n in range(100)) for offset in (0.0, 0.3, 0.999)} == {struck}


def test_every_pod_has_the_same_chance():
    """F1: over drawn offsets each pod number is struck as often as the fraction says (chi-square, alarm 1e-6)."""
    offset = [unit(indexed_key(9, n), FAULT, 0) for n in range(7_000)]
    struck = np.array([sum(is_struck(number, 1 / 7, one) for one in offset) for number in range(21)])
    assert stats.chi2.sf(((struck - 1000) ** 2 / (1000 * 6 / 7)).sum(), 21) > 1e-6


@pytest.mark.parametrize("rate", [0.0, 0.01, 0.5, 1.0])
def test_calls_fail_at_their_rate(rate):
    """F2: by the try's own key, so a retry has a chance of its own; binomial, within 5 deviations."""
    failed = sum(call_fails(indexed_key(2, n), rate) for n in range(20_000))
    assert abs(failed - 20_000 * rate) <= 5 * math.sqrt(20_000 * rate * (1 - rate))
