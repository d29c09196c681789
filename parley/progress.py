"""How a run gets on: one line that renews itself on a terminal, a few plain lines elsewhere."""

from __future__ import annotations

import time
from typing import Self, TextIO

from parley.runs.running import Progress
from parley.wording import clock, number, rate

BAR = 10  # characters
RENEWED_S, PLAIN_S = 0.2, 10.0  # wall time between two lines
CLEARED = "\r\x1b[K"


class TerminalLine:
    """A line that is written over and over on a terminal; elsewhere what matters is one plain line after another."""

    def __init__(self, stream: TextIO) -> None:
        self._stream, self._is_terminal = stream, stream.isatty()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Leave a terminal as it was."""
        if self._is_terminal:
            self._write(CLEARED)

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


class ProgressLine(TerminalLine):
    """How far one run is; called with a Progress now and then."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self._pause = RENEWED_S if self._is_terminal else PLAIN_S
        self._next = self._pause  # in wall time of the run

    def __call__(self, now: Progress) -> None:
        if now.wall_s >= self._next:
            self._next = now.wall_s + self._pause
            self._write(f"{CLEARED}{line(now)}" if self._is_terminal else f"{line(now)}\n")


class SeedsLine(TerminalLine):
    """How many seeds are done; called with that and the number of all."""

    def __call__(self, done: int, seeds: int) -> None:
        if self._is_terminal:
            self._write(f"{CLEARED}{done} of {seeds} seeds")


class CellsLine(TerminalLine):
    """How many cells of a sweep, or decisions of a training, are done, and when the rest may be; called with that and the number of all."""

    def __init__(self, stream: TextIO, what: str = "cells") -> None:
        super().__init__(stream)
        self._last, self._what = time.monotonic(), what
        self._first: tuple[int, float] | None = None  # how many were done when, the first time: workers had begun by then

    def __call__(self, done: int, cells: int) -> None:
        now = time.monotonic()
        if self._first is None:
            self._first = done, now
        elif done > self._first[0] and now - self._last >= (RENEWED_S if self._is_terminal else PLAIN_S):
            self._last = now
            text = cells_line(done, cells, done - self._first[0], now - self._first[1], self._what)
            self._write(f"{CLEARED}{text}" if self._is_terminal else f"{text}\n")


def cells_line(done: int, cells: int, computed: int, wall_s: float, what: str = "cells") -> str:
    """`120 of 200 cells ██████░░░░ 60 % · 14 cells/s · 6s left`; the rate is of the cells computed in that time."""
    per_s = computed / max(wall_s, 1e-9)
    pace = f"{number(per_s, 3)} {what}/s" if per_s >= 1 else f"{clock(1e9 / per_s)} a {what.removesuffix('s')}"
    return f"{done:,} of {cells:,} {what} {_bar(done / cells)} · {pace} · {clock(round((cells - done) / per_s) * 1e9)} left"


def _bar(share: float) -> str:
    full = int(BAR * share)
    return "█" * full + "░" * (BAR - full) + f" {100 * share:.0f} %"


def line(now: Progress) -> str:
    """`8m15s of 20m ████░░░░░░ 41 % · 150 k requests/s, 1.2 M hops/s · 3s left`; fits into 80 columns."""
    share = now.now_ns / now.until_ns
    left = round(now.wall_s * (1 - share) / share) if share > 0 else 0
    requests, hops = (rate(counted / max(now.wall_s, 1e-9)).removesuffix("/s") for counted in (now.requests, now.hops))
    return (f"{clock(now.now_ns)} of {clock(now.until_ns)} {_bar(share)} · "
            f"{requests} requests/s, {hops} hops/s · {clock(left * 1e9)} left")  # fmt: skip
