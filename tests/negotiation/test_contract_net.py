"""The contract net, once and iterated, against the adversary; and the shortest conversations, told message by message."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from agents.negotiation.messages import Content, Message, Performative
from agents.negotiation.protocols.contract_net import Again, Choose, Initiator, Participant
from tests.negotiation.adversary import NUMBERS, STATEFUL, Adversary
from tests.negotiation.telling import lines, told

REPLY_BY, DONE_BY, PATIENCE, NEEDED = 20, 60, 10, 2
ANSWERS = (Performative.ACCEPT_PROPOSAL, Performative.REJECT_PROPOSAL, Performative.CFP)


class ContractNet(Adversary):
    """One initiator that needs two, and one to four participants; some refuse, some fail."""

    rounds = 1

    @initialize(prices=st.lists(st.none() | st.integers(1, 5), min_size=1, max_size=4), fails=st.sets(st.integers(0, 3)),
                wanted=st.integers(1, 5))  # fmt: skip
    def call(self, prices: list[int | None], fails: set[int], wanted: int) -> None:
        """A call goes out. A price of None refuses."""
        self.prices = {f"bidder-{i}": price for i, price in enumerate(prices)}
        self.fails = {f"bidder-{i}" for i in fails}
        self.wanted = wanted  # rounds; more than there are
        self.restarts, self.performed, self.proposals = 0, Counter[str](), []
        self.initiator = Initiator("caller", "c1", self.prices, {"rps": 20}, REPLY_BY, self.choose, DONE_BY, rounds=self.rounds)
        self.roles["caller"] = self.initiator
        for name in self.prices:
            self.roles[name] = self.participant(name)
        self.took(self.initiator.begin(0))

    def choose(self, proposals: dict[str, Content]) -> dict[str, Content] | Again:
        """The two cheapest, ties by name; as long as there is another round, another round."""
        self.proposals.append(proposals)
        if self.rounds > 1 and len(self.proposals) < self.wanted:
            return Again({"rps": 10}, REPLY_BY // 2)
        best = sorted(proposals, key=lambda name: (str(proposals[name].get("price")), name))
        return {name: {"for": name} for name in best[:NEEDED]}

    def participant(self, name: str) -> Participant:
        """One who proposes its price, and remembers in what it performed."""
        def bid(_: Content, now_ns: int) -> Content | None:
            assert now_ns <= max(m.reply_by_ns or 0 for _, m in self.sent if m.performative == Performative.CFP)
            return None if self.prices[name] is None else {"price": self.prices[name]}

        def perform(award: Content, now_ns: int) -> Content | None:
            self.performed[name] += 1
            accept = self.delivered[-1][1]
            said = [m for _, m in self.sent if m.sender == name and m.performative == Performative.PROPOSE]
            assert (accept.performative, accept.receiver) == (Performative.ACCEPT_PROPOSAL, name)
            assert accept.in_reply_to == said[-1].reply_with
            assert now_ns <= DONE_BY
            return None if name in self.fails else {"done": award.get("for")}

        def undo(_: Content, __: int) -> None:
            self.performed[name] -= 1

        return Participant(name, self.initiator.protocol, "c1", "caller", bid, perform, PATIENCE, undo)

    @precondition(lambda self: self.may_crash)
    @rule(which=NUMBERS)
    def crash(self, which: int) -> None:
        """A participant begins again and remembers nothing."""
        name = f"bidder-{which % len(self.prices)}"
        self.now_ns += 1  # nobody restarts in no time
        self.restarts += 1
        self.roles[name] = self.participant(name)

    @invariant()
    def one_answer_at_most(self) -> None:
        """No proposal gets two answers, and at most as many are accepted as are needed."""
        own = [m for _, m in self.sent if m.sender == "caller" and m.performative in ANSWERS]
        answered = Counter(m.in_reply_to for m in own if m.in_reply_to is not None)
        assert max(answered.values(), default=0) <= 1
        assert sum(m.performative == Performative.ACCEPT_PROPOSAL for m in own) <= NEEDED

    @invariant()
    def accepts_were_in_time(self) -> None:
        """What is accepted was proposed by the deadline of its call; nobody is accepted after all should be done."""
        calls = {m.reply_with: m.reply_by_ns for _, m in self.sent if m.performative == Performative.CFP}
        came = {m.reply_with: (t, m) for t, m in reversed(self.delivered) if self.is_a_proposal(m)}
        for sent_ns, accept in self.sent:
            if accept.performative == Performative.ACCEPT_PROPOSAL:
                came_ns, proposal = came[accept.in_reply_to]
                assert came_ns <= calls[proposal.in_reply_to]
                assert proposal.in_reply_to == [m.reply_with for t, m in self.sent if m.performative == Performative.CFP
                                                and m.receiver == accept.receiver][-1]  # fmt: skip
                assert sent_ns < DONE_BY

    def check_end(self) -> None:
        """Over by the deadline; one answer to each proposal that came; no commitment without accept; few messages."""
        if not hasattr(self, "initiator"):
            return
        self.one_answer_at_most()
        self.accepts_were_in_time()
        assert self.initiator.is_over
        assert len(self.proposals) <= self.rounds
        own = [m for _, m in self.sent if m.sender == "caller" and m.performative in ANSWERS]
        answered = {m.in_reply_to for m in own}
        assert {m.reply_with for _, m in self.delivered if self.is_a_proposal(m)} <= answered
        accepted = {m.receiver for m in own if m.performative == Performative.ACCEPT_PROPOSAL}
        assert set(self.initiator.results) == accepted
        if not self.is_garbled:
            assert set(self.performed) <= accepted
            assert max(self.performed.values(), default=0) <= 1 + self.restarts
        if not self.is_garbled and not self.restarts:
            said = Counter(m.performative for _, m in self.sent)
            assert said.total() - said[Performative.CANCEL] <= 4 * len(self.prices) + 2 * (self.rounds - 1) * len(self.prices)

    def is_a_proposal(self, message: Message) -> bool:
        """Whether the initiator must answer it: one of its conversation, from a participant, that makes sense."""
        return (message.performative == Performative.PROPOSE and message.receiver == "caller" and message.sender in self.prices
                and message.conversation_id == "c1" and message.protocol == self.initiator.protocol
                and None not in (message.reply_with, message.in_reply_to))  # fmt: skip


class IteratedContractNet(ContractNet):
    """Up to three rounds."""

    rounds = 3


TestContractNet = ContractNet.TestCase
TestContractNet.settings = STATEFUL
TestIteratedContractNet = IteratedContractNet.TestCase
TestIteratedContractNet.settings = STATEFUL


Pair = tuple[Initiator, Participant, list[Content]]


def pair(price: int | None = 3, result: Content | None = None, patience_ns: int = 10, rounds: int = 1,
         choose: Choose = lambda proposals: {name: {"rps": 20} for name in proposals}) -> Pair:  # fmt: skip
    """One that calls and one that is called, and what the latter undid."""
    undone: list[Content] = []
    initiator = Initiator("caller", "c1", ["ann"], {"rps": 20}, REPLY_BY, choose, DONE_BY, rounds=rounds)
    ann = Participant("ann", initiator.protocol, "c1", "caller", lambda *_: None if price is None else {"price": price},
                      lambda *_: result, patience_ns, lambda award, _: undone.append(award))  # fmt: skip
    return initiator, ann, undone


def test_one_call_is_four_messages() -> None:
    """cfp, propose, accept-proposal, inform; each answer names what it answers."""
    initiator, ann, _ = pair(result={"lease": 7})
    said = told([initiator, ann], ["caller"])
    assert lines(said) == ["0 caller cfp ann", "1 ann propose caller", "2 caller accept-proposal ann", "3 ann inform caller"]
    assert [m.in_reply_to for _, m in said[1:]] == [m.reply_with for _, m in said[:-1]]
    assert (initiator.state, initiator.results, ann.state) == ("done", {"ann": {"lease": 7}}, "performed")


@pytest.mark.parametrize(("price", "last", "results"), [(None, "refuse", {}), (3, "failure", {"ann": None})])
def test_who_cannot_says_so(price: int | None, last: str, results: dict[str, None]) -> None:
    """A refusal ends the call at once; a failure leaves an award without a result."""
    initiator, ann, _ = pair(price)
    assert told([initiator, ann], ["caller"])[-1][1].performative == last
    assert (initiator.is_over, initiator.results, ann.is_over) == (True, results, True)


def test_at_the_deadline_is_in_time() -> None:
    """A proposal at the very instant of the deadline counts; one tick later it is rejected."""
    for late, answer in ((0, "accept-proposal"), (1, "reject-proposal")):
        initiator, ann, _ = pair(result={})
        proposal = ann.receive(initiator.begin(0).messages[0], 1).messages[0]
        assert [m.performative for m in initiator.receive(proposal, REPLY_BY + late).messages] == [answer]


def test_a_proposal_lapses() -> None:
    """Who hears nothing for its patience after the deadline is free, and fails a late accept."""
    initiator, ann, _ = pair(result={})
    proposal = ann.receive(initiator.begin(0).messages[0], 1).messages[0]
    accept = initiator.receive(proposal, 2).messages[0]
    assert [m.performative for m in ann.receive(accept, REPLY_BY + 11).messages] == ["failure"]
    assert ann.state == "failed"


def test_an_accept_that_comes_too_late_is_not_performed() -> None:
    """By `done_by_ns` nobody waits for the result any more: it fails, and nothing is done."""
    initiator, ann, _ = pair(result={}, patience_ns=1000)
    accept = initiator.receive(ann.receive(initiator.begin(0).messages[0], 1).messages[0], 2).messages[0]
    assert [m.performative for m in ann.receive(accept, DONE_BY + 1).messages] == ["failure"]


def test_what_is_not_heard_of_is_cancelled_and_undone() -> None:
    """The inform is lost: the initiator cancels at its deadline, and the participant undoes what it did."""
    initiator, ann, undone = pair(result={})
    said = told([initiator, ann], ["caller"], lambda n, _: n == 3)
    assert lines(said)[3:] == ["3 ann inform caller", "60 caller cancel ann"]
    assert (initiator.results, ann.state, undone) == ({"ann": None}, "cancelled", [{"rps": 20}])


def test_after_the_last_round_nobody_is_accepted_who_was_not_chosen() -> None:
    """A `choose` that always wants another round gets three, and then all are rejected."""
    initiator, ann, _ = pair(result={}, rounds=3, choose=lambda _: Again({"rps": 10}, 5))
    said = [m.performative for _, m in told([initiator, ann], ["caller"])]
    assert said == ["cfp", "propose"] * 3 + ["reject-proposal"]
    assert (initiator.results, ann.state) == ({}, "rejected")


def test_who_forgot_fails() -> None:
    """An accept for a proposal of before a crash is answered with failure."""
    initiator, ann, _ = pair(result={})
    accept = initiator.receive(ann.receive(initiator.begin(0).messages[0], 1).messages[0], 2).messages[0]
    assert [m.performative for m in pair(result={})[1].receive(accept, 3).messages] == ["failure"]


def test_choices_of_nobody_are_our_mistake() -> None:
    """Awards to who made no proposal, and calls that are due after the end, raise."""
    initiator, ann, _ = pair(choose=lambda _: {"bob": {}})
    with pytest.raises(ValueError, match="chose bob"):
        initiator.receive(ann.receive(initiator.begin(0).messages[0], 1).messages[0], 2)
    with pytest.raises(ValueError, match="nothing could be agreed"):
        Initiator("caller", "c1", ["ann"], {}, 61, lambda _: {}, 60)
