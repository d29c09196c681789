"""A network on which everything takes one tick: who said what, when. What is to be lost, a function says."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable

from agents.negotiation.machine import Conversation, Step
from agents.negotiation.messages import Message

TICK = 1


def told(roles: Iterable[Conversation], begins: Iterable[str], is_lost: Callable[[int, Message], bool] = lambda _, __: False,
         until_ns: int = 10_000) -> list[tuple[int, Message]]:  # fmt: skip
    """All that is said, lost or not, with the time; `is_lost` is asked with the number of the message, 0, 1, ..."""
    by_name = {role.name: role for role in roles}
    said: list[tuple[int, Message]] = []
    events: list[tuple[int, int, str, Message | None]] = []  # time, tie, who; None: a timer

    def took(now_ns: int, name: str, step: Step) -> None:
        for message in step.messages:
            said.append((now_ns, message))
            if not is_lost(len(said) - 1, message):
                heapq.heappush(events, (now_ns + TICK, len(said), message.receiver, message))
        if step.due_ns is not None:  # a message at the very instant comes before a timer
            heapq.heappush(events, (max(step.due_ns, now_ns), 10**9 + len(said), name, None))

    for name in begins:
        took(0, name, by_name[name].begin(0))
    while events and events[0][0] <= until_ns:
        now_ns, _, name, message = heapq.heappop(events)
        role = by_name[name]
        if message is not None:
            took(now_ns, name, role.receive(message, now_ns))
        elif role.due_ns is not None and role.due_ns <= now_ns:
            took(now_ns, name, role.expire(now_ns))
    return said


def lines(said: Iterable[tuple[int, Message]]) -> list[str]:
    """As one reads it."""
    return [f"{now_ns} {m.sender} {m.performative} {m.receiver}" for now_ns, m in said]
