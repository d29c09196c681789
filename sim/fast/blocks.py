"""Steps that a strand is inside of, and whose end must be looked after: the fill of a cache, a rung of a ladder.

A strand's blocks lie one inside the other. A block may also be a turn: others wait until the key it is busy with is
free, first come first. Whatever is known by key stands in one table: values of caches, and turns.
"""

from __future__ import annotations

from typing import Any

from sim.clock import RETRIED, rank
from sim.fast.agenda import push_any, wake_later
from sim.fast.compiling import feature, part
from sim.fast.frames import chained, pair_slot, take_out
from sim.fast.state import QUEUED, TOLD_HANDED

TURN = 1 << 31  # in the key of a cell: somebody is busy with the key; without it: a value is there


@part
def cell_key(store: int, key: int) -> int:
    """A key of a store as one number that is never 0."""
    return ((store + 1) << 32) | key


@part
def cell_of(s: Any, key: int) -> int:
    """What stands in a cell; -1: nothing."""
    i = pair_slot(s.lookup, key)
    return s.lookup[i].count if s.lookup[i].key == key else -1


@part
def put_cell(s: Any, key: int, what: int) -> None:
    """Let a cell that was empty hold something."""
    cell = s.lookup[pair_slot(s.lookup, key)]
    cell.key, cell.count = key, what
    s.lane[0].indexed += 1


@part
def clear_cell(s: Any, key: int) -> None:
    """Let a cell be empty."""
    take_out(s.lookup, pair_slot(s.lookup, key))
    s.lane[0].indexed -= 1


@feature
def begin_block(s: Any, f: int, key: int) -> int:
    """Strand f is inside the step it is at, busy with a key (0: none)."""
    lane = s.lane[0]
    b = lane.blocks_free
    block = s.blocks[b]
    lane.blocks_free = block.outer
    lane.blocks_free_count -= 1
    block.key, block.is_turn, block.first = key, 0, -1
    hold(s, f, b)
    return int(b)


@part
def hold(s: Any, f: int, b: int) -> None:
    """Block b is strand f's innermost."""
    block, extra = s.blocks[b], s.extras[f]
    block.outer, block.op, block.lap, block.quality = extra.block, s.frames[f].pc, s.frames[f].lap, extra.quality
    extra.block = b + 1


@part
def innermost(s: Any, f: int) -> int:
    """The block that strand f is in; -1: none."""
    return s.extras[f].block - 1


@part
def leave_block(s: Any, f: int) -> int:
    """Strand f is out of its innermost block, which is nobody's now."""
    b = s.extras[f].block - 1
    s.extras[f].block = s.blocks[b].outer
    return b


@part
def free_block(s: Any, b: int) -> None:
    """A block is over."""
    lane = s.lane[0]
    s.blocks[b].is_turn = 0
    s.blocks[b].outer = lane.blocks_free
    lane.blocks_free = b
    lane.blocks_free_count += 1


@part
def begin_turn(s: Any, b: int) -> None:
    """Others wait for the key that block b is busy with."""
    s.blocks[b].is_turn = 1
    put_cell(s, s.blocks[b].key | TURN, b)


@part
def await_turn(s: Any, f: int, b: int) -> None:
    """Strand f waits until block b is over."""
    block = s.blocks[b]
    block.first, block.last = chained(s, block.first, block.last, f), f
    s.frames[f].joining = QUEUED
    s.frames[f].gen += 1


@part
def end_turn(s: Any, b: int, told: int) -> None:
    """S6: block b is over; if it was a turn, the first who waits for it is woken, and wakes the next."""
    block = s.blocks[b]
    if block.is_turn == 1:
        clear_cell(s, block.key | TURN)
        tell(s, block.first, told)
    free_block(s, b)


@part
def tell(s: Any, f: int, told: int) -> None:
    """Strand f, if there is one, goes on within this event and knows why."""
    if f >= 0:
        s.extras[f].told = told
        wake_later(s, f)


@feature
def hand_over(s: Any, b: int, is_lost: bool) -> None:
    """S7: whoever was in block b is gone; the first who waits for it takes it, by an event of its own where a pod died."""
    block = s.blocks[b]
    if block.is_turn == 0:
        free_block(s, b)
        return
    f = block.first
    if f < 0:
        clear_cell(s, block.key | TURN)
        free_block(s, b)
        return
    strand = s.frames[f]
    block.first = strand.next
    hold(s, f, b)
    if not is_lost:
        tell(s, f, TOLD_HANDED)
        return
    s.extras[f].told = TOLD_HANDED
    push_any(s, s.lane[0].now_ns, rank(RETRIED, strand.request_number, strand.number), (strand.gen << 32) | f)


@feature
def lose_waiters(s: Any) -> None:
    """S7: strands whose visit is dying wait for no turn any more."""
    for b in range(len(s.blocks)):
        block = s.blocks[b]
        if block.is_turn == 1:
            f, block.first = block.first, -1
            while f >= 0:
                following = s.frames[f].next
                if s.frames[s.frames[f].visit].is_dying == 0:
                    block.first, block.last = chained(s, block.first, block.last, f), f
                f = following


@feature
def lose_blocks(s: Any, f: int) -> None:
    """S7: strand f dies, and leaves all its blocks."""
    while s.extras[f].block > 0:
        hand_over(s, leave_block(s, f), True)
