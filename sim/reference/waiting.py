"""What a caller waits on: one event, which the first of several causes ends."""

from __future__ import annotations

from typing import Any

import simpy


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
