"""Keys that one strand at a time is busy with, and those who wait for their turn."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import simpy

from sim.clock import RETRIED, Moment, rank
from sim.reference.life import Strand

if TYPE_CHECKING:
    from sim.reference.engine import ReferencePlane

DONE, STALE, FAILED, HANDED = "done", "stale", "failed", "handed"  # what somebody who waited is told


@dataclass(slots=True, eq=False)
class Turn:
    """A key that one strand is busy with; others wait, first come first."""

    key: int
    busy: dict[int, Turn]  # where it stands while it lasts
    waiting: deque[tuple[Strand, simpy.Event]] = field(default_factory=deque)
    told: str = ""

    def take(self, strand: Strand) -> None:
        """A strand begins it."""
        self.busy[self.key] = self
        strand.turns.append(self)

    def wait(self, plane: ReferencePlane, strand: Strand) -> Generator[simpy.Event, Any, str]:
        """Until it is over, or is handed to this strand; what the strand is told."""
        event = plane.env.event()
        strand.queued = self
        self.waiting.append((strand, event))
        told: str = yield event
        if told != HANDED:
            self._wake_next()
        return told

    def end(self, told: str) -> None:
        """S6: it is over; everybody who waits shares its end, each woken by the one before."""
        del self.busy[self.key]
        self.told = told
        self._wake_next()

    def hand_over(self, plane: ReferencePlane, *, is_lost: bool = False) -> None:
        """S7: whoever had it is gone; the first who waits takes it, by an event of its own where a pod has died."""
        if not self.waiting:
            del self.busy[self.key]
            return
        strand, event = self._next()
        strand.turns.append(self)
        if not is_lost:
            event.succeed(HANDED)
            return
        over = Moment(plane.env)
        over.callbacks.append(lambda _: _hand(strand, event))
        over.fall(plane.now_ns, rank(RETRIED, strand.request.number, strand.number))

    def leave(self, strand: Strand) -> None:
        """A strand waits no longer."""
        self.waiting = deque(one for one in self.waiting if one[0] is not strand)
        strand.queued = None

    def _wake_next(self) -> None:
        if self.waiting:
            self._next()[1].succeed(self.told)

    def _next(self) -> tuple[Strand, simpy.Event]:
        strand, event = self.waiting.popleft()
        strand.queued = None
        return strand, event


def _hand(strand: Strand, event: simpy.Event) -> None:
    if strand.visit is not None and not strand.visit.is_lost:
        event.succeed(HANDED)


def lose_turns(plane: ReferencePlane, dying: Sequence[Strand]) -> None:
    """S7: strands die with their pod: they wait no longer, and what they were busy with goes to who waits elsewhere."""
    for strand in dying:
        if strand.queued is not None:
            strand.queued.leave(strand)
    for strand in dying:
        while strand.turns:
            strand.turns.pop().hand_over(plane, is_lost=True)
