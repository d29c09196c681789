"""Leases under loss, copies, delay, crashes on both sides and clocks that are wrong by as much as they may be."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from agents.negotiation.leases import Holding, Lease, Ledger
from tests.negotiation.adversary import NUMBERS, STATEFUL

CAPACITY, SKEW, TERM = 10, 4, 30
HOLDERS = ("ann", "bob", "eve")


class Leases(RuleBasedStateMachine):
    """One ledger, three holders, and messages between them that arrive when hypothesis likes, twice or never.

    Time likes to stop right before and at the instants at which some clock says that something ends.
    """

    def __init__(self) -> None:
        super().__init__()
        self.true_ns = 1000
        self.wrong_ns = dict.fromkeys(("ledger", *HOLDERS), 0)  # by how much each clock is
        self.ledger = Ledger(CAPACITY, SKEW, 0, TERM)
        self.holdings = {name: Holding(name, SKEW) for name in HOLDERS}
        self.wants: list[tuple[str, str, int]] = []  # to the ledger: what, who, the token
        self.leases: list[Lease] = []  # to the holders
        self.ends_ns: list[int] = []  # at which somebody's clock may say that something is over
        self.tokens: list[int] = []

    def clock(self, name: str) -> int:
        """What time somebody believes it is."""
        return self.true_ns + self.wrong_ns[name]

    @initialize(wrong_ns=st.tuples(*[st.sampled_from([-SKEW, 0, SKEW])] * 4))
    def clocks(self, wrong_ns: tuple[int, ...]) -> None:
        """Every clock is wrong."""
        self.wrong_ns = dict(zip(self.wrong_ns, wrong_ns, strict=True))

    @rule(who=st.sampled_from(("ledger", *HOLDERS)), wrong_ns=st.sampled_from([-SKEW, 0, SKEW]))
    def clock_is_set(self, who: str, wrong_ns: int) -> None:
        """A clock jumps, forward or back."""
        self.wrong_ns[who] = wrong_ns

    @rule(which=NUMBERS, passes_ns=st.none() | st.sampled_from([1, TERM]))
    def time(self, which: int, passes_ns: int | None) -> None:
        """Time passes."""
        ends_ns = sorted({end - early for end in self.ends_ns for early in (0, 1) if end - early > self.true_ns})
        self.true_ns = self.true_ns + (passes_ns or 1) if passes_ns or not ends_ns else ends_ns[which % min(4, len(ends_ns))]

    @rule(who=st.sampled_from(HOLDERS), less=st.sampled_from([0, 0, 1, 5]), shorter_ns=st.sampled_from([0, 0, 8]), arrives=st.booleans())
    def grant(self, who: str, less: int, shorter_ns: int, arrives: bool) -> None:
        """The ledger grants all it has, or somewhat less, for a term, or somewhat less; the holder hears it now or later."""
        now_ns = self.clock("ledger")
        self.granted(self.ledger.grant(who, max(0, CAPACITY - less), now_ns, now_ns + TERM - shorter_ns) or self.ledger.grant(
            who, max(0, self.ledger.room(who, now_ns) - less), now_ns, now_ns + TERM - shorter_ns), arrives)  # fmt: skip

    @rule(who=st.sampled_from(HOLDERS), amount=st.integers(0, CAPACITY + 1), term_ns=st.integers(-1, 2 * TERM))
    def grant_anything(self, who: str, amount: int, term_ns: int) -> None:
        """The ledger is asked for anything for any time."""
        now_ns = self.clock("ledger")
        self.granted(self.ledger.grant(who, amount, now_ns, now_ns + term_ns), arrives=True)

    @rule(who=st.sampled_from(HOLDERS), amount=st.sampled_from([0, 2]))
    def shrink(self, who: str, amount: int) -> None:
        """A holder is granted less, hears it and confirms it at once; copies of what it had may still be under way."""
        now_ns = self.clock("ledger")
        lease = self.ledger.grant(who, amount, now_ns, now_ns + TERM)
        self.granted(lease, arrives=True)
        if lease is not None:
            self.ledger.confirm(who, lease.token)

    def granted(self, lease: Lease | None, arrives: bool) -> None:
        """What the ledger gave, if anything, is under way; a copy stays under way if it arrives at once."""
        if lease is not None:
            self.tokens.append(lease.token)
            self.leases.append(lease)
            self.ends_ns += [lease.expires_ns + k * SKEW for k in (-2, -1, 0, 1, 2)]
            if arrives:
                self.holder_takes(lease)

    def holder_takes(self, lease: Lease) -> None:
        """A lease arrives: it is taken if it is newer than all before it."""
        holding = self.holdings[lease.holder]
        newest = holding.newest_token
        assert holding.take(lease) == (lease.token > newest)

    @rule(who=st.sampled_from(HOLDERS), what=st.sampled_from(["renew", "confirm", "confirm", "release"]))
    def ask(self, who: str, what: str) -> None:
        """A holder asks for its lease again, confirms the one it keeps to, or gives it back."""
        given = self.holdings[who].give_back() if what == "release" else self.holdings[who].newest_token
        self.wants.append((what, who, -1 if given is None else given))

    @precondition(lambda self: self.wants)
    @rule(which=NUMBERS, copies=st.sampled_from([0, 1, 1, 1, 2]))
    def ledger_hears(self, which: int, copies: int) -> None:
        """Any request arrives, or is lost, or stays under way as well."""
        what, who, token = self.wants.pop(which % len(self.wants))
        if copies == 2:
            self.wants.append((what, who, token))
        now_ns = self.clock("ledger")
        if copies and what == "renew":
            self.granted(self.ledger.renew(who, token, now_ns, now_ns + TERM), arrives=False)
        elif copies:
            (self.ledger.confirm if what == "confirm" else self.ledger.release)(who, token)

    @precondition(lambda self: self.leases)
    @rule(which=NUMBERS, copies=st.sampled_from([0, 1, 1, 1, 2]))
    def holder_hears(self, which: int, copies: int) -> None:
        """Any lease arrives, or is lost, or stays under way as well."""
        lease = self.leases.pop(which % len(self.leases))
        if copies == 2:
            self.leases.append(lease)
        if copies:
            self.holder_takes(lease)

    @rule()
    def ledger_crashes(self) -> None:
        """The next epoch begins, with no memory but its number."""
        self.ledger = Ledger.restarted(CAPACITY, SKEW, self.ledger.epoch, TERM, self.clock("ledger"))
        self.ends_ns += [self.ledger.quiet_until_ns + k * SKEW for k in (-1, 0, 1)]

    @rule(who=st.sampled_from(HOLDERS), told=st.booleans())
    def holder_crashes(self, who: str, told: bool) -> None:
        """A holder begins again, with no memory but the newest token it saw; it may be told at once all that is under way."""
        self.holdings[who] = Holding(who, SKEW, self.holdings[who].newest_token)
        for lease in [one for one in self.leases if told and one.holder == who]:
            self.holder_takes(lease)
            self.never_more_than_there_is()

    @invariant()
    def never_more_than_there_is(self) -> None:
        """At every true instant what all holders may use is at most the capacity, and at most what the ledger counts."""
        in_use = sum(holding.usable(self.clock(name)) for name, holding in self.holdings.items())
        assert in_use <= CAPACITY
        assert in_use <= self.ledger.live(self.clock("ledger")) <= CAPACITY

    @invariant()
    def tokens_rise(self) -> None:
        """No token is used twice, and each is larger than all before it, across epochs."""
        assert self.tokens == sorted(set(self.tokens))

    def teardown(self) -> None:
        """Expiry returns all capacity, whoever was heard or not."""
        self.true_ns += 2 * (TERM + 3 * SKEW)
        now_ns = self.clock("ledger")
        assert self.ledger.live(now_ns) == 0
        assert self.ledger.grant("ann", CAPACITY, now_ns, now_ns + 1) is not None


TestLeases = Leases.TestCase
TestLeases.settings = settings(STATEFUL, max_examples=400, stateful_step_count=30)


def test_a_smaller_replacement_frees_when_it_is_confirmed() -> None:
    """A holder of 8 is granted 3 in its place: 5 are free only when it has said that it keeps to the 3."""
    ledger = Ledger(10, 2, 0, 100)
    assert ledger.grant("ann", 8, 0, 50) is not None
    smaller = ledger.grant("ann", 3, 0, 90)
    assert smaller is not None
    assert (ledger.free(0), ledger.room("ann", 0), ledger.grant("bob", 5, 0, 50)) == (2, 10, None)
    ledger.confirm("ann", smaller.token)
    assert (ledger.free(0), ledger.live(0)) == (7, 3)


def test_a_smaller_replacement_frees_when_the_old_one_is_over() -> None:
    """Without a word from the holder, the old lease counts until expiry + skew."""
    ledger = Ledger(10, 2, 0, 100)
    ledger.grant("ann", 8, 0, 50)
    ledger.grant("ann", 3, 0, 90)
    assert [ledger.live(now_ns) for now_ns in (51, 52, 91, 92)] == [8, 3, 3, 0]


def test_a_holder_stops_before_and_the_ledger_waits_after() -> None:
    """With a skew of 2, a lease until 50 is used until 48 and promised until 52."""
    ledger, holding = Ledger(10, 2, 0, 100), Holding("ann", 2)
    lease = ledger.grant("ann", 8, 0, 50)
    assert lease is not None
    assert holding.take(lease)
    assert [holding.usable(47), holding.usable(48), ledger.live(51), ledger.live(52)] == [8, 0, 8, 0]


def test_a_new_epoch_waits_out_the_old_one() -> None:
    """A ledger that began again grants nothing for a term and three times the skew; its tokens are larger than the old ones."""
    old = Ledger(10, 2, 4, 100).grant("ann", 8, 0, 100)
    ledger = Ledger.restarted(10, 2, 4, 100, 7)
    assert old is not None
    assert (ledger.live(112), ledger.room("ann", 112), ledger.grant("ann", 1, 112, 120)) == (10, 0, None)
    new = ledger.grant("ann", 1, 113, 120)
    assert new is not None
    assert new.token > old.token
    assert (old.epoch, new.epoch) == (4, 5)


def test_what_is_over_stays_over() -> None:
    """A ledger whose clock is set back does not promise again what it has given to others meanwhile."""
    ledger = Ledger(10, 2, 0, 100)
    ledger.grant("ann", 8, 0, 10)
    assert ledger.grant("bob", 5, 12, 40) is not None
    assert (ledger.live(9), ledger.promised("ann", 9), ledger.room("ann", 9)) == (5, 0, 5)


def test_a_crash_forgets_no_token() -> None:
    """A late copy of an older and larger lease is refused by a holder that began again, since it kept the newest token."""
    ledger, holding = Ledger(10, 2, 0, 100), Holding("ann", 2)
    large, small = ledger.grant("ann", 8, 0, 90), ledger.grant("ann", 3, 0, 90)
    assert large is not None
    assert small is not None
    assert holding.take(small)
    ledger.confirm("ann", small.token)
    assert ledger.grant("bob", 7, 0, 90) is not None
    again = Holding("ann", 2, holding.newest_token)
    assert not again.take(large)
    assert (again.usable(0), again.newest_token) == (0, small.token)


def test_no_lease_outlives_the_term() -> None:
    """A lease ends after now and within the term: so a ledger of the next epoch knows how long to wait."""
    ledger = Ledger(10, 2, 0, 100)
    assert [ledger.grant("ann", 1, 50, until_ns) is not None for until_ns in (50, 51, 150, 151)] == [False, True, True, False]


def test_the_wait_of_a_new_epoch_is_just_long_enough() -> None:
    """The worst of clocks: granted by one 2 ahead, begun anew 2 behind, ended 2 ahead, used by one 2 behind. No tick is to spare."""
    lease, holding = Ledger(10, 2, 0, 100).grant("ann", 8, 1000 + 2, 1000 + 2 + 100), Holding("ann", 2)
    assert lease is not None
    assert holding.take(lease)
    ledger = Ledger.restarted(10, 2, 0, 100, 1000 - 2)
    at = [(holding.usable(true_ns - 2), ledger.live(true_ns + 2)) for true_ns in (1101, 1102)]
    assert at == [(8, 10), (0, 0)]


def test_renewal_is_of_the_newest_lease_only() -> None:
    """An old token renews nothing, nor does one that is over; a renewal fits always."""
    ledger = Ledger(10, 2, 0, 100)
    first = ledger.grant("ann", 10, 0, 50)
    assert first is not None
    second = ledger.renew("ann", first.token, 40, 90)
    assert second is not None
    assert (second.amount, second.expires_ns, ledger.live(40)) == (10, 90, 10)
    assert ledger.renew("ann", first.token, 41, 91) is None
    assert ledger.renew("ann", second.token, 92, 120) is None


def test_less_capacity_takes_nothing_back() -> None:
    """What is promised stays promised; nothing more is granted until it fits."""
    ledger = Ledger(10, 2, 0, 100)
    ledger.grant("ann", 8, 0, 50)
    ledger.resize(5)
    assert (ledger.live(0), ledger.free(0), ledger.room("ann", 0), ledger.grant("bob", 1, 0, 50)) == (8, 0, 5, None)


@pytest.mark.parametrize(("figures", "sentence"), [
    ((-1, 0, 0, 10), "capacity -1"), ((1, 5, 0, 5), "over before it begins")])  # fmt: skip
def test_nonsense_is_refused(figures: tuple[int, int, int, int], sentence: str) -> None:
    """A ledger that could promise nothing sensible is not made."""
    with pytest.raises(ValueError, match=sentence):
        Ledger(*figures)
    with pytest.raises(ValueError, match="cannot be granted -1"):
        Ledger(10, 0, 0, 10).grant("ann", -1, 0, 5)
    with pytest.raises(ValueError, match="capacity of -1"):
        Ledger(10, 0, 0, 10).resize(-1)
