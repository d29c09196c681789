"""Faults that a caller's proxy injects into its calls. Twin of reference/injecting.py."""

from __future__ import annotations

from typing import Any

from sim.clock import RETRIED, rank
from sim.draws import ABORTED, DELAYED, child_key
from sim.fast.agenda import push_any
from sim.fast.compiling import feature, part
from sim.fast.frames import base_key, number_call
from sim.fast.state import HELD_UP
from sim.laws.injecting import is_injected
from sim.laws.service import lap_number


@part
def call_key(s: Any, f: int) -> int:
    """Key of the first try of the call that strand f begins."""
    strand = s.frames[f]
    op = s.ops[strand.pc]
    return child_key(base_key(s, f), op.step, lap_number(strand.lap, op.c, strand.repetition), 0)


@feature
def is_held_up(s: Any, f: int) -> bool:
    """I2: whether the call that strand f begins is delayed now; it will ask again, and go on."""
    strand = s.frames[f]
    route = s.routes[s.ops[strand.pc].a]
    if strand.backing_off == HELD_UP:
        strand.backing_off = 0
        return False
    if not is_injected(call_key(s, f), DELAYED, route.delayed_share):
        return False
    strand.backing_off = HELD_UP
    strand.gen += 1
    order = rank(RETRIED, strand.request_number, number_call(s, strand.request))
    push_any(s, s.lane[0].now_ns + route.delay_ns, order, (strand.gen << 32) | f)
    return True


@feature
def is_aborted(s: Any, f: int) -> bool:
    """I3: whether the call that strand f begins is answered by its own proxy."""
    return is_injected(call_key(s, f), ABORTED, s.routes[s.ops[s.frames[f].pc].a].aborted_share)
