"""The ascending clock: it rises, ends within an increment of the competitive price, and loses at most an increment a unit."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.negotiation.mechanisms.english import Called, ascending_clock, closed
from agents.negotiation.mechanisms.marginals import dearest_first, demand_of
from agents.negotiation.mechanisms.uniform_price import uniform_price
from tests.negotiation.mechanisms.brute_force import FALLING, best_welfare, by_name, cumulative, gain

BIDS, SUPPLY = by_name(FALLING), st.integers(0, 4)
INCREMENT = st.sampled_from([0.1, 0.25, 1.0, 3.0])


def demands(bids: dict[str, list[float]]) -> dict:
    """What bidders of these marginal values want at a price."""
    return {name: demand_of(values) for name, values in bids.items()}


def test_by_hand() -> None:
    """Two units, worth 9 and 4, 7, and 1, by steps of 2: at 0, 2, 4 four, three and three are wanted, and at 6 two, which are sold."""
    clock = ascending_clock(demands({"a": [9, 4], "b": [7], "c": [1]}), 2, increment=2.0)
    assert [(call.price, call.total) for call in clock.calls] == [(0.0, 4), (2.0, 3), (4.0, 3), (6.0, 2)]
    assert (clock.allocation.units, clock.allocation.price) == ({"a": 1, "b": 1, "c": 0}, 6.0)


def test_a_unit_that_all_let_go_is_sold_at_the_price_before() -> None:
    """Two are worth 5 to a and to b, one unit, by steps of 2: both stay at 4 and leave at 6; a has it for 4."""
    clock = ascending_clock(demands({"b": [5], "a": [5]}), 1, increment=2.0)
    assert (clock.allocation.units, clock.allocation.price) == ({"a": 1, "b": 0}, 4.0)


@settings(deadline=None)
@given(BIDS, SUPPLY, INCREMENT)
def test_the_price_rises_and_the_demand_falls(bids: dict[str, list[float]], supply: int, increment: float) -> None:
    """From call to call, and never is more sold than there is."""
    clock = ascending_clock(demands(bids), supply, increment)
    assert all(after.price > before.price and after.total <= before.total for before, after in pairwise(clock.calls))
    assert sum(clock.allocation.units.values()) <= supply


@settings(deadline=None)
@given(BIDS, SUPPLY, INCREMENT)
def test_it_ends_within_an_increment_of_the_competitive_price(bids: dict[str, list[float]], supply: int, increment: float) -> None:
    """The lowest price that clears is the highest losing value: what the sealed (k+1)-price auction charges."""
    price = ascending_clock(demands(bids), supply, increment).allocation.price
    assert abs(price - uniform_price(bids, supply).price) <= increment + 1e-9


@settings(deadline=None)
@given(BIDS, SUPPLY, INCREMENT)
def test_it_loses_at_most_an_increment_a_unit(bids: dict[str, list[float]], supply: int, increment: float) -> None:
    """Against the best split of all; everything is sold that anybody wants; and nobody pays more than it is worth."""
    sold = ascending_clock(demands(bids), supply, increment).allocation
    worth = {name: cumulative(values) for name, values in bids.items()}
    assert sum(worth[name][sold.units[name]] for name in bids) >= best_welfare(worth, supply) - supply * increment - 1e-9
    assert sum(sold.units.values()) == min(supply, len(dearest_first(bids)))
    assert all(gain(sold, name, worth[name]) >= -1e-9 for name in bids)


@settings(deadline=None)
@given(BIDS, SUPPLY, st.integers(1, 5))
def test_a_deadline_leaves_a_sale(bids: dict[str, list[float]], supply: int, calls_max: int) -> None:
    """However few calls there are: no more than there is, and at a price at which the units were wanted."""
    clock = ascending_clock(demands(bids), supply, 0.25, calls_max=calls_max)
    assert len(clock.calls) <= calls_max
    assert sum(clock.allocation.units.values()) <= supply
    assert all(gain(clock.allocation, name, cumulative(bids[name])) >= 0 for name in bids)


@settings(deadline=None)
@given(BIDS, SUPPLY, st.integers(1, 5), st.lists(st.integers(1, 3), min_size=len("abcdef"), max_size=len("abcdef")))
def test_wherever_it_ends_all_is_sold_that_is_wanted(bids: dict[str, list[float]], supply: int, calls_max: int, lots: list[int]) -> None:
    """min(supply, wanted at the price that is paid), to nobody more than that; and lots stay whole, with less than one left."""
    clock = ascending_clock(demands(bids), supply, 1.0, calls_max=calls_max)
    paid_at = {call.price: call for call in clock.calls}[clock.allocation.price]
    assert sum(clock.allocation.units.values()) == min(supply, paid_at.total)
    assert all(count <= paid_at.wanted[name] for name, count in clock.allocation.units.items())
    by_lots = dict(zip(sorted(bids), lots, strict=False))
    sold = closed(clock.calls, supply, by_lots)
    wanted = {call.price: call for call in clock.calls}[sold.price].wanted
    left = supply - sum(sold.units.values())
    assert left >= 0 and all(count % by_lots[name] == 0 and count <= wanted[name] for name, count in sold.units.items())
    assert not [name for name, count in sold.units.items() if by_lots[name] <= min(left, wanted[name] - count)]


def test_what_is_rationed_goes_in_proportion_to_what_is_wanted() -> None:
    """Ten units at the only call, 12 wanted by a, 6 by b and 2 by c: six, three and one; by threes for a, and twos for b: 6, 2 and 2."""
    calls = [Called(1.0, {"a": 12, "b": 6, "c": 2})]
    assert closed(calls, 10).units == {"a": 6, "b": 3, "c": 1}
    assert closed(calls, 10, {"a": 3, "b": 2}).units == {"a": 6, "b": 2, "c": 2}
    dearer = [*calls, Called(2.0, {"a": 4, "b": 2, "c": 2})]  # two are left of ten, and a let eight go, b four
    assert closed(dearer, 10).units == {"a": 5, "b": 3, "c": 2}
    assert closed(dearer, 10).price == 1.0


def test_who_wants_more_at_a_higher_price_is_not_heard() -> None:
    """The activity rule: at most what was wanted at the price before."""
    clock = ascending_clock({"a": int, "b": lambda price: 3 if price < 2 else 0}, 1, increment=1.0, start=1.0)
    assert [call.wanted for call in clock.calls] == [{"a": 1, "b": 3}, {"a": 1, "b": 0}]


def test_complements_may_be_left_with_half_a_bundle() -> None:
    """What it does not promise: a wants two for 10 or none, lets both go at 6, and still is sold b's missing one at 5."""
    both_or_none = {"a": lambda price: 2 if 2 * price <= 10 else 0, "b": demand_of([6.0])}
    sold = ascending_clock(both_or_none, 2, increment=1.0).allocation
    assert sold.units == {"a": 1, "b": 1}  # half of a bundle, worth nothing to a, for which it pays
    assert sold.payments["a"] == 5.0


@pytest.mark.parametrize(("increment", "start", "calls_max"), [(0.0, 0.0, 1), (-1.0, 0.0, 1), (1.0, float("nan"), 1), (1.0, 0.0, 0)])
def test_nonsense_is_refused(increment: float, start: float, calls_max: int) -> None:
    """A clock that stands, runs back, begins nowhere or is never called."""
    with pytest.raises(ValueError, match="must be"):
        ascending_clock({}, 1, increment, start, calls_max)
