"""Two tries of a call that know of each other. Twin of reference/tying.py."""

from __future__ import annotations

from typing import Any

from sim.clock import OUTRUN, rank
from sim.fast.agenda import push_any
from sim.fast.compiling import feature
from sim.fast.state import TIED, VISIT
from sim.fast.travelling import word_ns
from sim.laws.retrying import CANCELLED


@feature
def tie(s: Any, a: int, b: int) -> None:
    """G6: try b leaves while a is open. Word that a has begun may be there before it."""
    one, other = s.frames[a], s.frames[b]
    if one.pod < 0 or other.pod < 0:
        return
    s.extras[a].twin, s.extras[a].twin_number = b, other.number
    s.extras[b].twin, s.extras[b].twin_number = a, one.number
    if one.started_ns >= 0:
        due_ns = word_ns(s, a, b, one.started_ns)
        if due_ns <= s.lane[0].now_ns:
            other.served, s.extras[b].is_outrun = CANCELLED, 1
        else:
            send_word(s, b, due_ns)


@feature
def tell_twin(s: Any, a: int) -> None:
    """G7: visit a begins to work, and tells its twin, if that is still known."""
    one, b = s.frames[a], s.extras[a].twin
    if s.routes[one.route].special & TIED == 0 or b < 0:
        return
    other = s.frames[b]
    if other.kind == VISIT and other.request_number == one.request_number and other.number == s.extras[a].twin_number:
        send_word(s, b, word_ns(s, a, b, s.lane[0].now_ns))


@feature
def send_word(s: Any, b: int, due_ns: int) -> None:
    """Word is on its way to try b's pod, which keeps the try from being forgotten."""
    s.frames[b].refs += 1
    push_any(s, due_ns, rank(OUTRUN, s.frames[b].request_number, s.frames[b].number), b)
