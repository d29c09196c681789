"""What is due, in order of (time, rank): a 4-ary heap, and a ring for every delay that is always the same.

Events of a constant delay come in order of time by themselves; only those of the same instant may have to be put
in order of rank, which walks back over that instant. Timeouts are cancelled where they lie. The heap's first event
leaves a hole when it is taken: mostly the event's own doing is another one, which then sinks from there, one walk
instead of two.
"""

from __future__ import annotations

from typing import Any

from sim.fast.compiling import part
from sim.fast.state import CANCELLED, NEVER

NOBODY = NOTHING = -1
RUNS, SENDS, ENDS, FAILS = range(4)  # what a strand does next within this event: see `todo`


@part
def todo(strand: int, what: int) -> int:
    """A strand and what it does next, as one number that is not NOTHING."""
    return strand << 2 | what


@part
def push(s: Any, ring: int, time_ns: int, rank: int, what: int) -> None:
    """An event to come: of the ring of its delay, or -1. There is room: the kernel checks now and then."""
    if ring > 0:
        ring_push(s, ring, time_ns, rank, what)
    elif ring == 0:
        push_soon(s, rank, what)
    else:
        push_any(s, time_ns, rank, what)


@part
def push_any(s: Any, time_ns: int, rank: int, what: int) -> None:
    """Note an event for the heap."""
    lane = s.lane[0]
    event = s.fresh[lane.fresh]
    event.time_ns, event.rank, event.what = time_ns, rank, what
    lane.fresh += 1


@part
def push_soon(s: Any, rank: int, what: int) -> None:
    """An event of this very instant: nearly always it is alone and comes next, so the first waits apart."""
    lane = s.lane[0]
    if lane.instant == 0:
        lane.instant, lane.instant_rank, lane.instant_what = 1, rank, what
    else:
        ring_push(s, 0, lane.now_ns, rank, what)


@part
def is_instant_next(s: Any, until_ns: int) -> bool:
    """Whether the event that waits apart comes next; else it joins the others of no delay."""
    lane = s.lane[0]
    lane.instant = 0
    if min(s.rings[lane.soonest].time_ns, s.heap[0].time_ns, until_ns) > lane.now_ns:
        return True
    ring_push(s, 0, lane.now_ns, lane.instant_rank, lane.instant_what)
    return False


@part
def place_fresh(s: Any) -> None:
    """Give the events that were noted their places in the heap, and fill its hole."""
    lane = s.lane[0]
    for i in range(lane.fresh):
        if lane.hole == 1:
            lane.hole = 0
            sink(s.heap, lane.heap_size, s.fresh[i])
        else:
            rise(s.heap, lane.heap_size, s.fresh[i])
            lane.heap_size += 1
    lane.fresh = 0
    if lane.hole == 1:
        lane.hole = 0
        n = lane.heap_size - 1
        lane.heap_size = n
        sink(s.heap, n, s.heap[n])
        s.heap[n].time_ns = NEVER


@part
def is_before(one: Any, other: Any) -> int:
    """1 where an event comes before another; no branch, because nobody could foretell it."""
    return int((one.time_ns < other.time_ns) | ((one.time_ns == other.time_ns) & (one.rank < other.rank)))


@part
def put(to: Any, event: Any) -> None:
    """Copy an event."""
    to.time_ns, to.rank, to.what = event.time_ns, event.rank, event.what


@part
def rise(heap: Any, i: int, event: Any) -> None:
    """Put an event at the end of a heap of size i, or above."""
    while i > 0:
        above = (i - 1) >> 2
        if not is_before(event, heap[above]):
            break
        put(heap[i], heap[above])
        i = above
    put(heap[i], event)


@part
def sink(heap: Any, n: int, event: Any) -> None:
    """Put an event in the first place of a heap of size n, or below; behind the last, four are NEVER."""
    i = 0
    while True:
        first = 4 * i + 1
        if first >= n:
            break
        left = first + is_before(heap[first + 1], heap[first])
        right = first + 2 + is_before(heap[first + 3], heap[first + 2])
        least = left + (right - left) * is_before(heap[right], heap[left])
        if not is_before(heap[least], event):
            break
        put(heap[i], heap[least])
        i = least
    put(heap[i], event)


