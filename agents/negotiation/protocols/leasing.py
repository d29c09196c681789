"""Bringing a lease to its holder outside of an auction: one tells, the other confirms, in FIPA's words inform and inform.

Nothing is agreed here: who tells has granted the lease already, and counts it whether it is confirmed or not. A
confirmation only says that no older lease is used any more. What is lost is told anew with the next lease.
"""

from __future__ import annotations

from collections.abc import Callable

from agents.negotiation.machine import BEGUN, EXPIRED, Conversation, Row
from agents.negotiation.messages import Content, Message, Performative

PROTOCOL = "parley-lease"
NEW, TOLD, CONFIRMED, SILENT = "new", "told", "confirmed", "silent"
READY, KEPT, PASSED_OVER = "ready", "kept", "passed over"
STALE = "stale"

Keep = Callable[[Content, int], bool]  # (the lease, now_ns) → whether it is newer than all that were seen, and kept to


class Teller(Conversation):
    """Who has granted a lease."""

    rows = (
        Row(NEW, BEGUN, TOLD, "tell"),
        Row(TOLD, Performative.INFORM, CONFIRMED, "take_confirmation"),
        Row(TOLD, Performative.FAILURE, SILENT, "give_up_on"),
        Row(TOLD, Performative.NOT_UNDERSTOOD, SILENT, "give_up_on"),
        Row(TOLD, EXPIRED, SILENT, "give_up"),
    )
    last = frozenset({CONFIRMED, SILENT})

    def __init__(self, name: str, conversation_id: str, holder: str, lease: Content, reply_by_ns: int) -> None:
        super().__init__(name, PROTOCOL, conversation_id, (holder,))
        self.holder, self.lease = holder, lease
        self._reply_by_ns = reply_by_ns
        self._told: Message | None = None

    def makes_sense(self, message: Message) -> bool:
        """All answers name what they answer."""
        return message.in_reply_to is not None

    def answers(self, message: Message) -> bool:
        """Whether it is of this lease."""
        return self._told is not None and message.in_reply_to == self._told.reply_with

    def tell(self, now_ns: int) -> None:
        """Inform the holder of its lease."""
        self.due_ns = self._reply_by_ns
        self._told = self.say(now_ns, Performative.INFORM, self.holder, self.lease, reply_by_ns=self.due_ns)

    def take_confirmation(self, _: int, __: Message) -> None:
        """The holder keeps to it."""

    def give_up_on(self, _: int, __: Message) -> None:
        """The holder does not keep to it."""

    def give_up(self, _: int) -> None:
        """Nothing came back: the holder may keep to it, or not."""


class Holder(Conversation):
    """Who is told."""

    rows = (
        Row(READY, Performative.INFORM, KEPT, "keep_or_not"),
        Row(KEPT, STALE, PASSED_OVER, "report_failure"),
    )
    last = frozenset({KEPT, PASSED_OVER})

    def __init__(self, name: str, conversation_id: str, teller: str, keep: Keep) -> None:
        super().__init__(name, PROTOCOL, conversation_id, (teller,))
        self._keep = keep
        self._lease: Message | None = None

    def makes_sense(self, message: Message) -> bool:
        """A lease has a token, and who tells can be answered."""
        return message.reply_with is not None and isinstance(message.content.get("token"), int)

    def answers(self, message: Message) -> bool:
        """It is the first that is heard."""
        return message.performative == Performative.INFORM

    def keep_or_not(self, now_ns: int, message: Message) -> str | None:
        """Keep to the lease and confirm it, unless a newer one was seen."""
        self._lease = message
        if not self._keep(message.content, now_ns):
            return STALE
        self.say(now_ns, Performative.INFORM, message.sender, {"token": message.content["token"]}, to=message)
        return None

    def report_failure(self, now_ns: int) -> None:
        """Tell that the lease is not kept to."""
        self.say(now_ns, Performative.FAILURE, self.peers[0], to=self._lease)
