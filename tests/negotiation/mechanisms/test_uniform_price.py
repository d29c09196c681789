"""The (k+1)-price auction against brute force: efficient, individually rational, truthful for one unit and not for two."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.negotiation.mechanisms.uniform_price import uniform_price
from tests.negotiation.mechanisms.brute_force import (
    ALLOWED_MISREPORTS,
    FALLING,
    VALUES,
    best_lie,
    best_welfare,
    by_name,
    cumulative,
    gain,
)

BIDS, SUPPLY = by_name(FALLING), st.integers(0, 4)
UNIT_BIDS = by_name(VALUES.map(lambda value: [value]))


def test_by_hand() -> None:
    """Two units, bids of 9, 7, 4 and 1: the first two win, and pay 4 each."""
    sold = uniform_price({"a": [9.0, 4.0], "b": [7.0], "c": [1.0]}, 2)
    assert (sold.units, sold.payments, sold.price) == ({"a": 1, "b": 1, "c": 0}, {"a": 4.0, "b": 4.0, "c": 0.0}, 4.0)


def test_a_tie_goes_by_name_and_leaves_nothing_to_gain() -> None:
    """Two bids of 5 for one unit: a has it, at the 5 that b would have paid."""
    sold = uniform_price({"b": [5.0], "a": [5.0]}, 1)
    assert (sold.units, sold.price) == ({"a": 1, "b": 0}, 5.0)


def test_without_rivals_the_reserve_is_the_price() -> None:
    """As many units as bids: nobody loses, and a bid of the reserve wins at it; one below it does not."""
    sold = uniform_price({"a": [9.0], "b": [2.0], "c": [1.9]}, 3, reserve=2.0)
    assert (sold.units, sold.price) == ({"a": 1, "b": 1, "c": 0}, 2.0)
    assert uniform_price({"a": [9.0]}, 1).price == 0.0


@settings(deadline=None)
@given(BIDS, SUPPLY, VALUES)
def test_efficient_on_what_was_said(bids: dict[str, list[float]], supply: int, reserve: float) -> None:
    """No split of the units is worth more, up to six bidders and four units; with a reserve, of what is worth it."""
    units = uniform_price(bids, supply, reserve).units
    worth = {name: cumulative([value - reserve for value in bids[name]]) for name in bids}
    assert sum(worth[name][units[name]] for name in bids) == best_welfare(worth, supply)
    assert sum(units.values()) <= supply


@settings(deadline=None)
@given(BIDS, SUPPLY, VALUES)
def test_nobody_pays_more_than_it_is_worth(bids: dict[str, list[float]], supply: int, reserve: float) -> None:
    """Individually rational, every unit at or above the reserve, so that the seller never loses; losers pay nothing."""
    sold = uniform_price(bids, supply, reserve)
    assert all(gain(sold, name, cumulative(bids[name])) >= 0 for name in bids)
    assert all(sold.payments[name] == sold.units[name] * sold.price >= 0 for name in bids)
    assert sold.price >= reserve


@settings(deadline=None)
@given(UNIT_BIDS, SUPPLY, VALUES)
def test_the_truth_is_best_where_everybody_wants_one(bids: dict[str, list[float]], supply: int, reserve: float) -> None:
    """No misreport of anybody gains, from nothing to more than the highest value, ties included."""
    for name, truth in bids.items():
        lies = [[lie] for lie in ALLOWED_MISREPORTS]
        assert best_lie(lambda said: uniform_price(said, supply, reserve), bids, name, cumulative(truth), lies) <= 0


def test_who_wants_two_gains_by_bidding_low_for_the_second() -> None:
    """Demand reduction: with 10 and 8 against a 6, telling the truth wins two at 6 (gain 6); 0 for the second wins one at 0 (10)."""
    bids = {"a": [10.0, 8.0], "b": [6.0]}
    assert best_lie(lambda said: uniform_price(said, 2), bids, "a", [0, 10, 18], [[10.0, 0.0]]) == 10 - (18 - 12)


@pytest.mark.parametrize(("bids", "supply", "said"), [
    ({"a": [1.0, 2.0]}, 1, "'a': one more unit at 2.0 after one at 1.0; .* never rise"),
    ({"a": [math.inf]}, 1, "a price of 'a' = inf must be finite"),
    ({"a": [1.0]}, -1, "supply = -1"),
])  # fmt: skip
def test_nonsense_is_refused(bids: dict[str, list[float]], supply: int, said: str) -> None:
    """With the bidder, the value and the rule."""
    with pytest.raises(ValueError, match=said):
        uniform_price(bids, supply)