@part
def ring_push(s: Any, r: int, time_ns: int, rank: int, what: int) -> None:
    """Add an event to the ring of its delay, where none comes later: only rank may have to be put in order."""
    ring, events = s.rings[r], s.ring_events
    first, mask, i = ring.first, ring.mask, ring.tail
    while i > ring.head:
        before = events[first + ((i - 1) & mask)]
        if before.time_ns < time_ns or before.rank <= rank:
            break
        put(events[first + (i & mask)], before)
        i -= 1
    event = events[first + (i & mask)]
    event.time_ns, event.rank, event.what = time_ns, rank, what
    ring.tail += 1
    if i == ring.head:
        ring.time_ns, ring.rank = time_ns, rank
        lead(s, r)


@part
def ring_pop(s: Any, r: int) -> int:
    """Take the first event of a ring; what it is about."""
    ring, events = s.rings[r], s.ring_events
    what = events[ring.first + (ring.head & ring.mask)].what
    ring.head += 1
    ring.time_ns = NEVER
    while ring.head < ring.tail:
        event = events[ring.first + (ring.head & ring.mask)]
        if event.what != CANCELLED:
            ring.time_ns, ring.rank = event.time_ns, event.rank
            break
        ring.head += 1
    choose_ring(s, r)
    return int(what)


@part
def lead(s: Any, r: int) -> None:
    """Ring r has a new first event: it may be the first of all."""
    lane, ring = s.lane[0], s.rings[r]
    if r < lane.near_rings:
        if is_before(ring, s.rings[lane.soonest_near]):
            lane.soonest_near = r
    elif is_before(ring, s.rings[lane.soonest_far]):
        lane.soonest_far = r
    if is_before(ring, s.rings[lane.soonest]):
        lane.soonest = r


@part
def choose_ring(s: Any, r: int) -> None:
    """Ring r has lost its first event: whose comes first now? Timeouts seldom do, so they are looked at apart."""
    lane = s.lane[0]
    if r < lane.near_rings:
        lane.soonest_near = soonest_of(s, 0, lane.near_rings)
    else:
        lane.soonest_far = soonest_of(s, lane.near_rings, len(s.rings))
    near, far = lane.soonest_near, lane.soonest_far
    lane.soonest = far if is_before(s.rings[far], s.rings[near]) else near


@part
def soonest_of(s: Any, first: int, end: int) -> int:
    """The ring from `first` up to `end` whose first event comes before the others'."""
    soonest = first
    for r in range(first + 1, end):
        soonest += (r - soonest) * is_before(s.rings[r], s.rings[soonest])
    return soonest


@part
def next_place(s: Any, r: int) -> int:
    """Where the next event of a ring will lie, for `cancel`; it counts on, but only its lower bits are asked for."""
    return s.rings[r].tail & 0x7FFFFFFF if r >= 0 else 0


@part
def cancel(s: Any, r: int, place: int, phase: int, what: int) -> None:
    """The timeout of this phase that was pushed as `what` when its ring's tail was at `place` will not be needed.

    It may have moved among those of its instant, or be gone; then it comes, and is seen to be stale.
    """
    if r >= 0:
        ring = s.rings[r]
        event = s.ring_events[ring.first + (place & ring.mask)]
        if event.what == what and event.rank >> 58 == phase:
            event.what = CANCELLED


@part
def start_later(s: Any, strand: int) -> None:
    """A new strand begins within this event, before anyone is woken (D9)."""
    lane = s.lane[0]
    s.starts[lane.starts_tail] = strand
    lane.starts_tail += 1
    lane.strands += 1


@part
def wake_later(s: Any, strand: int) -> None:
    """A strand goes on within this event, after all new strands have begun (D9)."""
    lane = s.lane[0]
    s.wakes[lane.wakes_tail] = strand
    lane.wakes_tail += 1
    lane.strands += 1


@part
def next_started(s: Any) -> int:
    """The next strand to start within this event, or NOBODY."""
    lane = s.lane[0]
    if lane.starts_head == lane.starts_tail:
        return NOBODY
    strand = s.starts[lane.starts_head]
    lane.starts_head += 1
    forget(lane)
    return int(strand)


@part
def next_woken(s: Any) -> int:
    """The next strand to wake within this event, now that nobody is left to start; there is one."""
    lane = s.lane[0]
    strand = s.wakes[lane.wakes_head]
    lane.wakes_head += 1
    forget(lane)
    return int(strand)


@part
def forget(lane: Any) -> None:
    """One strand has been taken from the queues; empty ones begin anew."""
    lane.strands -= 1
    if lane.strands == 0:
        lane.starts_head = lane.starts_tail = lane.wakes_head = lane.wakes_tail = 0
