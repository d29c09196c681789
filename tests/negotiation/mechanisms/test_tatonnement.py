"""Calling prices for one resource: the answer is never lost once it is between two calls, and a handful of calls finds it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.negotiation.mechanisms.network_utility import Flow, loads, optimum, rates_at
from agents.negotiation.mechanisms.tatonnement import PriceSearch

ROOM = {"db": 1.0}
FLOWS = st.builds(Flow, visits=st.just({"db": 1.0}), weight=st.floats(0.1, 10.0), most=st.floats(0.05, 3.0),
                  alpha=st.sampled_from([0.5, 1.0, 2.0]))  # fmt: skip
CROWDS = st.lists(FLOWS, min_size=1, max_size=5).map(lambda flows: {f"class {i}": flow for i, flow in enumerate(flows)})


def called(flows: dict[str, Flow], calls: int, start: PriceSearch) -> list[tuple[PriceSearch, float]]:
    """Each search with the excess at the price that it calls."""
    search, course = start, []
    for _ in range(calls):
        excess = loads(flows, rates_at(flows, {"db": search.price}), ROOM)["db"] - ROOM["db"]
        course.append((search, excess))
        search = search.heard(search.price, excess)
    return course


def test_by_hand() -> None:
    """One class of weight 2 and most 5 on capacity 1: w / p = 1 at a price of 2; the first call is 0, then 1, 2."""
    course = called({"a": Flow({"db": 1.0}, 2.0, 5.0)}, 3, PriceSearch(least=0.0, scale=1.0))
    assert [(search.price, excess) for search, excess in course] == [(0.0, 4.0), (1.0, 1.0), (2.0, 0.0)]


@settings(deadline=None)
@given(CROWDS, st.floats(0.1, 10.0))
def test_it_finds_the_planners_rates(flows: dict[str, Flow], scale: float) -> None:
    """Within 1e-4, in 60 calls; with room for all, at a price of nothing."""
    search, excess = called(flows, 60, PriceSearch(least=0.0, scale=scale))[-1]
    assert rates_at(flows, {"db": search.price}) == pytest.approx(optimum(flows, ROOM), abs=1e-4)
    assert search.price == 0 or excess == pytest.approx(0, abs=1e-6)


@settings(deadline=None)
@given(CROWDS, st.floats(0.1, 10.0))
def test_the_answer_stays_between_the_two_ends(flows: dict[str, Flow], scale: float) -> None:
    """Too much is wanted at the low end, no more than there is at the high one, and the next call is between them."""
    for search, _ in called(flows, 30, PriceSearch(least=0.0, scale=scale)):
        if search.low is not None and search.high is not None:
            assert search.low[0] < search.high[0]
            assert search.low[1] > 0 >= search.high[1]
            assert search.low[0] <= search.price <= search.high[0]


@given(st.floats(0.0, 5.0), st.floats(0.1, 3.0))
def test_no_price_is_called_below_the_least(least: float, scale: float) -> None:
    """However little is wanted."""
    search = PriceSearch(least, scale).heard(least + 8.0, -1.0)
    for _ in range(40):
        assert search.price >= least
        search = search.heard(search.price, -1.0)
    assert search.price == least
