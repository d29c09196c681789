"""Push-sum over any graph: everybody keeps a part of what it holds and sends the rest to neighbours (Kempe, Dobra, Gehrke 2003).

A message does not carry a part, but the total of all parts ever sent to this neighbour (running sums: Hadjicostis, Vaidya,
Dominguez-Garcia 2016). The neighbour takes what the total has grown by. So a lost message is made good by the next one, a
copy or one that was overtaken adds nothing, and mass is never doubled. Nothing needs to be acknowledged: the total heard is the
acknowledgement. At every instant, what all hold and what each is still owed is what there was at first; at the end, what is owed
is lost, sum and weight alike, so that the estimates stay weighted means of what was brought in.

Who crashes takes what it held with it. It may not come back into the same conversation, where it would take the totals of
its neighbours for new; it waits for the next one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from agents.negotiation.machine import BEGUN, EXPIRED, Conversation, Row
from agents.negotiation.messages import Message, Performative

PROTOCOL = "push-sum"

NEW, SPREADING, OVER = "new", "spreading", "over"
TIME_IS_UP = "time is up"

Party = TypeVar("Party")  # what one holds, has sent and has heard: the mechanism's own
Total = tuple[float, float]  # (sum, weight)


@dataclass(frozen=True, slots=True)
class Rules(Generic[Party]):
    """The mechanism: what a party is, these functions know."""

    push: Callable[[Party, Collection[str]], Party]  # with equal parts sent to so many
    total: Callable[[Party, str], Total]  # all that was ever sent to one
    tell: Callable[[Party, str, Total], Party]  # with what is new of a sender's total
    targets: Callable[[int], Collection[str]]  # whom to push to in a round, 0, 1, ...


class Gossiper(Conversation, Generic[Party]):
    """One of many alike. `party` is what it holds now; `rounds` how often it pushed."""

    rows = (
        Row(NEW, BEGUN, SPREADING, "push_parts"),
        Row(NEW, Performative.INFORM, NEW, "take_total"),
        Row(SPREADING, Performative.INFORM, SPREADING, "take_total"),
        Row(SPREADING, EXPIRED, SPREADING, "push_parts"),
        Row(SPREADING, TIME_IS_UP, OVER, "end"),
    )
    last = frozenset({OVER})

    def __init__(self, name: str, conversation_id: str, peers: Iterable[str], party: Party, rules: Rules[Party],
                 round_ns: int, done_by_ns: int) -> None:  # fmt: skip
        """`peers`: all whom it may hear. ValueError for a round that is none."""
        super().__init__(name, PROTOCOL, conversation_id, peers)
        if round_ns <= 0:
            raise ValueError(f"a round of {round_ns} ns would never let time pass")
        self.party, self.rules, self.round_ns, self.done_by_ns = party, rules, round_ns, done_by_ns
        self.rounds = 0

    def makes_sense(self, message: Message) -> bool:
        """A total is two finite numbers, the weight above 0."""
        return _total(message) is not None

    def answers(self, message: Message) -> bool:
        """All that neighbours tell unasked is heard."""
        return message.in_reply_to is None

    def push_parts(self, now_ns: int) -> str | None:
        """Send a part of what is held to each of this round's targets."""
        if now_ns >= self.done_by_ns:
            return TIME_IS_UP
        targets = sorted(set(self.rules.targets(self.rounds)))
        self.party = self.rules.push(self.party, targets)
        for target in targets:
            sum_, weight = self.rules.total(self.party, target)
            self.say(now_ns, Performative.INFORM, target, {"sum": sum_, "weight": weight, "round": self.rounds})
        self.rounds += 1
        self.due_ns = min(now_ns + self.round_ns, self.done_by_ns)
        return None

    def take_total(self, _: int, message: Message) -> None:
        """Take what is new of a neighbour's total."""
        total = _total(message)
        if total is not None:
            self.party = self.rules.tell(self.party, message.sender, total)

    def end(self, _: int) -> None:
        """Time is up."""


def _total(message: Message) -> Total | None:
    sum_, weight = message.content.get("sum"), message.content.get("weight")
    if not isinstance(sum_, int | float) or not isinstance(weight, int | float):
        return None
    return (sum_, weight) if math.isfinite(sum_) and math.isfinite(weight) and weight > 0 else None
