"""Double auctions: each keeps three of efficiency, rationality, truth and balance, and is shown to break the fourth."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from agents.negotiation.mechanisms.allocation import Allocation
from agents.negotiation.mechanisms.double_auctions import k_double, mcafee, vcg_double
from tests.negotiation.mechanisms.brute_force import (
    ALLOWED_MISREPORTS,
    FALLING,
    RISING,
    VALUES,
    best_lie,
    by_name,
    cumulative,
    gain,
)

BUYERS, SELLERS = "abcd", "wxyz"
BIDS, ASKS = by_name(FALLING, 0, BUYERS), by_name(RISING, 0, SELLERS)
ONE_BID, ONE_ASK = (by_name(VALUES.map(lambda value: [value]), 0, names) for names in (BUYERS, SELLERS))
K = st.sampled_from([0.0, 0.3, 0.5, 1.0])
RULES: dict[str, Callable[..., Allocation]] = {"k-double": k_double, "McAfee": mcafee, "VCG": vcg_double}
LIES = [[lie] for lie in ALLOWED_MISREPORTS]

Marginals = dict[str, list[float]]


def welfare(traded: Allocation, bids: Marginals, asks: Marginals) -> float:
    """What trade is worth to those who trade."""
    free = Allocation(traded.units, dict.fromkeys(traded.units, 0.0))
    return sum(gain(free, name, cumulative(marginals)) for name, marginals in (bids | asks).items())


def most_welfare(bids: Marginals, asks: Marginals) -> float:
    """By brute force: the best of every number of trades, made by the best pairs."""
    buying = sorted((value for values in bids.values() for value in values), reverse=True)
    selling = sorted(cost for costs in asks.values() for cost in costs)
    return max(sum(buying[:q]) - sum(selling[:q]) for q in range(min(len(buying), len(selling)) + 1))


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
@settings(deadline=None)
@given(bids=BIDS, asks=ASKS)
def test_what_is_bought_is_sold_and_nobody_is_worse_off(rule: Callable[..., Allocation], bids: Marginals, asks: Marginals) -> None:
    """Units balance; buyers only buy, sellers only sell; individually rational."""
    traded = rule(bids, asks)
    assert sum(traded.units.values()) == 0
    assert all(traded.units[name] >= 0 for name in bids) and all(traded.units[name] <= 0 for name in asks)
    assert all(gain(traded, name, cumulative(both)) >= -1e-12 for name, both in (bids | asks).items())


@settings(deadline=None)
@given(BIDS, ASKS, K)
def test_k_double_is_efficient_on_reports_and_strongly_budget_balanced(bids: Marginals, asks: Marginals, k: float) -> None:
    """All that pays is traded, at one price, and nothing is left with the auctioneer."""
    traded = k_double(bids, asks, k)
    assert welfare(traded, bids, asks) == most_welfare(bids, asks)
    assert math.fsum(traded.payments.values()) == pytest.approx(0, abs=1e-12)


@settings(deadline=None)
@given(BIDS, ASKS, K)
def test_k_double_prices_clear_the_market(bids: Marginals, asks: Marginals, k: float) -> None:
    """At the price no unit that was not bought is worth more, and none that was not sold costs less."""
    traded = k_double(bids, asks, k)
    if traded.price is not None:
        assert all(value <= traded.price for name in bids for value in bids[name][traded.units[name] :])
        assert all(cost >= traded.price for name in asks for cost in asks[name][-traded.units[name] :])


@settings(deadline=None)
@given(ONE_BID, ONE_ASK)
def test_k_double_is_truthful_for_the_side_that_does_not_set_the_price(bids: Marginals, asks: Marginals) -> None:
    """One unit each: buyers where k = 0, sellers where k = 1."""
    for k, side in ((0.0, bids), (1.0, asks)):
        for name in side:
            assert best_lie(lambda said, k=k: _split(said, k), bids | asks, name, cumulative(side[name]), LIES) <= 0


@settings(deadline=None)
@given(ONE_BID, ONE_ASK)
def test_k_double_is_not_truthful(bids: Marginals, asks: Marginals) -> None:
    """The marginal buyer gains by shading wherever its bid moves the price: it bids just above what it needs to stay in."""
    traded = k_double(bids, asks)
    buyers, sellers = ([name for name in side if traded.units[name]] for side in (bids, asks))
    assume(buyers)
    marginal = min(buyers, key=lambda name: (bids[name], [-ord(letter) for letter in name]))
    low = max([*(asks[name][0] for name in sellers), *(bids[name][0] for name in bids if name not in buyers)])
    high = min([bids[marginal][0], *(asks[name][0] for name in asks if name not in sellers)])
    assume(high > low)
    lie = low + (high - low) / 4
    assert best_lie(_split, bids | asks, marginal, cumulative(bids[marginal]), [[lie]]) > 0


def test_the_marginal_buyer_gains_by_hand() -> None:
    """One buyer of 10 and one seller of 4 trade at 7; who says 5 instead trades at 4.50, and gains 2.50."""
    assert k_double({"a": [10.0]}, {"z": [4.0]}).payments == {"a": 7.0, "z": -7.0}
    assert best_lie(_split, {"a": [10.0], "z": [4.0]}, "a", [0, 10], [[5.0]]) == 2.5


def test_a_bid_that_meets_an_ask_is_a_trade() -> None:
    """5 for 5: it changes hands at 5, which is worth nothing to anybody, and costs nobody anything."""
    assert k_double({"a": [5.0]}, {"z": [5.0]}).payments == {"a": 5.0, "z": -5.0}


def test_mcafee_by_hand() -> None:
    """Bids 10, 8, 5 and asks 3, 6, 7: two pay, the third pair's middle is 6, within [6, 8]: two trades at 6."""
    traded = mcafee({"a": [10.0], "b": [8.0], "c": [5.0]}, {"x": [3.0], "y": [6.0], "z": [7.0]})
    assert (traded.units, traded.price) == ({"a": 1, "b": 1, "c": 0, "x": -1, "y": -1, "z": 0}, 6.0)


