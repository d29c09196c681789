"""The two kinds of event everything waits for: a ranked moment, and the end of somebody's waiting."""

from __future__ import annotations

from typing import Any

import simpy


class Moment(simpy.Event):
    """An event that falls at a given time and rank, once `fall` has been called."""

    def fall(self, time_ns: int, rank: int) -> Moment:
        """Let it happen then. SimPy's own zero-delay events (priorities 0 and 1) drain before it."""
        self._ok, self._value = True, None
        self.env.schedule(self, priority=rank, delay=time_ns - self.env.now)  # type: ignore[arg-type]  # a rank is an int
        return self

    def forget(self) -> None:
        """Let it pass without anyone noticing."""
        if self.callbacks is not None:
            self.callbacks.clear()


class Waiting:
    """One caller's wait, which the first of several causes ends: an answer, a timeout, the end of a back-off."""

    def __init__(self, env: simpy.Environment) -> None:
        self.event = env.event()
        self.is_open = True

    def end(self, cause: Any) -> None:
        """Wake the caller with the cause; a wait ends once, later causes come to nobody."""
        if self.is_open:
            self.is_open = False
            self.event.succeed(cause)

    def abandon(self) -> None:
        """The caller is gone; nobody will be woken."""
        self.is_open = False
