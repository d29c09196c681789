"""VCG against brute force: efficient for values of any shape, truthful, individually rational, and what it does not promise."""

from __future__ import annotations

import math
from itertools import accumulate, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.negotiation.mechanisms.uniform_price import uniform_price
from agents.negotiation.mechanisms.vcg import vcg
from tests.negotiation.mechanisms.brute_force import (
    ANY_SHAPE,
    VALUES,
    best_lie,
    best_welfare,
    by_name,
    cumulative,
    gain,
)

BIDS, SUPPLY = by_name(ANY_SHAPE), st.integers(0, 4)
LIES = [[0.0, *lie] for lie in product((0.0, 0.5, 2.0, 4.25, 7.0), repeat=3)]


def disposed(values: list[float]) -> list[float]:
    """What units are worth where those that are too many can be thrown away."""
    return list(accumulate(values, max))


def test_by_hand() -> None:
    """a: 6 for one and 9 for two; b: 5 for one. Both get one; a pays b's loss, 0; b takes from a the 3 of its second unit."""
    sold = vcg({"a": [0, 6, 9], "b": [0, 5]}, 2)
    assert (sold.units, sold.payments, sold.price) == ({"a": 1, "b": 1}, {"a": 0.0, "b": 3.0}, None)


def test_complements_are_sold_together_or_not_at_all() -> None:
    """Two units or none are worth 10 to a; one is worth 4 to b and to c: a wins, and pays the 8 they would have had."""
    sold = vcg({"a": [0, 0, 10], "b": [0, 4], "c": [0, 4]}, 2)
    assert (sold.units, sold.payments) == ({"a": 2, "b": 0, "c": 0}, {"a": 8.0, "b": 0.0, "c": 0.0})


def test_equal_optima_give_more_to_the_earlier_name() -> None:
    """Two units worth 3 each to a and to b: a has both, at the 6 that b would have paid."""
    sold = vcg({"b": [0, 3, 6], "a": [0, 3, 6]}, 2)
    assert (sold.units, sold.payments) == ({"a": 2, "b": 0}, {"a": 6.0, "b": 0.0})


@settings(deadline=None)
@given(BIDS, SUPPLY)
def test_efficient_for_values_of_any_shape(bids: dict[str, list[float]], supply: int) -> None:
    """No split is worth more, up to six bidders and four units; and nobody is given units that are worth nothing more."""
    units = vcg(bids, supply).units
    worth = {name: disposed(values) for name, values in bids.items()}
    assert sum(worth[name][units[name]] for name in bids) == best_welfare(worth, supply)
    assert sum(units.values()) <= supply
    assert all(units[name] == 0 or worth[name][units[name]] > worth[name][units[name] - 1] for name in bids)


@settings(deadline=None)
@given(BIDS, SUPPLY)
def test_payments_are_what_it_costs_the_others(bids: dict[str, list[float]], supply: int) -> None:
    """W(without i) - (W - v_i) by brute force; so from 0 up to what the units are worth (individually rational)."""
    sold = vcg(bids, supply)
    worth = {name: disposed(values) for name, values in bids.items()}
    for name in bids:
        others = {other: worth[other] for other in bids if other != name}
        without = best_welfare(others, supply) if others else 0.0
        assert sold.payments[name] == without - sum(others[other][sold.units[other]] for other in others)
        assert 0 <= sold.payments[name] <= worth[name][sold.units[name]]


@settings(max_examples=60, deadline=None)
@given(by_name(ANY_SHAPE, names="abcd"), SUPPLY, st.data())
def test_the_truth_is_best(bids: dict[str, list[float]], supply: int, data: st.DataObject) -> None:
    """No misreport of one bidder gains, of a grid of 125 shapes."""
    name = data.draw(st.sampled_from(sorted(bids)))
    worth = [*disposed(bids[name]), *[max(bids[name])] * 4]
    assert best_lie(lambda said: vcg(said, supply), bids, name, worth, LIES) <= 1e-12


@settings(deadline=None)
@given(by_name(VALUES.map(lambda value: [value])), SUPPLY)
def test_for_one_unit_each_it_is_the_k_plus_one_price(bids: dict[str, list[float]], supply: int) -> None:
    """Unit demand: the externality is the highest losing bid, and a winner's gain is the same under both rules."""
    one_price, externality = uniform_price(bids, supply), vcg({name: cumulative(bids[name]) for name in bids}, supply)
    for name, truth in bids.items():
        worth = cumulative(truth)
        assert gain(one_price, name, worth) == pytest.approx(gain(externality, name, worth))


def test_a_group_can_gain_by_lying_together() -> None:
    """Not group-proof, and low in revenue: b and c, worth 4 each, lose against a's 10; both say 10, win, and pay nothing."""
    truth = {"a": [0, 0, 10], "b": [0, 4], "c": [0, 4]}
    together = vcg(truth | {"b": [0, 10], "c": [0, 10]}, 2)
    assert (together.units, together.payments) == ({"a": 0, "b": 1, "c": 1}, {"a": 0.0, "b": 0.0, "c": 0.0})


@pytest.mark.parametrize(("values", "supply", "said"), [
    ({"a": [1.0, 2.0]}, 1, "'a': the values of 0, 1, 2, … units begin with 0"),
    ({"a": []}, 1, "begin with 0"),
    ({"a": [0.0, math.nan]}, 1, "a value of 'a' = nan must be finite"),
    ({"a": [0.0]}, 0.5, r"supply = 0\.5"),
])  # fmt: skip
def test_nonsense_is_refused(values: dict[str, list[float]], supply: int, said: str) -> None:
    """With the bidder, the value and the rule."""
    with pytest.raises(ValueError, match=said):
        vcg(values, supply)
