"""Back-pressure by credits: who is called grants its callers leases on its own capacity, again and again.

Every period a caller asks for what it needs next and names the newest lease it keeps to; the granter waits until it has
heard all callers, or until its own period is over, and grants anew to all whose need it knows. What a caller asked is the
confirmation of what it was granted before, so a smaller credit frees capacity one period later. A lost grant is never made
good: it expires, the next one comes. Who hears nothing more stops on its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from agents.negotiation.leases import Holding, Lease, Ledger
from agents.negotiation.machine import BEGUN, EXPIRED, Conversation, Row
from agents.negotiation.messages import Message, Performative

PROTOCOL = "credits"

NEW, GRANTING, CALLING, OVER = "new", "granting", "calling", "over"
ALL_HEARD, TIME_IS_UP = "all heard", "time is up"

Share = Callable[[Mapping[str, int], int], Mapping[str, int]]  # (needs by caller, capacity) → credits by caller
Need = Callable[[int], int]  # (now_ns) → how much a caller needs next


class Granter(Conversation):
    """Who is called. It grants from a ledger, which may be that of several conversations."""

    rows = (
        Row(NEW, BEGUN, GRANTING, "open"),
        Row(GRANTING, Performative.REQUEST, GRANTING, "hear_need"),
        Row(GRANTING, ALL_HEARD, GRANTING, "grant"),
        Row(GRANTING, EXPIRED, GRANTING, "grant"),
        Row(GRANTING, Performative.CANCEL, GRANTING, "take_back"),
        Row(GRANTING, TIME_IS_UP, OVER, "end"),
        Row(OVER, Performative.CANCEL, OVER, "take_back"),
    )
    last = frozenset({OVER})

    def __init__(self, name: str, conversation_id: str, callers: Iterable[str], ledger: Ledger, share: Share,
                 period_ns: int, credit_ns: int, done_by_ns: int) -> None:  # fmt: skip
        """A credit is for `credit_ns`, longer than a period, so that it lasts until the next. ValueError for one that does not."""
        super().__init__(name, PROTOCOL, conversation_id, callers)
        if not 0 < period_ns < credit_ns <= ledger.term_ns:
            raise ValueError(f"credits for {credit_ns} ns every {period_ns} ns from leases of at most {ledger.term_ns} ns")
        self.ledger, self.share = ledger, share
        self.period_ns, self.credit_ns, self.done_by_ns = period_ns, credit_ns, done_by_ns
        self._needs: dict[str, int] = {}  # the last that is known of each
        self._asked: dict[str, Message] = {}  # requests that are not answered

    def makes_sense(self, message: Message) -> bool:
        """A request says how much, and the token it keeps to; a cancel names the token that is given back."""
        counts = ("need", "token") if message.performative == Performative.REQUEST else ("token",)
        return message.reply_with is not None and all(_is_count(message.content.get(each), -1) for each in counts) and (
            message.content.get("need", 0) >= 0)  # fmt: skip

    def answers(self, message: Message) -> bool:
        """Callers ask unasked."""
        return message.performative in (Performative.REQUEST, Performative.CANCEL)

    def open(self, now_ns: int) -> None:
        """Wait for what callers need."""
        self._wait(now_ns)

    def hear_need(self, _: int, request: Message) -> str | None:
        """Take what a caller needs, and what it keeps to."""
        name = request.sender
        self.ledger.confirm(name, request.content["token"])
        self._needs[name], self._asked[name] = request.content["need"], request
        return ALL_HEARD if len(self._asked) == len(self.peers) else None

    def grant(self, now_ns: int) -> str | None:
        """Share the capacity among all whose need is known, and answer those who asked."""
        if now_ns >= self.done_by_ns:
            return TIME_IS_UP
        credits_ = self.share(dict(sorted(self._needs.items())), self.ledger.capacity)
        for name in sorted(self._asked):
            amount = min(credits_.get(name, 0), self.ledger.room(name, now_ns))  # others may not have confirmed that they have less
            lease = self.ledger.grant(name, amount, now_ns, now_ns + self.credit_ns)
            performative = Performative.REFUSE if lease is None else Performative.AGREE
            self.say(now_ns, performative, name, {} if lease is None else lease.content(), to=self._asked[name])
        self._asked.clear()
        self._wait(now_ns)
        return None

    def take_back(self, _: int, cancel: Message) -> None:
        """A caller gives its credit back, and needs no more."""
        self.ledger.release(cancel.sender, cancel.content["token"])
        self._needs.pop(cancel.sender, None)

    def end(self, _: int) -> None:
        """Time is up: credits run out by themselves."""

    def _wait(self, now_ns: int) -> None:
        self.due_ns = min(now_ns + self.period_ns, self.done_by_ns)


class Caller(Conversation):
    """Who calls. What it may use is in its `holding`."""

    rows = (
        Row(NEW, BEGUN, CALLING, "ask"),
        Row(CALLING, Performative.AGREE, CALLING, "take_credit"),
        Row(CALLING, Performative.REFUSE, CALLING, "go_without"),
        Row(CALLING, EXPIRED, CALLING, "ask"),
        Row(CALLING, TIME_IS_UP, OVER, "give_back"),
    )
    last = frozenset({OVER})

    def __init__(self, name: str, conversation_id: str, granter: str, holding: Holding, need: Need, period_ns: int,
                 done_by_ns: int) -> None:  # fmt: skip
        """It asks every period. ValueError for a period that is none."""
        super().__init__(name, PROTOCOL, conversation_id, (granter,))
        if period_ns <= 0:
            raise ValueError(f"a period of {period_ns} ns would never let time pass")
        self.holding, self.need, self.period_ns, self.done_by_ns = holding, need, period_ns, done_by_ns

    def makes_sense(self, message: Message) -> bool:
        """A credit is a lease."""
        return message.performative != Performative.AGREE or credit(message.content) is not None

    def answers(self, message: Message) -> bool:
        """Any credit is welcome, however late: the holding knows old from new, and what has run out."""
        return message.in_reply_to is not None

    def ask(self, now_ns: int) -> str | None:
        """Ask for what is needed next, and confirm what is kept to."""
        if now_ns >= self.done_by_ns:
            return TIME_IS_UP
        self.due_ns = min(now_ns + self.period_ns, self.done_by_ns)
        self.say(now_ns, Performative.REQUEST, self.peers[0], {"need": self.need(now_ns), "token": self.holding.newest_token},
                 reply_by_ns=self.due_ns)  # fmt: skip
        return None

    def take_credit(self, _: int, message: Message) -> None:
        """Keep to a credit, if it is newer than all before it."""
        lease = credit(message.content)
        if lease is not None:
            self.holding.take(lease)

    def go_without(self, _: int, __: Message) -> None:
        """Nothing was granted: what is held holds until it runs out."""

    def give_back(self, now_ns: int) -> None:
        """Give back what is held."""
        token = self.holding.give_back()
        if token is not None:
            self.say(now_ns, Performative.CANCEL, self.peers[0], {"token": token})


def credit(content: Mapping[str, Any]) -> Lease | None:
    """The lease that a message tells of; None where it tells of none."""
    holder, amount, token, expires_ns = (content.get(each) for each in ("holder", "amount", "token", "expires_ns"))
    if isinstance(holder, str) and _is_count(amount) and _is_count(token) and _is_count(expires_ns):
        return Lease(holder, int(amount or 0), int(token or 0), int(expires_ns or 0))
    return None


def _is_count(value: object, least: int = 0) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least
