"""Where calls wait in a pod: who is next, and who is dropped."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from scenarios.schema.queueing import Queue
from sim.laws.queueing import CODEL, FOREVER_NS, LEVELS, codel_drops, is_expired, level, patience_ns, takes_newest
from sim.records import QUEUE
from sim.settings import queue_fields

Settings = QUEUE.make_class()


@dataclass(slots=True, eq=False)
class Waiter:
    """Somebody in a queue: a visit that waits for a worker, or a job that waits for a core."""

    who: Any
    priority: int
    joined_ns: int = 0
    deadline_ns: int = FOREVER_NS  # after which nobody waits for it
    patience_ns: int = 0


class Line:
    """A queue (Q5): a line for each priority, of which all but `priority` use only the first."""

    def __init__(self, spec: Queue) -> None:
        self.queue = Settings(**queue_fields(spec))
        self.lines: list[deque[Waiter]] = [deque() for _ in range(LEVELS)]

    def __len__(self) -> int:
        return int(self.queue.length)

    def join(self, one: Waiter, now_ns: int) -> None:
        """Somebody waits from now on."""
        if self.queue.length == 0:
            self.queue.crowded_ns = now_ns
        one.joined_ns, one.patience_ns = now_ns, patience_ns(self.queue, now_ns)
        self.queue.length += 1
        self.lines[level(self.queue.discipline, one.priority)].append(one)

    def take(self, now_ns: int) -> tuple[Waiter, bool]:
        """Whoever is next, and whether it is dropped (Q6, Q7, Q10). Somebody waits."""
        queue, line = self.queue, next(line for line in self.lines if line)
        queue.length -= 1
        if now_ns - line[0].joined_ns > line[0].patience_ns:
            return line.popleft(), True
        one = line.pop() if takes_newest(queue.discipline, queue.length, queue.threshold) else line.popleft()
        if queue.drops_expired and is_expired(one.deadline_ns, now_ns):
            return one, True
        return one, queue.control == CODEL and codel_drops(queue, now_ns - one.joined_ns, queue.length, now_ns)

    def remove(self, is_meant: Callable[[Any], bool]) -> bool:
        """Whether somebody like this waited; it does no more."""
        for line in self.lines:
            for one in line:
                if is_meant(one.who):
                    line.remove(one)
                    self.queue.length -= 1
                    return True
        return False

    def clear(self) -> None:
        """Nobody waits any more."""
        for line in self.lines:
            line.clear()
        self.queue.length = 0
