"""Credits: what callers may use never exceeds the capacity, whatever is lost, doubled or late, and whoever crashes."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from agents.negotiation.leases import Holding, Ledger
from agents.negotiation.messages import Performative
from agents.negotiation.protocols.credits import PROTOCOL, Caller, Granter
from tests.negotiation.adversary import NUMBERS, STATEFUL, Adversary
from tests.negotiation.telling import told

CAPACITY, SKEW, PERIOD, CREDIT, DONE_BY = 10, 1, 5, 16, 100


def even(needs: Mapping[str, int], capacity: int) -> dict[str, int]:
    """An equal share each, none more than it needs."""
    return {name: min(need, capacity // len(needs)) for name, need in needs.items()}


class Credits(Adversary):
    """Three callers whose needs change; they and the granter may crash."""

    bears_nonsense = False  # a forged confirmation would be believed

    @initialize()
    def open(self) -> None:
        """All begin."""
        self.conversation, self.ends, self.needs = 0, DONE_BY, {"ann": 9, "bob": 9, "eve": 0}
        self.ledger = Ledger(CAPACITY, SKEW, 0, CREDIT)
        self.holdings = {name: Holding(name, SKEW) for name in self.needs}
        self.granter_begins()
        for name in self.needs:
            self.caller_begins(name)

    def granter_begins(self) -> None:
        """A new process, with the ledger it has."""
        self.roles["callee"] = Granter("callee", "c1", self.needs, self.ledger, even, PERIOD, CREDIT, DONE_BY)
        self.took(self.roles["callee"].begin(self.now_ns))

    def caller_begins(self, name: str) -> None:
        """A new process, with the holding it has."""
        self.roles[name] = Caller(name, "c1", "callee", self.holdings[name], lambda _: self.needs[name], PERIOD, DONE_BY)
        self.took(self.roles[name].begin(self.now_ns))

    @rule(who=st.sampled_from(["ann", "bob", "eve"]), need=st.integers(0, CAPACITY))
    def need(self, who: str, need: int) -> None:
        """Somebody needs more, or less."""
        self.needs[who] = need

    @precondition(lambda self: self.may_crash)
    @rule(who=st.sampled_from(["ann", "bob", "eve", "callee"]), later_ns=st.integers(1, 5))
    def crash(self, who: str, later_ns: int) -> None:
        """Somebody begins again: a holder keeps its newest token, a granter the number of its epoch."""
        self.now_ns += later_ns
        if who == "callee":
            self.ledger = Ledger.restarted(CAPACITY, SKEW, self.ledger.epoch, CREDIT, self.now_ns)
            self.granter_begins()
        else:
            self.holdings[who] = Holding(who, SKEW, self.holdings[who].newest_token)
            self.caller_begins(who)

    @rule(which=NUMBERS)
    def calm(self, which: int) -> None:
        """All that is in flight arrives, and all timers ring."""
        for message in [self.in_flight.pop(0) for _ in range(len(self.in_flight))]:
            self.deliver(message)
        self.now_ns += 1 + which % PERIOD
        self.ring()

    @invariant()
    def credits_fit(self) -> None:
        """What all may use fits, and is promised."""
        if self.roles:
            in_use = sum(holding.usable(self.now_ns) for holding in self.holdings.values())
            assert in_use <= self.ledger.live(self.now_ns) <= CAPACITY

    @invariant()
    def requests_are_answered_once(self) -> None:
        """No request has two answers, unless the granter has begun anew."""
        answers = [m.in_reply_to for _, m in self.sent if m.sender == "callee"]
        assert self.may_crash or len(answers) == len(set(answers))

    def check_end(self) -> None:
        """All is over, and in the end nothing is used nor promised."""
        if self.roles:
            self.now_ns += CREDIT + 4 * SKEW
            assert all(role.is_over for role in self.roles.values())
            assert self.ledger.live(self.now_ns) == 0 == sum(holding.usable(self.now_ns) for holding in self.holdings.values())


TestCredits = Credits.TestCase
TestCredits.settings = STATEFUL


def parties(needs: dict[str, int]) -> tuple[Ledger, dict[str, Holding], list[Granter | Caller]]:
    """A granter and callers, on a network that works."""
    ledger = Ledger(CAPACITY, SKEW, 0, CREDIT)
    holdings = {name: Holding(name, SKEW) for name in needs}
    callers = [Caller(name, "c1", "callee", holdings[name], lambda _, name=name: needs[name], PERIOD, DONE_BY) for name in needs]
    return ledger, holdings, [Granter("callee", "c1", needs, ledger, even, PERIOD, CREDIT, DONE_BY), *callers]


def test_credits_follow_need() -> None:
    """Ann needs 9 and bob 1, then it is the other way round: each is granted its half, and what it does not need is free."""
    needs = {"ann": 9, "bob": 1}
    ledger, holdings, roles = parties(needs)
    told(roles, ["callee", "ann", "bob"], until_ns=2)
    assert [holding.usable(2) for holding in holdings.values()] == [5, 1]
    assert ledger.live(2) == 6


def test_what_one_gives_up_another_has_a_period_later() -> None:
    """Ann keeps to 7 until she has heard of less: meanwhile bob has the 3 that fit, and his 8 when she has confirmed her 2."""
    needs = {"ann": 7, "bob": 0}
    _, holdings, (_, ann, bob) = parties(needs)
    ledger = Ledger(CAPACITY, SKEW, 0, CREDIT)
    granter = Granter("callee", "c1", needs, ledger, lambda wanted, _: dict(wanted), PERIOD, CREDIT, DONE_BY)
    granter.begin(0)
    used = []
    for now_ns in (0, 5, 10):
        asked = [m for role in (ann, bob) for m in (role.expire(now_ns) if now_ns else role.begin(0)).messages]
        for answer in [m for one in asked for m in granter.receive(one, now_ns + 1).messages]:
            (ann if answer.receiver == "ann" else bob).receive(answer, now_ns + 2)
        used.append([holding.usable(now_ns + 2) for holding in holdings.values()])
        needs |= {"ann": 2, "bob": 8}
    assert used == [[7, 0], [2, 3], [2, 8]]


def test_what_is_given_back_is_free_at_once() -> None:
    """When a caller's time is up it gives its credit back, and the ledger has it."""
    ledger, _, (granter, ann) = parties({"ann": 9})
    granter.begin(0)
    ann.receive(granter.receive(ann.begin(0).messages[0], 0).messages[0], 1)
    assert ledger.live(1) == 9
    for cancel in ann.expire(DONE_BY).messages:
        granter.receive(cancel, 2)
    assert (ledger.live(2), ann.is_over) == (0, True)


def test_who_hears_nothing_more_stops() -> None:
    """All grants after the first are lost: what was granted at 1 for 16 is used until 1 + 16 - skew, and free at + skew."""
    _, holdings, roles = parties({"ann": 9, "bob": 9})
    told(roles, ["callee", "ann", "bob"], lambda n, m: n > 3 and m.performative == Performative.AGREE, until_ns=17)
    assert [holdings["ann"].usable(now_ns) for now_ns in (15, 16)] == [5, 0]
    assert roles[0].protocol == PROTOCOL


@pytest.mark.parametrize("figures", [(5, 5), (0, 16), (5, 17)])
def test_a_credit_lasts_until_the_next(figures: tuple[int, int]) -> None:
    """Credits shorter than a period, or longer than the ledger's term, are refused."""
    with pytest.raises(ValueError, match="credits for"):
        Granter("callee", "c1", ["ann"], Ledger(CAPACITY, SKEW, 0, CREDIT), even, *figures, DONE_BY)
    with pytest.raises(ValueError, match="let time pass"):
        Caller("ann", "c1", "callee", Holding("ann", SKEW), lambda _: 1, 0, DONE_BY)
