"""Two agents give way in turn until one takes what the other offers: monotonic concession (Rosenschein, Zlotkin 1994).

They offer by turns. A `strategy` says what to offer next: what it offered last (it stands firm), another deal (it concedes),
the other's own offer (it accepts), or nothing (it breaks off). Where both stood firm in turn, talks have failed. Whatever is
said is said again every `retry_ns` until it is answered, so that loss costs time only; copies are answered once.

When time is up, who has accepted may be in doubt: its accept, or the word that it was heard, may be lost, and no protocol over
a network that loses can exclude that. It is then bound and does not know whether the other is. Never do the two count on
different deals, and who counts on one has the other's accept.
"""

from __future__ import annotations

from collections.abc import Callable

from agents.negotiation.machine import BEGUN, EXPIRED, Conversation, Row
from agents.negotiation.messages import Message, Performative

PROTOCOL = "monotonic-concession"

NEW, CONSIDERING, WAITING, ACCEPTED = "new", "considering", "waiting", "accepted"
AGREED, CONFLICT, IN_DOUBT = "agreed", "conflict", "in doubt"
OFFERS, ACCEPTS, BREAKS, TIME_IS_UP = "offers", "accepts", "breaks off", "time is up"

Strategy = Callable[[str | None, str | None], str | None]  # (own last offer, the other's newest; None at first) → next; None: break off


class Negotiator(Conversation):
    """Either of the two. `deal` is what was agreed, where it was; while it is in doubt, what it is bound to."""

    rows = (
        Row(NEW, BEGUN, CONSIDERING, "open"),
        Row(NEW, Performative.PROPOSE, CONSIDERING, "consider"),
        Row(NEW, EXPIRED, CONFLICT, "end"),
        Row(CONSIDERING, OFFERS, WAITING, "offer"),
        Row(CONSIDERING, ACCEPTS, ACCEPTED, "accept"),
        Row(CONSIDERING, BREAKS, CONFLICT, "break_off"),
        Row(WAITING, Performative.PROPOSE, CONSIDERING, "consider"),
        Row(WAITING, Performative.ACCEPT_PROPOSAL, AGREED, "confirm"),
        Row(WAITING, Performative.REFUSE, CONFLICT, "hear_the_end"),
        Row(WAITING, EXPIRED, WAITING, "ask_again"),
        Row(WAITING, TIME_IS_UP, CONFLICT, "end"),
        Row(ACCEPTED, Performative.INFORM, AGREED, "hear_the_end"),
        Row(ACCEPTED, Performative.REFUSE, CONFLICT, "let_go"),
        Row(ACCEPTED, EXPIRED, ACCEPTED, "ask_again"),
        Row(ACCEPTED, TIME_IS_UP, IN_DOUBT, "end"),
        Row(IN_DOUBT, Performative.INFORM, AGREED, "hear_the_end"),
        Row(IN_DOUBT, Performative.REFUSE, CONFLICT, "let_go"),
        Row(CONFLICT, Performative.PROPOSE, CONFLICT, "refuse"),
        Row(CONFLICT, Performative.ACCEPT_PROPOSAL, CONFLICT, "refuse"),
    )
    last = frozenset({AGREED, CONFLICT, IN_DOUBT})

    def __init__(self, name: str, conversation_id: str, other: str, strategy: Strategy, done_by_ns: int, retry_ns: int) -> None:
        """Both are made alike; one of them begins. Refuses a retry that does not wait (ValueError)."""
        super().__init__(name, PROTOCOL, conversation_id, (other,))
        if retry_ns <= 0:
            raise ValueError(f"a retry after {retry_ns} ns would never let time pass")
        self.strategy, self.done_by_ns, self.retry_ns = strategy, done_by_ns, retry_ns
        self.due_ns = done_by_ns
        self.deal: str | None = None
        self.own: str | None = None  # the last offers
        self.other: str | None = None
        self._next: str | None = None
        self._both_stood, self._is_firm = False, False
        self._said_last: Message | None = None  # what is to be answered
        self._heard_last: Message | None = None  # what is being answered, or was

    def makes_sense(self, message: Message) -> bool:
        """An offer names a deal, and everything names what it answers but the first offer."""
        if message.performative == Performative.PROPOSE:
            return isinstance(message.content.get("deal"), str) and message.reply_with is not None
        return message.in_reply_to is not None

    def answers(self, message: Message) -> bool:
        """It must be an answer to what was said last, or to nothing where nothing was said; who is through answers anything."""
        if self.state == CONFLICT:
            return True
        return message.in_reply_to == (None if self._said_last is None else self._said_last.reply_with)

    def open(self, _: int) -> str:
        """Look for a first offer."""
        return self._choose()

    def consider(self, _: int, offer: Message) -> str:
        """Look for an answer to an offer: stand firm, concede, accept or break off."""
        self._heard_last, theirs = offer, offer.content["deal"]
        self._both_stood = theirs == self.other and self._is_firm
        self.other = theirs
        return self._choose()

    def offer(self, now_ns: int) -> None:
        """Offer a deal and wait."""
        self.own = self._next
        self._ask(now_ns, Performative.PROPOSE)

    def accept(self, now_ns: int) -> None:
        """Accept the other's offer, and wait to hear that this was heard in time."""
        self.deal = self.other
        self._ask(now_ns, Performative.ACCEPT_PROPOSAL)

    def break_off(self, now_ns: int) -> None:
        """Tell the other, if there is anything to answer, that talks have failed."""
        if self._heard_last is not None:
            self.closing = self.say(now_ns, Performative.REFUSE, self.peers[0], to=self._heard_last)

    def confirm(self, now_ns: int, accept: Message) -> None:
        """Count on the deal, and tell that the accept was heard."""
        self.deal = self.own
        self.closing = self.say(now_ns, Performative.INFORM, self.peers[0], to=accept)

    def refuse(self, now_ns: int, message: Message) -> None:
        """Refuse what comes after the end."""
        self.closing = self.say(now_ns, Performative.REFUSE, self.peers[0], to=message)

    def ask_again(self, now_ns: int) -> str | None:
        """Say again what is not answered, unless time is up."""
        if now_ns >= self.done_by_ns:
            return TIME_IS_UP
        assert self._said_last is not None, "it waits for an answer to something"
        self.say_again(self._said_last)
        self.due_ns = min(now_ns + self.retry_ns, self.done_by_ns)
        return None

    def hear_the_end(self, _: int, __: Message) -> None:
        """The other has said how it ended."""

    def let_go(self, _: int, __: Message) -> None:
        """The accept came too late: it binds no more."""
        self.deal = None

    def end(self, _: int) -> None:
        """Time is up."""

    def _choose(self) -> str:
        self._next = None if self._both_stood else self.strategy(self.own, self.other)
        self._is_firm = self._next is not None and self._next == self.own
        if self._next is None:
            return BREAKS
        return ACCEPTS if self._next == self.other else OFFERS

    def _ask(self, now_ns: int, performative: Performative) -> None:
        self._said_last = self.say(now_ns, performative, self.peers[0], {"deal": self._next}, to=self._heard_last,
                                   reply_by_ns=self.done_by_ns)  # fmt: skip
        self.due_ns = min(now_ns + self.retry_ns, self.done_by_ns)
