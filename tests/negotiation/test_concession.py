"""Two that give way in turn: against the adversary, and told turn by turn."""

from __future__ import annotations

from collections import Counter

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant

from agents.negotiation.messages import Performative
from agents.negotiation.protocols.concession import (
    ACCEPTED,
    AGREED,
    CONFLICT,
    IN_DOUBT,
    PROTOCOL,
    Negotiator,
    Strategy,
)
from tests.negotiation.adversary import STATEFUL, Adversary
from tests.negotiation.telling import lines, told

DONE_BY, RETRY = 60, 5
DEALS = "abcde"


def conceding(best_first: str, stubborn: int = 0) -> Strategy:
    """Gives way by one deal a turn, down a list, its last `stubborn` deals excepted; takes what is as good as its next."""
    ranks = {deal: i for i, deal in enumerate(best_first)}

    def strategy(own: str | None, other: str | None) -> str | None:
        following = 0 if own is None else min(ranks[own] + 1, len(best_first) - 1 - stubborn)
        if other is not None and ranks.get(other, len(ranks)) <= following:
            return other
        return best_first[following]

    return strategy


class Concession(Adversary):
    """Two negotiators over five deals, who like them in any order and may not give way to the end."""

    ends_ns, bears_nonsense = DONE_BY, False  # a forged accept would be believed

    @initialize(first=st.permutations(DEALS), second=st.permutations(DEALS), stubborn=st.tuples(st.integers(0, 4), st.integers(0, 4)))
    def begins(self, first: list[str], second: list[str], stubborn: tuple[int, int]) -> None:
        """The first begins."""
        ranks = {"ann": "".join(first), "bob": "".join(second)}
        for (name, other), stays in zip((("ann", "bob"), ("bob", "ann")), stubborn, strict=True):
            self.roles[name] = Negotiator(name, "c1", other, conceding(ranks[name], stays), DONE_BY, RETRY)
        self.took(self.roles["ann"].begin(0))

    @invariant()
    def they_count_on_one_deal(self) -> None:
        """Who agreed and who is bound has the same deal; who agreed has the other's accept, or had its own confirmed."""
        if not self.roles:
            return
        ann, bob = self.roles["ann"], self.roles["bob"]
        deals = {role.deal for role in (ann, bob) if role.deal is not None}
        assert len(deals) <= 1
        if AGREED in (ann.state, bob.state):
            assert {ann.state, bob.state} <= {AGREED, ACCEPTED, IN_DOUBT}
            assert ann.deal == bob.deal in DEALS

    @invariant()
    def offers_are_answered_once(self) -> None:
        """An offer has one answer, however often it is said and heard."""
        answers = {(m.in_reply_to, m.reply_with) for _, m in self.sent if m.in_reply_to is not None}
        assert max(Counter(asked for asked, _ in answers).values(), default=0) <= 1

    def check_end(self) -> None:
        """Both are through: agreed, in conflict, or one in doubt."""
        self.they_count_on_one_deal()
        if self.roles and self.roles["bob"].state != "new":
            assert all(role.is_over for role in self.roles.values())


TestConcession = Concession.TestCase
TestConcession.settings = STATEFUL


def pair(first: str, second: str, stubborn: int = 0) -> tuple[Negotiator, Negotiator]:
    """Two who like the deals in these orders."""
    return (Negotiator("ann", "c1", "bob", conceding(first, stubborn), 100, 5),
            Negotiator("bob", "c1", "ann", conceding(second, stubborn), 100, 5))  # fmt: skip


def test_they_meet_in_the_middle() -> None:
    """Opposed over a, b, c, each gives way once, and both count on b."""
    ann, bob = pair("abc", "cba")
    said = told((ann, bob), ["ann"])
    assert [(m.sender, str(m.performative), m.content.get("deal")) for _, m in said] == [
        ("ann", "propose", "a"), ("bob", "propose", "c"), ("ann", "propose", "b"), ("bob", "accept-proposal", "b"),
        ("ann", "inform", None)]  # fmt: skip
    assert (ann.state, ann.deal, bob.state, bob.deal) == (AGREED, "b", AGREED, "b")


def test_two_that_stand_firm_fail() -> None:
    """Who was answered by standing firm when it stood firm itself breaks off."""
    ann, bob = pair("abc", "cba", stubborn=2)
    said = told((ann, bob), ["ann"])
    assert [(m.sender, str(m.performative), m.content.get("deal")) for _, m in said] == [
        ("ann", "propose", "a"), ("bob", "propose", "c"), ("ann", "propose", "a"), ("bob", "propose", "c"),
        ("ann", "refuse", None)]  # fmt: skip
    assert (ann.state, bob.state, ann.deal) == (CONFLICT, CONFLICT, None)


def test_what_is_lost_is_said_again() -> None:
    """Each of the five messages is lost once in turn: talks take one retry longer and end in the same deal."""
    for number in range(5):
        ann, bob = pair("abc", "cba")
        said = told((ann, bob), ["ann"], lambda n, _, number=number: n == number)
        assert (ann.state, ann.deal, bob.state, bob.deal) == (AGREED, "b", AGREED, "b")
        assert len(said) == (6 if number == 0 else 7)  # both ask again, if both wait


def test_who_accepted_is_in_doubt_when_no_word_comes() -> None:
    """The accept arrives and the word that it was heard never does: the one agreed, the other is bound and knows no more."""
    ann, bob = pair("abc", "cba")
    told((ann, bob), ["ann"], lambda _, m: m.performative == Performative.INFORM)
    assert (ann.state, ann.deal, bob.state, bob.deal) == (AGREED, "b", IN_DOUBT, "b")


def test_an_accept_after_the_end_binds_nobody() -> None:
    """An accept that comes when time is up is refused, and who accepted, by a clock that is behind, is free again."""
    ann, bob = pair("abc", "abc")
    offer = ann.begin(0).messages[0]
    accept = bob.receive(offer, 1).messages[0]
    refusal = ann.receive(accept, 101).messages
    assert lines((101, m) for m in refusal) == ["101 ann refuse bob"]
    assert bob.receive(refusal[0], 3).messages == ()
    assert (ann.state, ann.deal, bob.state, bob.deal) == (CONFLICT, None, CONFLICT, None)
    assert accept.protocol == PROTOCOL


def test_two_that_both_begin_do_not_meet() -> None:
    """Neither first offer answers the other: both end in conflict when time is up."""
    ann, bob = pair("abc", "bac")
    told((ann, bob), ["ann", "bob"])
    assert (ann.state, bob.state) == (CONFLICT, CONFLICT)
