"""The contract net, once and iterated, against the adversary; and the shortest conversations, told message by message."""

from __future__ import annotations

from collections import Counter

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from agents.negotiation.messages import Content, Message, Performative
from agents.negotiation.protocols.contract_net import Again, Initiator, Participant
from tests.negotiation.adversary import NUMBERS, STATEFUL, Adversary

REPLY_BY, DONE_BY, PATIENCE, NEEDED = 20, 60, 10, 2
ANSWERS = (Performative.ACCEPT_PROPOSAL, Performative.REJECT_PROPOSAL, Performative.CFP)


class ContractNet(Adversary):
    """One initiator that needs two, and one to four participants; some refuse, some fail."""

    rounds = 1

    @initialize(prices=st.lists(st.none() | st.integers(1, 5), min_size=1, max_size=4), fails=st.sets(st.integers(0, 3)), wanted=st.integers(1, 5))
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
