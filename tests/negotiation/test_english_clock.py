"""The ascending clock: against the adversary, and call by call."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant

from agents.negotiation.messages import Content, Performative
from agents.negotiation.protocols.contract_net import ITERATED, Participant
from agents.negotiation.protocols.english_clock import Called, Clock, auctioneer
from tests.negotiation.adversary import STATEFUL, Adversary
from tests.negotiation.telling import told

SUPPLY, CALLS, WITHIN, DONE_BY = 4, 5, 10, 90


def settled(calls: Sequence[Called]) -> Mapping[str, Content]:
    """All that was wanted at the last price, by name as far as it goes."""
    awards, left = {}, SUPPLY
    for name, units in sorted(calls[-1].wanted.items()):
        if got := min(units, left):
            awards[name], left = {"units": got, "price": calls[-1].price}, left - got
    return awards


def bidder(name: str, values: Sequence[float]) -> Participant:
    """One who wants each unit that is worth more to it than the price."""
    return Participant(name, ITERATED, "c1", "clock", lambda call, _: {"units": sum(value > call["price"] for value in values)},
                       lambda award, _: {"paid": award["units"] * award["price"]}, 5)  # fmt: skip


class EnglishClock(Adversary):
    """One to four bidders with values for up to three units."""

    bears_nonsense = False  # bidders want to read a price

    @initialize(values=st.lists(st.lists(st.integers(0, 6), max_size=3), min_size=1, max_size=4))
    def call(self, values: list[list[int]]) -> None:
        """The first price is called."""
        self.values = {f"bidder-{i}": own for i, own in enumerate(values)}
        self.clock = Clock(SUPPLY, 0.0, 1.0, CALLS, WITHIN, settled)
        for name, own in self.values.items():
            self.roles[name] = bidder(name, own)
        self.roles["clock"] = auctioneer("clock", "c1", self.values, self.clock, WITHIN, DONE_BY)
        self.took(self.roles["clock"].begin(0))

    @invariant()
    def no_more_than_there_is(self) -> None:
        """Awards fit, and nobody pays more for a unit than it is worth, whatever the network does."""
        accepts = [m for _, m in self.sent if m.performative == Performative.ACCEPT_PROPOSAL]
        assert sum(m.content["units"] for m in accepts) <= SUPPLY
        for accept in accepts:
            assert accept.content["units"] <= sum(v > accept.content["price"] for v in self.values[accept.receiver])

    @invariant()
    def prices_only_rise(self) -> None:
        """Each call is dearer than the one before, and wants no more."""
        prices = [m.content["price"] for _, m in self.sent if m.performative == Performative.CFP]
        assert prices == sorted(prices)
        calls = [] if not self.roles else self.clock.calls
        assert all(later.wanted[n] <= before.wanted[n] for before, later in itertools.pairwise(calls) for n in later.wanted)

    def check_end(self) -> None:
        """The auction is over, after no more calls than it has."""
        if self.roles:
            assert self.roles["clock"].is_over
            assert len(self.clock.calls) <= CALLS


TestEnglishClock = EnglishClock.TestCase
TestEnglishClock.settings = STATEFUL


def test_the_price_rises_until_demand_fits() -> None:
    """Four units, values 5 5 1 / 4 2 / 3: five are wanted below 2, four at 2, where the clock stops."""
    clock = Clock(SUPPLY, 0.0, 1.0, CALLS, WITHIN, settled)
    bidders = [bidder("ann", [5, 5, 1]), bidder("bob", [4, 2]), bidder("eve", [3])]
    seller = auctioneer("clock", "c1", ["ann", "bob", "eve"], clock, WITHIN, DONE_BY)
    told([seller, *bidders], ["clock"])
    assert [(one.price, dict(one.wanted)) for one in clock.calls] == [
        (0.0, {"ann": 3, "bob": 2, "eve": 1}), (1.0, {"ann": 2, "bob": 2, "eve": 1}), (2.0, {"ann": 2, "bob": 1, "eve": 1})]  # fmt: skip
    assert seller.results == {"ann": {"paid": 4.0}, "bob": {"paid": 2.0}, "eve": {"paid": 2.0}}


def test_who_is_not_heard_is_out() -> None:
    """Bob's second bid is lost: the clock goes on without him at the deadline, and two of his units fewer are wanted."""
    told_of: list[Called] = []
    clock = Clock(SUPPLY, 0.0, 1.0, CALLS, WITHIN, lambda calls: (told_of.extend(calls), settled(calls))[1])
    bidders = [bidder("ann", [5, 5, 5]), bidder("bob", [9, 9])]
    seller = auctioneer("clock", "c1", ["ann", "bob"], clock, WITHIN, DONE_BY)
    told([seller, *bidders], ["clock"], lambda _, m: m.sender == "bob" and m.in_reply_to == "clock@2/4")
    assert [dict(one.wanted) for one in clock.calls] == [{"ann": 3, "bob": 2}, {"ann": 3}]
    assert [dict(one.wanted) for one in told_of] == [{"ann": 3}, {"ann": 3}]  # what is settled is among those who are heard
    assert seller.results == {"ann": {"paid": 3.0}}


def test_after_the_last_call_what_there_is_is_settled() -> None:
    """At the highest price five are wanted of four: the clock asks no more, and `settle` rations."""
    clock = Clock(SUPPLY, 0.0, 1.0, 2, WITHIN, settled)
    bidders = [bidder("ann", [9, 9, 9]), bidder("bob", [9, 9])]
    seller = auctioneer("clock", "c1", ["ann", "bob"], clock, WITHIN, DONE_BY)
    told([seller, *bidders], ["clock"])
    assert [one.price for one in clock.calls] == [0.0, 1.0]
    assert seller.results == {"ann": {"paid": 3.0}, "bob": {"paid": 1.0}}


@pytest.mark.parametrize(("done_by", "answers_by", "calls"), [(25, None, 3), (25, 12, 2), (25, 10, 1), (25, 25, 8), (90, None, 10)])
def test_at_the_deadline_what_there_is_is_settled(done_by: int, answers_by: int | None, calls: int) -> None:
    """A call takes two ticks and may take ten: one that might be answered too late is not made, and all four units are sold."""
    clock = Clock(SUPPLY, 0.0, 1.0, 99, WITHIN, settled)
    bidders = [bidder("ann", [9, 9, 9]), bidder("bob", [9, 9])]
    seller = auctioneer("clock", "c1", ["ann", "bob"], clock, WITHIN, done_by, answers_by)
    told([seller, *bidders], ["clock"])
    assert [one.price for one in clock.calls] == [float(price) for price in range(calls)]
    if calls < 10:  # at 9 nobody wants any more
        assert seller.results == {"ann": {"paid": 3 * clock.calls[-1].price}, "bob": {"paid": clock.calls[-1].price}}


def test_demand_that_rises_is_not_heard() -> None:
    """The activity rule: three units at a higher price count as the two that were wanted before; nonsense counts as none."""
    clock = Clock(1, 0.0, 1.0, CALLS, WITHIN, settled)
    clock({"ann": {"units": 2}, "bob": {"units": 9}})
    clock({"ann": {"units": 3}, "bob": {"units": "many"}})
    assert [dict(one.wanted) for one in clock.calls] == [{"ann": 1, "bob": 1}, {"ann": 1, "bob": 0}]


def test_a_clock_that_stands_still_is_refused() -> None:
    """An increment of 0 never ends."""
    with pytest.raises(ValueError, match="does not go"):
        Clock(1, 0.0, 0.0, CALLS, WITHIN, settled)
