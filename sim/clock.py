"""Integer time (D4) and the one order of simultaneous events; nowhere else is order decided.

Time is int nanoseconds since the start. Data events sort by (time, rank); a rank packs (phase, request, call), where
`call` is the request's own counter in creation order. Control events at one instant come before data events and sort
by (phase, name). A rank is at least 2, above SimPy's own priorities 0 and 1, so that whatever SimPy schedules without
delay drains before the next ranked event.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from functools import lru_cache

import simpy

from sim.registry import law

CALL_BITS = 18
REQUEST_BITS = 40
PHASE_SHIFT = CALL_BITS + REQUEST_BITS
CALLS_MAX = (1 << CALL_BITS) - 1  # calls and branches one request may make
STANDSTILL = 10_000_000  # arrivals at one instant after which time is said to stand still


class Phase(IntEnum):
    """Data events that fall on one instant, first to last (D5)."""

    WORKED = 1  # a work or wait step is over
    REPLIED = 2  # an answer reaches its caller: in time, if it comes at the very instant of the timeout
    TIMED_OUT = 3  # a try has taken too long
    EXPIRED = 4  # a call, with all its tries, has taken too long
    RETRIED = 5  # the wait before a retry is over, or that for a key whose holder died
    DELIVERED = 6  # a request reaches a pod
    ARRIVED = 7  # a request comes from outside
    CALLED_OFF = 8  # a cancel reaches a pod: last, so what is done at that very instant is done
    CONNECTED = 9  # a connection is open, or refused
    WAITED = 10  # a try has waited too long for a connection, or a place
    OUTRUN = 11  # word reaches a pod that the other of two tied tries has begun
    PROBED = 12  # a balancer's probe reaches a pod, or comes back


class ControlPhase(IntEnum):
    """Control events that fall on one instant, first to last (D6)."""

    FAULT = 1
    PLATFORM = 2
    CONFIG = 3
    SCRAPE = 4
    MESSAGE = 5
    WAKE = 6
    COUNCIL = 7  # minds that decide together, after all of them have looked


(WORKED, REPLIED, TIMED_OUT, EXPIRED, RETRIED, DELIVERED, ARRIVED, CALLED_OFF, CONNECTED, WAITED, OUTRUN,
 PROBED) = (int(phase) for phase in Phase)  # fmt: skip


@law
def rank(phase: int, request: int, call: int) -> int:
    """D5 Place among the data events of one instant."""
    return (phase << 58) | (request << 18) | call


@law
def arrival_rank(workload: int, user: int) -> int:
    """D5 Place among the arrivals of one instant: by workload as listed, then by user."""
    return (ARRIVED << 58) | (workload << 40) | user


@lru_cache(maxsize=4096)
def control_rank(phase: ControlPhase, name: str) -> int:
    """D6 Place among the control events of one instant, as a SimPy priority: by phase, then by name."""
    return (int(phase) << 512) | int.from_bytes(name.encode()[:64].ljust(64, b"\0"))


class Moment(simpy.Event):
    """An event that falls at a given time and rank, once `fall` has been called."""

    def fall(self, time_ns: int, rank: int) -> Moment:
        """Let it happen then. SimPy's own zero-delay events (priorities 0 and 1) drain before it."""
        self._ok, self._value = True, None
        self.env.schedule(self, priority=rank, delay=time_ns - self.env.now)  # type: ignore[arg-type]  # a rank is an int
        return self

    def follow(self, time_ns: int, value: object) -> None:
        """Let it happen with a value within what goes on at a time, which is now, behind all that is to follow already."""
        self._ok, self._value = True, value
        self.env.schedule(self, delay=time_ns - self.env.now)

    def forget(self) -> None:
        """Let it pass without anyone noticing."""
        if self.callbacks is not None:
            self.callbacks.clear()


class ControlClock:
    """The one control clock: a SimPy environment in integer nanoseconds, whose ties `control_rank` decides."""

    def __init__(self) -> None:
        self.env = simpy.Environment()

    @property
    def now_ns(self) -> int:
        """Control's own time."""
        return int(self.env.now)

    def at(self, time_ns: int, phase: ControlPhase, name: str, action: Callable[[], None]) -> None:
        """Let `action` happen at a time, now or later. Refuses floats (TypeError) and the past (ValueError)."""
        if not isinstance(time_ns, int) or isinstance(time_ns, bool):
            raise TypeError(f"time is int nanoseconds, not {time_ns!r}")
        if time_ns < self.env.now:
            raise ValueError(f"{time_ns} ns is before now, {self.now_ns} ns")
        moment = Moment(self.env)
        moment.callbacks.append(lambda _: action())
        moment.fall(time_ns, control_rank(phase, name))

    def after(self, delay_ns: int, phase: ControlPhase, name: str, action: Callable[[], None]) -> None:
        """Let `action` happen after a delay. Refuses floats (TypeError)."""
        if not isinstance(delay_ns, int) or isinstance(delay_ns, bool):
            raise TypeError(f"a delay is int nanoseconds, not {delay_ns!r}")
        self.at(self.now_ns + delay_ns, phase, name, action)
