"""Locks: keys that one strand at a time holds while its steps run. Twin of reference/locking.py."""

from __future__ import annotations

from typing import Any

from sim.fast.agenda import FAILS, NOTHING, todo
from sim.fast.blocks import TURN, await_turn, begin_block, begin_turn, cell_of, hand_over, leave_block
from sim.fast.compiling import feature
from sim.fast.frames import is_abandoned, next_step
from sim.fast.keys import asked_key


@feature
def take_lock(s: Any, f: int) -> int:
    """S9: strand f takes the key it asks for, or waits until it is free. Returns the todo."""
    op = s.ops[s.frames[f].pc]
    lock = s.locks[op.a]
    key = asked_key(s, f, lock)
    b = cell_of(s, key | TURN)
    if b >= 0:
        lock.waits += 1
        s.extras[f].queued_ns = s.lane[0].now_ns
        await_turn(s, f, b)
        return NOTHING
    lock.taken += 1
    begin_turn(s, begin_block(s, f, key))
    return todo(f, FAILS) if is_abandoned(s, f) else next_step(s, f, op.b)


@feature
def lock_handed(s: Any, f: int) -> int:
    """S9: strand f has waited for a key, and holds it now. Returns the todo."""
    op = s.ops[s.frames[f].pc]
    lock = s.locks[op.a]
    lock.taken += 1
    lock.waited_ns += s.lane[0].now_ns - s.extras[f].queued_ns
    return todo(f, FAILS) if is_abandoned(s, f) else next_step(s, f, op.b)


@feature
def end_lock(s: Any, f: int, succeeded: bool) -> int:
    """S10: what strand f held its key for is done, or has failed: the key goes to the next. Returns the todo."""
    b = leave_block(s, f)
    following = s.ops[s.blocks[b].op].next
    hand_over(s, b, False)
    return next_step(s, f, following) if succeeded else todo(f, FAILS)
