"""What is due, in order of (time, rank): a 4-ary heap, and a ring for every delay that is always the same.

Events of a constant delay come in order of time by themselves; only those of the same instant may have to be put
in order of rank, which walks back over that instant. The heap's first event leaves a hole when it is taken: mostly the
event's own doing is another one, which then sinks from there, one walk instead of two.
"""

from __future__ import annotations

from typing import Any

from sim.fast.compiling import part
from sim.fast.state import NEVER

NOBODY = NOTHING = -1
RUNS, SENDS, ENDS, FAILS = range(4)  # what a strand does next within this event: see `todo`


@part
def todo(strand: int, what: int) -> int:
    """A strand and what it does next, as one number that is not NOTHING."""
    return strand << 2 | what


@part
def push(s: Any, ring: int, time_ns: int, rank: int, what: int) -> None:
    """Note an event to come: of the ring of its delay, or -1. There is room: the kernel checks now and then."""
    lane = s.lane[0]
    event = s.fresh[lane.fresh]
    event.time_ns, event.rank, event.what, event.ring = time_ns, rank, what, ring
    lane.fresh += 1


@part
def place_fresh(s: Any) -> int:
    """Give the events that were noted their places, and fill the heap's hole.

    The last, if it has no delay, is left to the caller, who may find that it comes next anyway: its place, or NOBODY.
    """
    lane = s.lane[0]
    n = lane.fresh
    last = NOBODY
    if n > 0 and s.fresh[n - 1].ring == 0:
        n -= 1
        last = n
    for i in range(n):
        event = s.fresh[i]
        if event.ring >= 0:
            ring_push(s, event.ring, event)
        elif lane.hole == 1:
            lane.hole = 0
            sink(s.heap, lane.heap_size, event)
        else:
            rise(s.heap, lane.heap_size, event)
            lane.heap_size += 1
    lane.fresh = 0
    if lane.hole == 1:
        lane.hole = 0
        n = lane.heap_size - 1
        lane.heap_size = n
        sink(s.heap, n, s.heap[n])
        s.heap[n].time_ns = NEVER
    return last


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
def ring_push(s: Any, r: int, event: Any) -> None:
    """Add an event to the ring of its delay."""
    ring, events = s.rings[r], s.ring_events
    first, mask, i = ring.first, ring.mask, ring.tail
    while i > ring.head:
        before = events[first + ((i - 1) & mask)]
        if not is_before(event, before):
            break
        put(events[first + (i & mask)], before)
        i -= 1
    put(events[first + (i & mask)], event)
    ring.tail += 1
    if i == ring.head:
        ring.time_ns, ring.rank = event.time_ns, event.rank
        if is_before(event, s.rings[s.lane[0].soonest]):
            s.lane[0].soonest = r


@part
def ring_pop(s: Any, ring: Any) -> int:
    """Take the first event of the soonest ring; what it is about."""
    events = s.ring_events
    what = events[ring.first + (ring.head & ring.mask)].what
    ring.head += 1
    if ring.head < ring.tail:
        event = events[ring.first + (ring.head & ring.mask)]
        ring.time_ns, ring.rank = event.time_ns, event.rank
    else:
        ring.time_ns = NEVER
    soonest = 0
    for r in range(1, len(s.rings)):
        if is_before(s.rings[r], s.rings[soonest]):
            soonest = r
    s.lane[0].soonest = soonest
    return int(what)


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
