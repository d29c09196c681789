"""The loop: the next event in order, its handler, and whatever runs within that event."""

from __future__ import annotations

from typing import Any

from sim.clock import ARRIVED as PHASE_ARRIVED
from sim.clock import (
    CALLED_OFF,
    CONNECTED,
    DELIVERED,
    EXPIRED,
    OUTRUN,
    REPLIED,
    RETRIED,
    STANDSTILL,
    TIMED_OUT,
    WAITED,
    WORKED,
    arrival_rank,
)
from sim.draws import ARRIVAL, ENTRY, indexed_key, unit
from sim.fast.agenda import (
    ENDS,
    FAILS,
    NOBODY,
    NOTHING,
    RUNS,
    SENDS,
    is_before,
    is_instant_next,
    next_started,
    next_woken,
    place_fresh,
    push,
    ring_pop,
    todo,
)
from sim.fast.blocks import innermost
from sim.fast.caching import empty_store
from sim.fast.calling import on_alarm, on_expired, on_replied, on_retried, send
from sim.fast.cancelling import on_called_off, on_outrun
from sim.fast.compiling import kernel, part, prefetch, state_of
from sim.fast.enclosing import failed_inside
from sim.fast.frames import grow_buckets, pair_hash, row, take_frame
from sim.fast.pools import on_connected, on_waited
from sim.fast.probing import on_probed
from sim.fast.serving import end_strand, lose_visits, on_delivered, on_worked, step, think, wake
from sim.fast.spans import choose_sampled, write_held
from sim.fast.state import CLIENT, DONE, EVEN, FULL, HEAP_MARGIN, PAUSED, STUCK, TIMES, USERS
from sim.laws.arrivals import gap_area, next_arrival, user_appears_ns
from sim.laws.digesting import row_word
from sim.laws.measuring import is_measured
from sim.trace import ARRIVED

NEAR = 2048  # so many frames fit into the caches next to a core
EVENTS_PER_CALL = 1_000_000  # about a tenth of a second: signals and progress are seen between calls


