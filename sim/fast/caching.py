"""Caches: values by key in order of use, looked up, filled and dropped. Twin of reference/caching.py."""

from __future__ import annotations

from typing import Any

from sim.fast.agenda import FAILS, NOTHING, todo
from sim.fast.blocks import (
    TURN,
    await_turn,
    begin_block,
    begin_turn,
    cell_of,
    clear_cell,
    end_turn,
    leave_block,
    put_cell,
    tell,
)
from sim.fast.compiling import feature, part
from sim.fast.frames import is_abandoned, next_step
from sim.fast.keys import asked_key
from sim.fast.locking import lock_handed
from sim.fast.state import LOCK, TOLD_DONE, TOLD_FAILED, TOLD_HANDED, TOLD_STALE
from sim.laws.caching import is_fresh, stands_in
from sim.laws.grading import graded


@feature
def look_up(s: Any, f: int) -> int:
    """S3 to S6: strand f goes on with a fresh value, waits for another's fill, or fills. Returns the todo."""
    op = s.ops[s.frames[f].pc]
    cache = s.caches[op.a]
    key = asked_key(s, f, cache)
    e = cell_of(s, key)
    if e >= 0 and is_fresh(s.cached[e].filled_ns, cache.ttl_ns, s.lane[0].now_ns):
        cache.hits += 1
        if cache.is_lru == 1:
            unlink(s, e)
            link_newest(s, e)
        return next_step(s, f, op.c) if op.c >= 0 else passed(s, f, op.next)
    if cache.coalesces == 1:
        b = cell_of(s, key | TURN)
        if b >= 0:
            cache.coalesced += 1
            await_turn(s, f, b)
            return NOTHING
    cache.misses += 1
    b = begin_block(s, f, key)
    if cache.coalesces == 1:
        begin_turn(s, b)
    return next_step(s, f, op.b)


@part
def passed(s: Any, f: int, pc: int) -> int:
    """Strand f is through a step without having done anything; it fails where nobody waits for it any more (D12)."""
    return todo(f, FAILS) if is_abandoned(s, f) else next_step(s, f, pc)


@feature
def filled(s: Any, f: int) -> int:
    """A miss has got its value: it is kept, and whoever waits for it told. Returns the todo."""
    b = leave_block(s, f)
    block = s.blocks[b]
    op = s.ops[block.op]
    keep(s, s.caches[op.a], block.key)
    end_turn(s, b, TOLD_DONE)
    return next_step(s, f, op.next)


@feature
def fill_failed(s: Any, f: int) -> int:
    """A miss, strand f's innermost block, could not get its value. Returns the todo: go on with a stale one, or fail."""
    b = leave_block(s, f)
    block = s.blocks[b]
    op = s.ops[block.op]
    cache = s.caches[op.a]
    e = cell_of(s, block.key)
    told = TOLD_FAILED
    if e >= 0 and stands_in(s.cached[e].filled_ns, cache.ttl_ns, cache.stale_ns, s.lane[0].now_ns):
        told = TOLD_STALE
        s.frames[f].lap, s.frames[f].repetition, s.extras[f].quality = block.lap, 0, block.quality
    end_turn(s, b, told)
    return go_on_with(s, f, block.op, told)


@part
def go_on_with(s: Any, f: int, pc: int, told: int) -> int:
    """The fill at pc, strand f's or that which it waited for, ended so. Returns the todo."""
    op = s.ops[pc]
    if told == TOLD_STALE:
        cache = s.caches[op.a]
        cache.stale += 1
        s.extras[f].quality = graded(s.extras[f].quality, cache.stale_quality)
    return todo(f, FAILS) if told == TOLD_FAILED else next_step(s, f, op.next)


@feature
def told_so(s: Any, f: int) -> int:
    """Strand f waited for a turn, and is told what became of it; so is the next. Returns the todo."""
    strand, told = s.frames[f], s.extras[f].told
    strand.joining = 0
    strand.gen += 1
    if s.ops[strand.pc].code == LOCK:
        return lock_handed(s, f)
    if told == TOLD_HANDED:
        return passed(s, f, s.ops[strand.pc].b)
    tell(s, strand.next, told)
    is_left = is_abandoned(s, f)
    due = go_on_with(s, f, strand.pc, told)
    return todo(f, FAILS) if is_left else due


@feature
def keep(s: Any, cache: Any, key: int) -> None:
    """S4: a value comes in, as the newest; the oldest has to go if there are too many."""
    lane, store = s.lane[0], s.stores[(key >> 32) - 1]
    cache.fills += 1
    e = cell_of(s, key)
    if e >= 0:
        unlink(s, e)
    elif store.count == cache.capacity:
        e = store.oldest
        cache.evicted += 1
        clear_cell(s, s.cached[e].key)
        unlink(s, e)
        put_cell(s, key, e)
    else:
        e = lane.cached_free
        lane.cached_free = s.cached[e].newer
        lane.cached_free_count -= 1
        store.count += 1
        put_cell(s, key, e)
    s.cached[e].key, s.cached[e].filled_ns = key, lane.now_ns
    link_newest(s, e)


@part
def unlink(s: Any, e: int) -> None:
    """Take a value out of its store's order."""
    value = s.cached[e]
    store = s.stores[(value.key >> 32) - 1]
    if value.older >= 0:
        s.cached[value.older].newer = value.newer
    else:
        store.oldest = value.newer
    if value.newer >= 0:
        s.cached[value.newer].older = value.older
    else:
        store.newest = value.older


@part
def link_newest(s: Any, e: int) -> None:
    """Put a value last in its store's order."""
    value = s.cached[e]
    store = s.stores[(value.key >> 32) - 1]
    value.older, value.newer = store.newest, -1
    if store.newest >= 0:
        s.cached[store.newest].newer = e
    else:
        store.oldest = e
    store.newest = e


@feature
def empty_store(s: Any, store: int) -> None:
    """S5: a pod's own values are gone with it."""
    lane, e = s.lane[0], s.stores[store].oldest
    while e >= 0:
        following = s.cached[e].newer
        clear_cell(s, s.cached[e].key)
        s.cached[e].newer = lane.cached_free
        lane.cached_free = e
        lane.cached_free_count += 1
        e = following
    s.stores[store].count, s.stores[store].oldest, s.stores[store].newest = 0, -1, -1
