"""Giving way in turn: Zeuthen's rule ends at the Nash product, the rule reversed does not, and MiCRO ends where nobody can do better."""

from __future__ import annotations

import math
from itertools import permutations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from agents.negotiation.mechanisms.bargaining import frontier, nash
from agents.negotiation.mechanisms.concession import (
    Gains,
    conceded,
    concession_talks,
    lower_risk,
    micro,
    micro_talks,
    risk,
    zeuthen,
)

DEALS = st.lists(st.tuples(st.integers(-2, 30), st.integers(-2, 30)), min_size=1, max_size=15).map(
    lambda deals: {f"deal {i:02}": deal for i, deal in enumerate(deals)})  # fmt: skip
FRONTIERS = DEALS.map(lambda deals: frontier(deals, (0, 0))).filter(bool)

FOUR = {"a": (10.0, 1.0), "b": (8.0, 4.0), "c": (5.0, 6.0), "d": (1.0, 7.0)}  # products 10, 32, 30, 7


def higher_risk(gains: Gains, offers: tuple[str, str]) -> int:
    """The rule reversed, as some sources have it."""
    return 1 - lower_risk(gains, offers)


def test_risk_by_hand() -> None:
    """Party 0 asks for 10 and is offered 1: it would lose 0.9 of its gain. Party 1: 6 of 7."""
    assert (risk(FOUR, 0, "a", "d"), risk(FOUR, 1, "d", "a")) == (pytest.approx(0.9), pytest.approx(6 / 7))
    assert lower_risk(FOUR, ("a", "d")) == 1


def test_talks_by_hand() -> None:
    """1 risks less (6/7 against 9/10), and c is enough (0 then risks 1/2, and 1 5/6). Then 0 offers b, of 32 over 30; 1 takes it."""
    talks = concession_talks(FOUR)
    assert talks.offers == (("a", "d"), ("a", "c"), ("b", "c"), ("b", "b"))
    assert talks.agreed == "b" == nash(FOUR, (0, 0))


def test_of_equal_risks_party_0_concedes() -> None:
    """Two mirrored deals: each would lose half, and party 0 gives way."""
    assert concession_talks({"a": (2.0, 1.0), "b": (1.0, 2.0)}).agreed == "b"


def test_one_party_s_turn_at_a_time() -> None:
    """What each would offer next, asked alone: the other stands by its own."""
    assert (zeuthen(FOUR, 0, "a", "d"), zeuthen(FOUR, 1, "d", "a")) == ("a", "c")
    assert (zeuthen(FOUR, 0, "a", "c"), zeuthen(FOUR, 1, "c", "a")) == ("b", "c")


@settings(deadline=None)
@given(FRONTIERS)
def test_zeuthen_reaches_the_nash_product(gains) -> None:
    """On any finite frontier."""
    agreed = concession_talks(gains).agreed
    assert math.prod(gains[agreed]) == pytest.approx(max(math.prod(gain) for gain in gains.values()))


@settings(deadline=None)
@given(FRONTIERS, st.sampled_from([lower_risk, higher_risk]))
def test_talks_end_within_as_many_rounds_as_deals(gains, conceder) -> None:
    """With the rule reversed, too; and each party's offers only ever give way."""
    talks = concession_talks(gains, conceder)
    assert len(talks.offers) <= len(gains)
    for party in (0, 1):
        asked = [gains[offer[party]][party] for offer in talks.offers]
        assert asked == sorted(asked, reverse=True)


@settings(deadline=None)
@given(FRONTIERS)
def test_the_rule_reversed_misses_it(gains) -> None:
    """Where the higher risk concedes, the best product is never reached, unless there is no choice (or a tie of products)."""
    products = [math.prod(gain) for gain in gains.values()]
    assume(len(set(products)) == len(products) > 1)
    assert math.prod(gains[concession_talks(gains, higher_risk).agreed]) < max(products)


@settings(deadline=None)
@given(FRONTIERS)
def test_lower_risk_is_the_lower_product(gains) -> None:
    """Harsanyi: of two offers that each like their own better, the party of the smaller product risks less."""
    for first, second in permutations(gains, 2):
        products = [math.prod(gains[offer]) for offer in (first, second)]
        if gains[first][0] > gains[second][0] and products[0] != products[1]:
            assert lower_risk(gains, (first, second)) == (0 if products[0] < products[1] else 1)


@settings(deadline=None)
@given(FRONTIERS)
def test_a_concession_is_just_enough(gains) -> None:
    """After it the other risks less, and no deal better for the conceder would have done."""
    offers = concession_talks(gains).offers[0]
    party = lower_risk(gains, offers)
    deal = conceded(gains, party, offers)
    better = [other for other in gains if gains[deal][party] < gains[other][party] < gains[offers[party]][party]]
    assert all(lower_risk(gains, (other, offers[1]) if party == 0 else (offers[0], other)) == party for other in better)


def test_talks_of_one_deal_or_none() -> None:
    """The only deal is agreed at once; without any there is conflict."""
    assert concession_talks({"a": (1.0, 1.0)}).agreed == "a"
    assert concession_talks({}).agreed is None


def utilities(deals) -> tuple[dict[str, float], dict[str, float]]:
    """Each party's own."""
    return tuple({name: float(deal[party]) for name, deal in deals.items()} for party in (0, 1))


def test_micro_by_hand() -> None:
    """The best first; the next one for each different offer of the other's; the same again where it repeats itself; then yes."""
    mine = {"a": 10.0, "b": 8.0, "c": 5.0, "d": 1.0}
    assert micro(mine, [], []) == "a"
    assert micro(mine, ["a"], ["d"]) == "b"  # one offer of each: its turn to give way
    assert micro(mine, ["a", "b"], ["d", "d"]) == "b"  # the other repeated itself
    assert micro(mine, ["a", "b"], ["d", "c"]) == "c"  # it would offer 5 next, and has been offered 5
    assert micro(mine, [], [], reservation=11.0) is None


def test_micro_takes_what_is_as_good_as_its_next_offer() -> None:
    """It would offer b next, of 8; offered b, or c of the same 8, it answers with that, which is yes."""
    assert [micro({"a": 10.0, "b": 8.0, "c": 8.0}, ["a"], [offer]) for offer in "bc"] == ["b", "c"]


@settings(deadline=None)
@given(st.permutations(range(8)), st.permutations(range(8)))
def test_two_micros_agree_on_an_efficient_deal(first, second) -> None:
    """Strict orders: a deal that both like better would have been offered by both before. Within as many rounds as deals."""
    deals = {f"deal {i}": pair for i, pair in enumerate(zip(first, second, strict=True))}
    talks = micro_talks(utilities(deals), rounds_max=8)
    assert talks.agreed in frontier(deals, (0, 0))


@settings(deadline=None)
@given(DEALS, st.integers(0, 15), st.integers(0, 15))
def test_micro_agrees_to_nothing_below_a_reservation(deals, first, second) -> None:
    """Individually rational; and it ends by its deadline."""
    talks = micro_talks(utilities(deals), rounds_max=30, reservations=(first, second))
    assert len(talks.offers) <= 30
    if talks.agreed is not None:
        assert deals[talks.agreed][0] >= first and deals[talks.agreed][1] >= second


def test_micro_does_not_promise_the_nash_product() -> None:
    """Ranks are all it knows: it agrees on the middle of three deals, whatever they are worth."""
    deals = {"a": (100.0, 9.0), "b": (2.0, 10.0), "c": (1.0, 11.0)}
    assert micro_talks(utilities(deals), rounds_max=9).agreed == "b"
    assert nash(deals, (0, 0)) == "a"
