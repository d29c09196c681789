"""What capacity is worth: the normal loss function against integration, and what follows from its shape."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import norm

from agents.negotiation.parties.valuing import Outlook, values, wanted

RATES, DEVIATIONS = st.floats(1, 500), st.floats(0.5, 200)


def marginal(worths: list[float]) -> list[float]:
    """What each further unit adds, the first first."""
    return [after - before for before, after in pairwise(worths)]


@given(rate=RATES, deviation=DEVIATIONS, share=st.floats(0, 3))
def test_served_is_the_integral(rate: float, deviation: float, share: float) -> None:
    """E[min(D, c)] = E[D] - integral of P(D > x) beyond c."""
    capacity, outlook = share * rate, Outlook(rate, deviation)
    beyond, _ = quad(lambda x: norm.sf(x, rate, deviation), capacity, rate + 12 * deviation + capacity)
    assert outlook.served(capacity) == pytest.approx(rate - beyond, abs=1e-6 * rate + 1e-6)


@given(rate=RATES, deviation=DEVIATIONS, share=st.floats(0.01, 0.99))
def test_what_is_exceeded_so_often(rate: float, deviation: float, share: float) -> None:
    """The quantile and the probability are each other's inverse, where the quantile is not cut off at none."""
    outlook = Outlook(rate, deviation)
    capacity = outlook.exceeded_by(share)
    assert capacity == 0.0 or outlook.beyond(capacity) == pytest.approx(share, rel=1e-6)


def test_who_knows_demand_serves_the_lesser_of_the_two() -> None:
    """Without a deviation."""
    outlook = Outlook(100.0)
    assert [outlook.served(c) for c in (0.0, 60.0, 140.0)] == [0.0, 60.0, 100.0]
    assert (outlook.beyond(99.0), outlook.beyond(100.0), outlook.exceeded_by(0.5)) == (1.0, 0.0, 100.0)


@given(rate=RATES, spread=st.floats(0.01, 1), per_pod=st.floats(1, 100), most=st.integers(1, 30))
def test_further_pods_are_worth_ever_less(rate: float, spread: float, per_pod: float, most: int) -> None:
    """Values begin with nothing, never fall, and grow ever less: unit bids are what auctions of units need."""
    worths = values(Outlook(rate, spread * rate), per_pod, 2.0, most)
    added = marginal(worths)
    assert worths[0] == 0.0 and min(added) >= -1e-9
    assert all(after <= before + 1e-9 for before, after in pairwise(added))


@given(rate=RATES, spread=st.floats(0.01, 1), price=st.floats(0.01, 500))
def test_wants_are_where_a_further_unit_no_longer_pays(rate: float, spread: float, price: float) -> None:
    """All that are bought are worth their price, and the next is not."""
    worths = values(Outlook(rate, spread * rate), 10.0, 1.0, 60)
    count, added = wanted(worths, price), marginal(worths)
    assert all(one >= price for one in added[:count]) and (count == 60 or added[count] <= price)


def test_a_pod_of_two_units_is_worth_nothing_by_half() -> None:
    """Values are steps where a pod takes several units."""
    worths = values(Outlook(20.0, 2.0), 10.0, 1.0, 4, units=2)
    assert worths[1] == worths[0] and worths[3] == worths[2] > worths[1]
