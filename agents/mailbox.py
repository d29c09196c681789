"""The agents' network: what one says to another takes time, may be lost, may come twice and may overtake what was said before.

Who meets which fate is drawn by address (D1-D3): sender, receiver, protocol and conversation, and the how-manieth message
of these it is. So an idle agent, or a further conversation of the same two, changes nothing for anybody else.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from scenarios.schema.control_network import ControlNetwork as Described
from sim.clock import ControlClock, ControlPhase
from sim.draws import Seed, family_key, indexed_key, mix, name_hash, stream, unit
from sim.sampling import sample_ns

if TYPE_CHECKING:
    from agents.negotiation.messages import Message

LATENCY = stream("control_latency")  # how long a message between agents is under way
LOST = stream("control_loss")  # which never arrive
DOUBLED = stream("control_duplicates")  # which come twice
SKEW = stream("control_clock_skew")  # how wrong an agent's clock is

Receive = Callable[["Message"], None]


class Fate(StrEnum):
    """What became of a message, or of a copy of it."""

    IN_FLIGHT = "in flight"
    DELIVERED = "delivered"
    LOST = "lost"
    CUT = "cut"  # sender and receiver were cut off from each other when it was sent
    CRASHED = "crashed"  # nobody of that name was there when it arrived


@dataclass(slots=True)
class Posted:
    """One row of the table of messages: a message, or a second copy of it, and what became of it so far."""

    sent_ns: int
    delivered_ns: int | None  # None where it has not arrived, or never will
    sender: str
    receiver: str
    performative: str
    protocol: str
    conversation_id: str
    reply_with: str | None
    in_reply_to: str | None
    reply_by_ns: int | None
    content: str  # JSON, keys in order
    fate: Fate
    is_copy: bool


@dataclass(frozen=True, slots=True)
class _Arrival:
    """A copy of a message that is under way. Ties at one instant: by receiver, sender, number."""

    row: Posted
    message: Message
    place: tuple[str, str, int, bool]


class ControlNetwork:
    """Carries messages between the agents that have joined, on the control clock."""

    def __init__(self, described: Described, seed: Seed, clock: ControlClock) -> None:
        self.described, self.seed, self.clock = described, seed, clock
        self.log: list[Posted] = []  # in the order of sending; a row is completed when its fate is known
        self._receivers: dict[str, Receive] = {}
        self._cuts: dict[str, tuple[frozenset[str], frozenset[str] | None]] = {}  # by cause
        self._said: dict[tuple[str, str, str, str], int] = {}  # messages of a pair's conversation so far
        self._sent: dict[tuple[str, str], int] = {}  # messages of a pair so far
        self._arriving: dict[int, list[_Arrival]] = {}  # by time

    @property
    def clock_skew_ns(self) -> int:
        """How far any agent's clock may be from true time."""
        return self.described.clock_skew

    def clock_error_ns(self, name: str) -> int:
        """How far an agent's clock is ahead of true time (negative: behind)."""
        drawn = unit(family_key(self.seed, "agent", name), SKEW, 0)
        return round((2 * drawn - 1) * self.clock_skew_ns)

    def join(self, name: str, receive: Receive) -> None:
        """From now on `receive` is called with what arrives for `name`. One that is there already is replaced."""
        self._receivers[name] = receive

    def leave(self, name: str) -> None:
        """Nobody of that name is there any more, until it joins again: what arrives is lost. So it is for who crashed."""
        self._receivers.pop(name, None)

    def cut(self, cause: str, names: Collection[str], others: Collection[str] | None = None) -> None:
        """Messages sent from now on between `names` and `others` (None: everybody else), either way, are lost.

        A message that is under way arrives. Cuts of several causes add up; the same cause again takes the place of the first.
        """
        self._cuts[cause] = (frozenset(names), None if others is None else frozenset(others))

    def mend(self, cause: str) -> None:
        """The cut of that cause is over."""
        self._cuts.pop(cause, None)

    def is_cut(self, sender: str, receiver: str) -> bool:
        """Whether a message sent now would be lost to a cut."""
        return sender != receiver and any(_parts(sender, receiver, *cut) for cut in self._cuts.values())

    def post(self, message: Message) -> None:
        """Send a message. Refuses content that is not plain JSON (TypeError, ValueError)."""
        content = json.dumps(message.content, sort_keys=True, allow_nan=False, separators=(",", ":"))
        key, number = self._address(message), self._number(message)
        copies = 1
        if message.sender != message.receiver and unit(key, DOUBLED, 0) < self.described.duplicates:
            copies = 2
        for copy in range(copies):
            row = Posted(self.clock.now_ns, None, message.sender, message.receiver, str(message.performative), message.protocol,
                         message.conversation_id, message.reply_with, message.in_reply_to, message.reply_by_ns, content,
                         Fate.IN_FLIGHT, copy > 0)  # fmt: skip
            self.log.append(row)
            place = (message.receiver, message.sender, number, copy > 0)
            # what arrives is a copy of its own: nobody can reach into what another holds
            arrival = _Arrival(row, replace(message, content=json.loads(content)), place)
            self._send(arrival, indexed_key(key, copy))

    def _address(self, message: Message) -> int:
        """The key of a message's draws."""
        pair, talk = (message.sender, message.receiver), (message.protocol, message.conversation_id)
        n = self._said[(*pair, *talk)] = self._said.get((*pair, *talk), -1) + 1
        key = family_key(self.seed, "control_network", json.dumps(pair))  # as JSON, so that no two pairs look alike
        return indexed_key(mix(key ^ name_hash(json.dumps(talk))), n)

    def _number(self, message: Message) -> int:
        """Its place among all that its sender ever sent to its receiver."""
        pair = (message.sender, message.receiver)
        self._sent[pair] = self._sent.get(pair, -1) + 1
        return self._sent[pair]

    def _send(self, arrival: _Arrival, key: int) -> None:
        row = arrival.row
        latency_ns = 0
        if row.sender != row.receiver:
            if self.is_cut(row.sender, row.receiver):
                row.fate = Fate.CUT
                return
            if unit(key, LOST, 0) < self.described.loss:
                row.fate = Fate.LOST
                return
            latency_ns = sample_ns(self.described.latency, key, LATENCY)
        at_ns = self.clock.now_ns + latency_ns
        if at_ns not in self._arriving:
            self._arriving[at_ns] = []
            self.clock.at(at_ns, ControlPhase.MESSAGE, "control_network", lambda: self._deliver(at_ns))
        self._arriving[at_ns].append(arrival)

    def _deliver(self, at_ns: int) -> None:
        """All that arrives at one instant. What is sent meanwhile, and takes no time, comes after it."""
        for arrival in sorted(self._arriving.pop(at_ns), key=lambda one: one.place):
            receive = self._receivers.get(arrival.row.receiver)
            arrival.row.delivered_ns = None if receive is None else at_ns
            arrival.row.fate = Fate.CRASHED if receive is None else Fate.DELIVERED
            if receive is not None:
                receive(arrival.message)


def _parts(sender: str, receiver: str, names: frozenset[str], others: frozenset[str] | None) -> bool:
    """Whether a cut between `names` and `others` lies between two agents."""
    if others is None:
        return (sender in names) != (receiver in names)
    return (sender in names and receiver in others) or (sender in others and receiver in names)