def test_mcafee_gives_a_trade_up_by_hand() -> None:
    """Bids 10, 8 and asks 3, 6, and no third pair: only a and x trade, a pays 8, x gets 6, and 2 stay with the auctioneer."""
    traded = mcafee({"a": [10.0], "b": [8.0]}, {"x": [3.0], "y": [6.0]})
    assert (traded.units, traded.price) == ({"a": 1, "b": 0, "x": -1, "y": 0}, None)
    assert (traded.payments["a"], traded.payments["x"]) == (8.0, -6.0)


@settings(deadline=None)
@given(BIDS, ASKS)
def test_mcafee_never_runs_a_deficit_and_gives_up_one_trade_at_most(bids: Marginals, asks: Marginals) -> None:
    """Weakly budget balanced; what it misses is the least of all trades that pay."""
    traded, efficient = mcafee(bids, asks), k_double(bids, asks)
    trades, most = (sum(units for units in found.units.values() if units > 0) for found in (traded, efficient))
    assert math.fsum(traded.payments.values()) >= 0
    assert most - 1 <= trades <= most
    assert welfare(traded, bids, asks) >= most_welfare(bids, asks) * (1 - 1 / most if most else 1) - 1e-12


@settings(deadline=None)
@given(ONE_BID, ONE_ASK)
def test_mcafee_is_truthful_for_one_unit_each(bids: Marginals, asks: Marginals) -> None:
    """No misreport of any buyer or seller gains, ties included."""
    for name, mine in (bids | asks).items():
        assert best_lie(lambda said: _split(said, rule=mcafee), bids | asks, name, cumulative(mine), LIES) <= 0


@settings(deadline=None)
@given(BIDS, ASKS)
def test_vcg_is_efficient(bids: Marginals, asks: Marginals) -> None:
    """All that pays is traded."""
    assert welfare(vcg_double(bids, asks), bids, asks) == most_welfare(bids, asks)


@settings(deadline=None)
@given(ONE_BID, ONE_ASK)
def test_vcg_is_truthful(bids: Marginals, asks: Marginals) -> None:
    """No misreport of any buyer or seller gains."""
    for name, mine in (bids | asks).items():
        assert best_lie(lambda said: _split(said, rule=vcg_double), bids | asks, name, cumulative(mine), LIES) <= 1e-12


@settings(deadline=None)
@given(ONE_BID, ONE_ASK)
def test_vcg_runs_a_deficit(bids: Marginals, asks: Marginals) -> None:
    """The counter-example of Myerson and Satterthwaite: never a surplus, and a loss wherever the clearing prices leave room.

    Buyers pay the lowest clearing price and sellers get the highest: the deficit is their distance times the trades.
    """
    traded, low, high = vcg_double(bids, asks), k_double(bids, asks, 0.0), k_double(bids, asks, 1.0)
    trades = sum(units for units in traded.units.values() if units > 0)
    spread = high.price - low.price if low.price is not None and high.price is not None else 0.0
    assert math.fsum(traded.payments.values()) == pytest.approx(-trades * spread, abs=1e-9)


def test_vcg_runs_a_deficit_by_hand() -> None:
    """A buyer of 10 and a seller of 4: the buyer pays 4, the seller gets 10, and the auctioneer is 6 short."""
    assert vcg_double({"a": [10.0]}, {"z": [4.0]}).payments == {"a": 4.0, "z": -10.0}


def test_of_two_units_a_mcafee_trader_may_lie() -> None:
    """What it does not promise: who has two units can be the next pair of its own trade."""
    bids, asks = {"a": [6.0, 5.0], "b": [4.0]}, {"w": [0.0], "x": [0.0], "y": [3.0]}
    lies = [[6.0, low] for low in ALLOWED_MISREPORTS if low <= 6]
    assert best_lie(lambda said: _split(said, rule=mcafee), bids | asks, "a", [0, 6, 11], lies) > 0


@pytest.mark.parametrize(("wrong", "said"), [
    (lambda: k_double({"a": [1.0]}, {"a": [1.0]}), "'a' bids and asks"),
    (lambda: k_double({}, {}, 1.5), r"k = 1\.5 must be from 0"),
    (lambda: mcafee({}, {"z": [2.0, 1.0]}), "'z': one more unit at 1.0 after one at 2.0; .* never fall"),
])  # fmt: skip
def test_nonsense_is_refused(wrong: Callable[[], Allocation], said: str) -> None:
    """With the trader, the value and the rule."""
    with pytest.raises(ValueError, match=said):
        wrong()


def _split(said: Marginals, k: float = 0.5, rule: Callable[..., Allocation] = k_double) -> Allocation:
    """Buyers' and sellers' reports in one mapping, as `best_lie` has them."""
    sides = [{name: said[name] for name in said if name in names} for names in (BUYERS, SELLERS)]
    return rule(*sides, k) if rule is k_double else rule(*sides)
