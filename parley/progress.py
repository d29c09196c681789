"""How a run gets on: one line that renews itself on a terminal, a few plain lines elsewhere."""

from __future__ import annotations

import time
from typing import TextIO

from parley.running import Progress
from parley.wording import clock, rate

BAR = 20  # characters
RENEWED_S, PLAIN_S = 0.2, 10.0  # wall time between two lines
CLEARED = "\r\x1b[K"


class ProgressLine:
    """Called with a Progress now and then; `done` leaves a terminal as it was."""

    def __init__(self, stream: TextIO) -> None:
        self._stream, self._is_terminal = stream, stream.isatty()
        self._next = time.monotonic() + (RENEWED_S if self._is_terminal else PLAIN_S)

    def __call__(self, now: Progress) -> None:
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + (RENEWED_S if self._is_terminal else PLAIN_S)
        self._stream.write(f"{CLEARED}{line(now)}" if self._is_terminal else f"{line(now)}\n")
        self._stream.flush()

    def done(self) -> None:
        """Clear the line."""
        if self._is_terminal:
            self._stream.write(CLEARED)
            self._stream.flush()


def line(now: Progress) -> str:
    """`8m15s of 20m  41 %  ████████░░░  12.4 k requests/s  ...`; fits into 80 columns."""
    share = now.now_ns / now.until_ns
    full = int(BAR * share)
    left = now.wall_s * (1 - share) / share if share > 0 else 0.0
    bar = "█" * full + "░" * (BAR - full)
    rates = f"{rate(now.requests / now.wall_s)[:-2]} requests/s, {rate(now.hops / now.wall_s)[:-2]} hops/s"
    return f"{clock(now.now_ns)} of {clock(now.until_ns)} {bar} {100 * share:.0f} % · {rates} · {clock(left * 1e9)} left"
