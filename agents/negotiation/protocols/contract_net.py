"""FIPA's contract net (SC00029H) and iterated contract net (SC00030H): one asks many, they propose, it accepts some.

A sealed-bid auction is this protocol with a clearing rule for `choose`. What it guarantees whatever the network does:
both roles end by their deadlines; every proposal that arrives gets exactly one answer (accept, reject, or in an iterated
net a new call); nobody is committed who was not accepted. An initiator never knows more than that: who was accepted and
is not heard of by `done_by_ns` may have performed, which is why what is granted should be a lease.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from agents.negotiation.machine import BEGUN, EXPIRED, Conversation, Row
from agents.negotiation.messages import Content, Message, Performative

PROTOCOL, ITERATED = "fipa-contract-net", "fipa-iterated-contract-net"

NEW, COLLECTING, AWAITING, DONE = "new", "collecting", "awaiting", "done"
IDLE, PROPOSED, PERFORMING, PERFORMED = "idle", "proposed", "performing", "performed"
REFUSED, REJECTED, FAILED, LAPSED, CANCELLED = "refused", "rejected", "failed", "lapsed", "cancelled"
ALL_ANSWERED, ALL_REPORTED, AGAIN = "all answered", "all reported", "another round"
DECLINES, SUCCEEDS, FAILS = "declines", "succeeds", "fails"


Awards = Mapping[str, Content]  # by name of those who are accepted


@dataclass(frozen=True, slots=True)
class Again:
    """What `choose` answers with for another round: a new call to those who proposed, to be answered within a time.

    `otherwise`: the awards where no round is left, or its answers might come after `answers_by_ns`; nobody's by default.
    """

    call: Content
    within_ns: int
    answers_by_ns: int | None = None
    otherwise: Callable[[], Awards] = dict


Choose = Callable[[Mapping[str, Content]], Awards | Again]  # proposals by name, as they came → awards, or another round
Bid = Callable[[Content, int], Content | None]  # (call, now_ns) → a proposal; None: refuse
Perform = Callable[[Content, int], Content | None]  # (award, now_ns) → a result; None: it could not be done
Undo = Callable[[Content, int], None]  # (award, now_ns): it is wanted no more


class Initiator(Conversation):
    """Who calls for proposals. `results` has an entry for each that was accepted: what it informed, or None."""

    rows = (
        Row(NEW, BEGUN, COLLECTING, "call_for_proposals"),
        Row(COLLECTING, Performative.PROPOSE, COLLECTING, "take_proposal"),
        Row(COLLECTING, Performative.REFUSE, COLLECTING, "take_refusal"),
        Row(COLLECTING, Performative.NOT_UNDERSTOOD, COLLECTING, "take_refusal"),
        Row(COLLECTING, ALL_ANSWERED, AWAITING, "decide"),
        Row(COLLECTING, EXPIRED, AWAITING, "decide"),
        Row(AWAITING, AGAIN, COLLECTING, "call_for_proposals"),
        Row(AWAITING, Performative.PROPOSE, AWAITING, "reject_late"),
        Row(AWAITING, Performative.INFORM, AWAITING, "take_result"),
        Row(AWAITING, Performative.FAILURE, AWAITING, "take_failure"),
        Row(AWAITING, Performative.NOT_UNDERSTOOD, AWAITING, "take_failure"),
        Row(AWAITING, ALL_REPORTED, DONE, "finish"),
        Row(AWAITING, EXPIRED, DONE, "give_up"),
        Row(DONE, Performative.PROPOSE, DONE, "reject_late"),
    )
    last = frozenset({DONE})

    def __init__(self, name: str, conversation_id: str, participants: Iterable[str], call: Content, reply_by_ns: int,
                 choose: Choose, done_by_ns: int, *, rounds: int = 1) -> None:  # fmt: skip
        """More than one round makes it the iterated protocol. Refuses a call that is due after all is done (ValueError)."""
        super().__init__(name, PROTOCOL if rounds == 1 else ITERATED, conversation_id, participants)
        if reply_by_ns > done_by_ns or rounds < 1:
            raise ValueError(f"proposals by {reply_by_ns} ns, all done by {done_by_ns} ns, {rounds} rounds: nothing could be agreed")
        self.choose, self.done_by_ns, self.rounds_left = choose, done_by_ns, rounds
        self.results: dict[str, Content | None] = {}
        self.unheard: set[str] = set()  # who did not answer a call in time
        self._call, self._reply_by_ns = call, reply_by_ns
        self._calls: dict[str, Message] = {}  # the newest call to each
        self._silent: set[str] = set()  # who has not answered it
        self._proposals: dict[str, Message] = {}
        self._accepts: dict[str, Message] = {}  # those that nothing came back for

    def makes_sense(self, message: Message) -> bool:
        """All answers name what they answer; a proposal can be answered in turn."""
        return message.in_reply_to is not None and (message.performative != Performative.PROPOSE or message.reply_with is not None)

    def answers(self, message: Message) -> bool:
        """A proposal is always answered; a refusal must be of the newest call, a result of the accept."""
        if message.performative == Performative.PROPOSE:
            return True
        name, asked = message.sender, self._calls if self.state == COLLECTING else self._accepts
        waits_for = self._silent if self.state == COLLECTING else self._accepts
        return name in waits_for and message.in_reply_to == asked[name].reply_with

    def call_for_proposals(self, now_ns: int) -> str | None:
        """Call all participants, in a later round those who proposed."""
        called = self.peers if not self._proposals else tuple(sorted(self._proposals))
        self.rounds_left -= 1
        self.due_ns = min(self._reply_by_ns, self.done_by_ns)
        for peer in called:
            proposal = self._proposals.get(peer)
            self._calls[peer] = self.say(now_ns, Performative.CFP, peer, self._call, to=proposal, reply_by_ns=self.due_ns)
        self._silent, self._proposals = set(called), {}
        return None if called else ALL_ANSWERED

    def take_proposal(self, now_ns: int, message: Message) -> str | None:
        """Keep a proposal that answers the newest call; reject any other at once."""
        name = message.sender
        if name not in self._silent or message.in_reply_to != self._calls[name].reply_with:
            self.reject_late(now_ns, message)
            return None
        self._proposals[name] = message
        return self._answered(name)

    def take_refusal(self, _: int, message: Message) -> str | None:
        """Wait no more for who refuses, or did not understand."""
        return self._answered(message.sender)

    def decide(self, now_ns: int) -> str | None:
        """Choose, accept and reject: one answer to each proposal; or call again."""
        proposals = {name: self._proposals[name].content for name in sorted(self._proposals)}
        self.unheard |= self._silent
        chosen = self.choose(proposals) if now_ns < self.done_by_ns else {}
        self._silent = set()
        if isinstance(chosen, Again):
            due_ns, last_ns = now_ns + chosen.within_ns, chosen.answers_by_ns
            if self.rounds_left and proposals and (last_ns is None or due_ns <= last_ns):
                self._call, self._reply_by_ns = chosen.call, due_ns
                return AGAIN
            chosen = chosen.otherwise()
        if strangers := sorted(set(chosen) - set(proposals)):
            raise ValueError(f"{self.name} chose {strangers[0]}, who made no proposal")
        for name, proposal in sorted(self._proposals.items()):
            if name in chosen:
                self._accepts[name] = self.say(now_ns, Performative.ACCEPT_PROPOSAL, name, chosen[name], to=proposal,
                                                reply_by_ns=self.done_by_ns)  # fmt: skip
            else:
                self.say(now_ns, Performative.REJECT_PROPOSAL, name, to=proposal)
        self.due_ns = self.done_by_ns
        return None if self._accepts else ALL_REPORTED

    def reject_late(self, now_ns: int, message: Message) -> None:
        """Reject a proposal that comes too late, or is a second one."""
        self.say(now_ns, Performative.REJECT_PROPOSAL, message.sender, to=message)

    def take_result(self, _: int, message: Message) -> str | None:
        """Keep what came of an award."""
        return self._reported(message.sender, message.content)

    def take_failure(self, _: int, message: Message) -> str | None:
        """Keep that nothing came of an award."""
        return self._reported(message.sender, None)

    def finish(self, _: int) -> None:
        """All who were accepted have reported."""

    def give_up(self, now_ns: int) -> None:
        """Cancel what was accepted and is not reported: its result is None."""
        for name in sorted(self._accepts):
            self.say(now_ns, Performative.CANCEL, name, to=self._proposals[name])
            self.results[name] = None
        self._accepts.clear()

    def _answered(self, name: str) -> str | None:
        self._silent.discard(name)
        return None if self._silent else ALL_ANSWERED

    def _reported(self, name: str, result: Content | None) -> str | None:
        del self._accepts[name]
        self.results[name] = result
        return None if self._accepts else ALL_REPORTED


class Participant(Conversation):
    """Who is called. It is made when a call comes in; an accept that no call came before is answered as well (it fails)."""

    rows = (
        Row(IDLE, Performative.CFP, PROPOSED, "bid_or_decline"),
        Row(IDLE, Performative.ACCEPT_PROPOSAL, FAILED, "report_failure"),
        Row(PROPOSED, DECLINES, REFUSED, "refuse"),
        Row(PROPOSED, Performative.CFP, PROPOSED, "bid_or_decline"),
        Row(PROPOSED, Performative.ACCEPT_PROPOSAL, PERFORMING, "carry_out"),
        Row(PROPOSED, Performative.REJECT_PROPOSAL, REJECTED, "let_go"),
        Row(PROPOSED, Performative.CANCEL, CANCELLED, "let_go"),
        Row(PROPOSED, EXPIRED, LAPSED, "lapse"),
        Row(PERFORMING, SUCCEEDS, PERFORMED, "report_result"),
        Row(PERFORMING, FAILS, FAILED, "report_failure"),
        Row(PERFORMED, Performative.CANCEL, CANCELLED, "take_back"),
        Row(LAPSED, Performative.ACCEPT_PROPOSAL, FAILED, "report_failure"),
    )
    last = frozenset({REFUSED, REJECTED, PERFORMED, FAILED, LAPSED, CANCELLED})

    def __init__(self, name: str, protocol: str, conversation_id: str, initiator: str, bid: Bid, perform: Perform,
                 patience_ns: int, undo: Undo | None = None) -> None:  # fmt: skip
        """`patience_ns`: how long after the call's deadline a proposal still stands. `undo`: for a cancel after it performed."""
        super().__init__(name, protocol, conversation_id, (initiator,))
        self.bid, self.perform, self.undo, self.patience_ns = bid, perform, undo, patience_ns
        self._proposal: Message | None = None
        self._heard_last: Message | None = None  # the newest call, then the accept
        self._answer: Content = {}

    def makes_sense(self, message: Message) -> bool:
        """A call and an accept say by when they want an answer; all can be answered."""
        if message.performative in (Performative.CFP, Performative.ACCEPT_PROPOSAL):
            return message.reply_with is not None and message.reply_by_ns is not None
        return True

    def answers(self, message: Message) -> bool:
        """An answer must be to the newest proposal; a call in a later round answers it, too."""
        return self._proposal is None or message.in_reply_to == self._proposal.reply_with

    def bid_or_decline(self, now_ns: int, call: Message) -> str | None:
        """Make a proposal, or decline: also where it would come too late."""
        assert call.reply_by_ns is not None, "a call without a deadline makes no sense"
        proposal = self.bid(call.content, now_ns) if now_ns <= call.reply_by_ns else None
        self._heard_last = call
        if proposal is None:
            return DECLINES
        self.due_ns = call.reply_by_ns + self.patience_ns
        self._proposal = self.say(now_ns, Performative.PROPOSE, call.sender, proposal, to=call, reply_by_ns=self.due_ns)
        return None

    def refuse(self, now_ns: int) -> None:
        """Refuse."""
        self.say(now_ns, Performative.REFUSE, self.peers[0], to=self._heard_last)

    def carry_out(self, now_ns: int, accept: Message) -> str:
        """Perform what was accepted: unless it could no longer be reported in time."""
        assert accept.reply_by_ns is not None, "an accept without a deadline makes no sense"
        result = self.perform(accept.content, now_ns) if now_ns <= accept.reply_by_ns else None
        self._heard_last, self._answer = accept, result or {}
        return FAILS if result is None else SUCCEEDS

    def report_result(self, now_ns: int) -> None:
        """Inform of the result."""
        self.say(now_ns, Performative.INFORM, self.peers[0], self._answer, to=self._heard_last)

    def report_failure(self, now_ns: int, accept: Message | None = None) -> None:
        """Tell that it was not done."""
        self.say(now_ns, Performative.FAILURE, self.peers[0], to=accept or self._heard_last)

    def let_go(self, _: int, __: Message) -> None:
        """The proposal binds no more."""

    def lapse(self, _: int) -> None:
        """No answer came: the proposal binds no more."""

    def take_back(self, now_ns: int, _: Message) -> None:
        """Undo what was done: the initiator has not heard of it in time."""
        if self.undo is not None and self._heard_last is not None:
            self.undo(self._heard_last.content, now_ns)