@part
def room(s: Any) -> int:
    """How many events surely fit, whatever they do; 0 where Python must make room first."""
    lane = s.lane[0]
    if lane.stopped == FULL:
        write_held(s)
    left = min(len(s.heap) - HEAP_MARGIN - lane.heap_size, len(s.fresh)) - lane.fresh
    left = min(left // 2, lane.free_count, len(s.pairs) // 2 - lane.pairs)
    if lane.keyed == 1:
        left = min(left, lane.cached_free_count, lane.blocks_free_count, len(s.lookup) // 2 - lane.indexed, len(s.commits) - lane.commits)
    left = min(left, len(s.starts) - lane.starts_tail, len(s.wakes) - lane.wakes_tail, len(s.spans) - lane.spans)
    if lane.recording == 1:
        left = min(left, (len(s.rows) - lane.rows) // 8)
    for r in range(len(s.rings)):
        left = min(left, s.rings[r].mask - (s.rings[r].tail - s.rings[r].head))
    return max(0, left // lane.margin)


@part
def next_open(s: Any, w: int, n: int) -> None:
    """Schedule request n of an open workload."""
    workload = s.workloads[w]
    workload.upcoming = indexed_key(workload.key, n)
    if workload.kind == TIMES:
        if workload.at <= workload.last:
            push(s, workload.ring, s.times[workload.at], arrival_rank(w, 0), n)
            workload.at += 1
        return
    area = gap_area(workload.upcoming, ARRIVAL, workload.kind != EVEN)
    piece, time_ns, used = next_arrival(s.segments, workload.at, workload.last, workload.used, area)
    workload.at, workload.used = piece, used
    if time_ns >= 0:
        push(s, workload.ring, time_ns, arrival_rank(w, 0), n)


@part
def on_arrived(s: Any, w: int, user: int, n: int) -> int:
    """A request comes: its client's strand is about to run. Returns the todo."""
    lane = s.lane[0]
    workload = s.workloads[w]
    c = take_frame(s, CLIENT)
    client = s.frames[c]
    client.key = indexed_key(workload.key, (user << 32) | n) if workload.kind == USERS else workload.upcoming
    client.request_number, client.request, client.visit = lane.requests, c, -1
    lane.requests += 1
    count_crowd(lane)
    client.user, client.iteration, client.workload, client.refs, client.inside = user, n, w, 1, 1
    client.next_call, client.number, client.sent_ns = 0, 0, lane.now_ns
    if lane.span_share > 0.0:
        choose_sampled(s, c)
    e = choose_entry(s, workload, n, client.key)
    client.pc = s.entries[e].pc
    client.word = row_word(0, 0, w)
    row(s, client.request_number, client.word | ARRIVED, s.entries[e].endpoint)
    outside = len(s.intervals) - len(s.workloads)
    client.interval = w if is_measured(s.intervals[w], w, lane.now_ns) else outside + w
    s.intervals[client.interval].offered += 1
    for i in range(len(s.workloads), outside):
        if is_measured(s.intervals[i], w, lane.now_ns):
            s.intervals[i].offered += 1
    if workload.kind != USERS:
        next_open(s, w, n + 1)
    return todo(c, SENDS)  # a client's program is a call and an end


@part
def count_crowd(lane: Any) -> None:
    """D5: so many requests at one instant that time stands still are noted for Python to refuse."""
    if lane.arrived_ns != lane.now_ns:
        lane.arrived_ns, lane.crowd = lane.now_ns, 0
        return
    lane.crowd += 1
    if lane.crowd > STANDSTILL:
        lane.stopped = STUCK


@part
def choose_entry(s: Any, workload: Any, n: int, key: int) -> int:
    """Which entry a request calls: a session's first, or one of the mix by weight."""
    if workload.start_entry >= 0 and n % workload.session == 0:
        return workload.start_entry
    first, count = workload.entries, workload.entry_count
    if count == 1:
        return first
    u = unit(key, ENTRY, 0) * s.entries[first + count - 1].bound
    for i in range(count - 1):
        if u < s.entries[first + i].bound:
            return first + i
    return first + count - 1


@part
def handle(s: Any, rank: int, what: int) -> int:
    """One event. Returns the todo."""
    phase = rank >> 58
    f = what & 0xFFFFFFFF
    if phase == WORKED:
        return on_worked(s, f, what >> 32)
    if phase == REPLIED:
        return on_replied(s, what)
    if phase == DELIVERED:
        return on_delivered(s, what)
    if phase == PHASE_ARRIVED:
        return on_arrived(s, (rank >> 40) & 0x3FFFF, rank & 0xFFFFFFFFFF, what)
    if phase == TIMED_OUT:
        return on_alarm(s, f, what >> 32)
    if phase == EXPIRED:
        return on_expired(s, f, what >> 32)
    if phase == RETRIED:
        return on_retried(s, f, what >> 32)
    if phase == CALLED_OFF:
        on_called_off(s, what)
    elif phase == CONNECTED:
        on_connected(s, what)
    elif phase == OUTRUN:
        on_outrun(s, what)
    elif phase == WAITED:
        on_waited(s, f, what >> 32)
    else:
        on_probed(s, what)
    return NOTHING


@part
def foresee(s: Any) -> None:
    """Bring near what the next events look at: of the first in line pods and callers, of those behind them frames."""
    for i in range(1, 5):
        bring_pod(s, s.heap[i].what & 0xFFFFFFFF)
    for i in range(5, 21):
        bring_frame(s, s.heap[i].what & 0xFFFFFFFF)
    ring = s.rings[s.lane[0].soonest]
    bring_pod(s, s.ring_events[ring.first + ((ring.head + 1) & ring.mask)].what & 0xFFFFFFFF)
    bring_frame(s, s.ring_events[ring.first + ((ring.head + 3) & ring.mask)].what & 0xFFFFFFFF)


@part
def bring_frame(s: Any, f: int) -> None:
    """Frame f, if it is one: an arrival's event has the request's number in its place."""
    prefetch(s.frames, f, 0)
    prefetch(s.frames, f, 1)
    prefetch(s.frames, f, 2)


@part
def bring_pod(s: Any, f: int) -> None:
    """The pod of frame f, and whoever waits for it."""
    if f < len(s.frames):
        p, above = s.frames[f].pod, s.frames[f].parent
        prefetch(s.pods, p, 0)
        prefetch(s.pods, p, 1)
        prefetch(s.frames, above, 0)
        prefetch(s.frames, above, 2)


@part
def go_on(s: Any, due: int) -> None:
    """Do what a strand has to do, step by step, until it waits or is over."""
    while True:
        while due != NOTHING and due & 3 == RUNS:
            due = step(s, due >> 2)
        if due == NOTHING:
            return
        if due & 3 == SENDS:
            due = send(s, due >> 2)
        elif due & 3 == FAILS and s.lane[0].keyed == 1 and innermost(s, due >> 2) >= 0:
            due = failed_inside(s, due >> 2)
        else:
            end_strand(s, due >> 2, due & 3 == ENDS)
            return


@part
def next_strand(s: Any) -> int:
    """What is left to do within this event: strands start before others wake (D9)."""
    started = next_started(s)
    return todo(started, RUNS) if started > NOBODY else wake(s, next_woken(s))


@part
def advance_one(s: Any, until_ns: int, budget: int) -> int:
    """Process a world up to (not including) until_ns, or `budget` events; says why it came back."""
    lane = s.lane[0]
    left, is_far = 0, len(s.frames) > NEAR
    while True:
        if left == 0:
            left = room(s)
            if left == 0:
                return FULL
        left -= 1
        due = next_strand(s) if lane.strands > 0 else NOTHING
        if due == NOTHING:
            place_fresh(s)
            if lane.instant == 1 and is_instant_next(s, until_ns):
                rank, what = lane.instant_rank, lane.instant_what
            else:
                ring = s.rings[lane.soonest]
                is_ring = is_before(ring, s.heap[0])
                time_ns = ring.time_ns if is_ring else s.heap[0].time_ns
                if time_ns >= until_ns:
                    break
                if budget <= 0:
                    return PAUSED
                lane.now_ns = time_ns
                if is_ring:
                    rank, what = ring.rank, ring_pop(s, lane.soonest)
                else:
                    rank, what = s.heap[0].rank, s.heap[0].what
                    lane.hole = 1
            if is_far:
                foresee(s)
            budget -= 1
            due = handle(s, rank, what)
        go_on(s, due)
        if lane.stopped != 0:
            if lane.stopped != FULL:
                return lane.stopped
            left = 0
    lane.now_ns = max(lane.now_ns, until_ns)
    return DONE


@kernel("int64[:,::1], int64[::1], int64, int64[::1]")
def advance(books: Any, until_ns: Any, budget: int, why: Any) -> None:
    """Advance every world of `books` to its own until_ns: why[i] says how far it came."""
    for i in range(len(books)):
        s = state_of(books, i)
        why[i] = advance_one(s, until_ns[i], budget)
        grow_buckets(s)


@kernel("int64[::1]")
def begin(book: Any) -> None:
    """Note the first arrivals of a world."""
    s = state_of(book, 0)
    for w in range(len(s.workloads)):
        if s.workloads[w].kind != USERS:
            next_open(s, w, 0)
        else:
            for user in range(s.workloads[w].users):
                think(s, w, user, 0, user_appears_ns(user, s.workloads[w].spawn))


@kernel("int64[::1], int64, int64")
def empty_stores(book: Any, first: int, count: int) -> None:
    """S5: the values that a pod kept itself are gone with it."""
    s = state_of(book, 0)
    for store in range(first, first + count):
        empty_store(s, store)


@kernel("int64[:,::1], int64[:,::1]")
def rehash(pairs: Any, wider: Any) -> None:
    """Enter all pairs (key, count) of a table into an empty wider one."""
    mask = len(wider) - 1
    for i in range(len(pairs)):
        key = pairs[i, 0]
        if key != 0:
            slot = pair_hash(key) & mask
            while wider[slot, 0] != 0:
                slot = (slot + 1) & mask
            wider[slot, 0], wider[slot, 1] = key, pairs[i, 1]


@kernel("int64[::1], int64[::1], int64[::1]")
def lose(book: Any, visits: Any, strands: Any) -> None:
    """The visits of a dead pod, in order of (request, call), and the strands that live in them."""
    lose_visits(state_of(book, 0), visits, strands)
