"""The machine that every role of every protocol is: a state, and a table of what each event does in it.

A role has no clock, no network and no access to the mesh. It is told what happens (`begin`, `receive`, `expire`, each
with the time) and answers with a `Step`: what to send now, and when it wants to hear that time is up. Whatever a network
does, `receive` raises nothing and the table alone says what moves:

* not to this role, of another conversation or from somebody who has no part in it: passed over;
* a copy of what was heard: passed over; where the role's `closing` word answered it, that is said once more;
* past the deadline: first the deadline passes, then the message is heard (at the very instant it is in time);
* a performative the role's table does not know at all, or content that makes no sense: answered not-understood, unless it
  is a not-understood itself;
* not in the table in this state, or an answer to what was not asked: passed over.
"""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from agents.negotiation.messages import Content, Message, Performative

BEGUN, EXPIRED = "begun", "expired"  # events that are no messages; the rest of a table's events are the role's own
NOTHING: Content = {}


@dataclass(frozen=True, slots=True)
class Step:
    """What a role answers to an event."""

    messages: tuple[Message, ...] = ()  # to be sent now, in this order
    due_ns: int | None = None  # when `expire` is to be called, by the role's own clock; None: never, as things stand


class Row(NamedTuple):
    """In this state, on this event: what is done, and the state after it.

    `action` names a method: `(now_ns, message)` where the event is a performative, `(now_ns)` for any other. It may
    answer with a further event, which is looked up in the state after it, at once.
    """

    state: str
    event: str
    then: str
    action: str


class Conversation(ABC):
    """One role in one conversation. A subclass gives its rows, its last states and the methods that its rows name."""

    rows: ClassVar[tuple[Row, ...]]  # the first row's state is the first state
    last: ClassVar[frozenset[str]]  # states in which it is over; it may still answer who comes late
    _table: ClassVar[Mapping[tuple[str, str], Row]]

    def __init_subclass__(cls) -> None:
        """Refuses a table with two rows for one event in one state, or with an action there is no method for (TypeError)."""
        super().__init_subclass__()
        cls._table = {(row.state, row.event): row for row in cls.rows}
        if len(cls._table) < len(cls.rows):
            raise TypeError(f"{cls.__name__} has two rows for one event in one state")
        missing = [row.action for row in cls.rows if not callable(getattr(cls, row.action, None))]
        if missing:
            raise TypeError(f"{cls.__name__} has no method {missing[0]}")

    def __init__(self, name: str, protocol: str, conversation_id: str, peers: Iterable[str]) -> None:
        """`peers`: who else has a part in it."""
        self.name, self.protocol, self.conversation_id = name, protocol, conversation_id
        self.peers = tuple(sorted(set(peers)))
        self.state = self.rows[0].state
        self.due_ns: int | None = None
        self.closing: Message | None = None  # the last word, where its receiver asks until it has heard it
        self._out: list[Message] = []
        self._said = 0
        self._heard: set[tuple[str, ...]] = set()

    @property
    def is_over(self) -> bool:
        """Whether it has come to an end, good or bad."""
        return self.state in self.last

    def begin(self, now_ns: int) -> Step:
        """Let it begin, where this role is the one to begin."""
        return self._step(now_ns, BEGUN)

    def expire(self, now_ns: int) -> Step:
        """Time passes. Before `due_ns` nothing happens, so that a timer that was set too early does no harm."""
        is_due = self.due_ns is not None and now_ns >= self.due_ns
        return self._step(now_ns, EXPIRED) if is_due else Step(due_ns=self.due_ns)

    def receive(self, message: Message, now_ns: int) -> Step:
        """A message, or something like it, comes in."""
        where = (message.receiver, message.protocol, message.conversation_id)
        if where != (self.name, self.protocol, self.conversation_id) or message.sender not in self.peers:
            return Step(due_ns=self.due_ns)
        if message.mark in self._heard:
            if self.closing is not None and self.closing.in_reply_to == message.reply_with:
                self.say_again(self.closing)
            return self._taken()
        self._heard.add(message.mark)
        if self.due_ns is not None and now_ns > self.due_ns:
            self._move(now_ns, EXPIRED)
        if not self._is_understood(message):
            self._answer_nonsense(message, now_ns)
        elif (self.state, message.performative) in self._table and self.answers(message):
            self._move(now_ns, message.performative, message)
        return self._taken()

    @abstractmethod
    def makes_sense(self, message: Message) -> bool:
        """Whether a message has what its performative needs."""

    @abstractmethod
    def answers(self, message: Message) -> bool:
        """Whether a message that makes sense is one this role waits for: an answer to what it asked."""

    def say_again(self, message: Message) -> None:
        """Send once more what was sent: the same message, so that who has heard it knows."""
        self._out.append(message)

    def say(self, now_ns: int, performative: Performative, receiver: str, content: Content = NOTHING, *,
            to: Message | None = None, reply_by_ns: int | None = None) -> Message:  # fmt: skip
        """Send a message when this step is over; `to` is what it answers.

        Every message can be answered by a name of its own. The time is in it, so that a role that begins again after a
        crash never uses a name twice.
        """
        self._said += 1
        message = Message(performative, self.name, receiver, self.protocol, self.conversation_id, content,
                          f"{self.name}@{now_ns}/{self._said}", None if to is None else to.reply_with, reply_by_ns)  # fmt: skip
        self._out.append(message)
        return message

    def _is_understood(self, message: Message) -> bool:
        if message.performative == Performative.NOT_UNDERSTOOD:
            return True
        return any(row.event == message.performative for row in self.rows) and self.makes_sense(message)

    def _answer_nonsense(self, message: Message, now_ns: int) -> None:
        self.say(now_ns, Performative.NOT_UNDERSTOOD, message.sender, {"performative": str(message.performative)}, to=message)

    def _step(self, now_ns: int, event: str) -> Step:
        if (self.state, event) in self._table:
            self._move(now_ns, event)
        return self._taken()

    def _move(self, now_ns: int, event: str, message: Message | None = None) -> None:
        row = self._table[self.state, event]
        action = getattr(self, row.action)
        further = action(now_ns) if message is None else action(now_ns, message)
        self.state = row.then
        if self.is_over:
            self.due_ns = None
        if further is not None:
            self._move(now_ns, further)

    def _taken(self) -> Step:
        step = Step(tuple(self._out), self.due_ns)
        self._out.clear()
        return step


def table(role: type[Conversation]) -> str:
    """A role's table in Markdown: state, event, next state, and the first sentence on its action. PROTOCOLS.md shows these."""
    lines = ["| in state | on | does | then |", "|---|---|---|---|"]
    for row in role.rows:
        told = (inspect.getdoc(getattr(role, row.action)) or "").split(".")[0].replace("\n", " ")
        then = f"**{row.then}**" if row.then in role.last else row.then
        lines.append(f"| {row.state} | {row.event} | {told} | {then} |")
    return "\n".join(lines)
