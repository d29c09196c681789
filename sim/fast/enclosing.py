"""Steps that enclose others, and whole visits: what begins them, what ends them, and what becomes of a strand that fails inside."""

from __future__ import annotations

from typing import Any

from sim.fast.agenda import FAILS, RUNS, todo
from sim.fast.blocks import begin_block, free_block, hand_over, innermost, leave_block
from sim.fast.caching import fill_failed, filled, look_up
from sim.fast.calling import next_repetition
from sim.fast.compiling import feature, part
from sim.fast.frames import is_abandoned, next_step
from sim.fast.locking import end_lock, take_lock
from sim.fast.replicating import begin_visit, commit
from sim.fast.state import BEGIN, CACHE, COMMIT, FILLED, FREED, LOCK, RUNG
from sim.laws.grading import count_quality, graded
from sim.laws.measuring import is_measured


@feature
def enclosing_step(s: Any, f: int) -> int:
    """The step strand f is at encloses others, or is the end of what one encloses. Returns the todo."""
    code = s.ops[s.frames[f].pc].code
    if code == CACHE:
        return look_up(s, f)
    if code == FILLED:
        return filled(s, f)
    if code == LOCK:
        return take_lock(s, f)
    if code == FREED:
        return end_lock(s, f, True)
    if code == RUNG:
        return begin_rung(s, f)
    if code == BEGIN:
        return begin_visit(s, f)
    if code == COMMIT:
        return commit(s, f)
    return rung_held(s, f)


@feature
def begin_rung(s: Any, f: int) -> int:
    """E4: a rung stands in for a call that failed. Returns the todo."""
    begin_block(s, f, 0)
    return next_step(s, f, s.ops[s.frames[f].pc].c)


@feature
def rung_held(s: Any, f: int) -> int:
    """E4: a rung has done its steps; the answer is of its quality. Returns the todo."""
    b = leave_block(s, f)
    op = s.ops[s.blocks[b].op]
    s.extras[f].quality = graded(s.extras[f].quality, op.b)
    free_block(s, b)
    return stood_in(s, f, op.a)


@part
def stood_in(s: Any, f: int, pc: int) -> int:
    """Other steps stood in for a repetition of the call at pc. Returns the todo."""
    strand, call = s.frames[f], s.ops[pc]
    strand.pc = pc
    strand.repetition = strand.lap % call.c
    strand.lap = strand.lap // call.c
    return next_repetition(s, f)


@feature
def failed_inside(s: Any, f: int) -> int:
    """Strand f has failed, or nobody waits for it any more: what do the steps around it make of that? Returns the todo."""
    if is_abandoned(s, f):
        while innermost(s, f) >= 0:
            hand_over(s, leave_block(s, f), False)
    while innermost(s, f) >= 0:
        code = s.ops[s.blocks[innermost(s, f)].op].code
        if code == CACHE:
            due = fill_failed(s, f)
        elif code == LOCK:
            due = end_lock(s, f, False)
        else:
            due = next_rung(s, f)
        if due & 3 != FAILS:
            return due
    return todo(f, FAILS)


@feature
def next_rung(s: Any, f: int) -> int:
    """E4: a rung did not hold; what it did is forgotten. Returns the todo: the rung below, or failure."""
    b = leave_block(s, f)
    block, strand = s.blocks[b], s.frames[f]
    strand.lap, strand.repetition, s.extras[f].quality = block.lap, 0, block.quality
    below = s.ops[block.op].next
    free_block(s, b)
    if below < 0:
        return todo(f, FAILS)
    strand.pc = below
    return todo(f, RUNS)


@feature
def count_quality_of(s: Any, f: int) -> None:
    """E3: a request is over: the quality of its answer, for its class and the intervals it came in."""
    client, quality = s.frames[f], s.extras[f].quality
    count_quality(s.intervals[client.interval], client.result, quality)
    for i in range(len(s.workloads), len(s.intervals) - len(s.workloads)):
        if is_measured(s.intervals[i], client.workload, client.sent_ns):
            count_quality(s.intervals[i], client.result, quality)
