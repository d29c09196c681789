"""What is due, in order of (time, rank): a 4-ary heap, and a ring for every delay that is always the same.

Events of a constant delay come in order of time by themselves; only those of the same instant may have to be put
in order of rank, which walks back over that instant.
"""

from __future__ import annotations

from typing import Any

from sim.fast.compiling import part

NOBODY = -1


@part
def heap_push(heap: Any, lane: Any, time_ns: int, rank: int, what: int) -> None:
    """Add an event. There is room: the kernel checks before every event."""
    i = lane.heap_size
    lane.heap_size = i + 1
    while i > 0:
        above = (i - 1) >> 2
        if heap[above].time_ns < time_ns or (heap[above].time_ns == time_ns and heap[above].rank <= rank):
            break
        heap[i].time_ns, heap[i].rank, heap[i].what = heap[above].time_ns, heap[above].rank, heap[above].what
        i = above
    heap[i].time_ns, heap[i].rank, heap[i].what = time_ns, rank, what


@part
def heap_pop(heap: Any, lane: Any) -> None:
    """Remove the first event."""
    n = lane.heap_size - 1
    lane.heap_size = n
    time_ns, rank, what = heap[n].time_ns, heap[n].rank, heap[n].what
    i = 0
    while True:
        first = 4 * i + 1
        if first >= n:
            break
        least, at, by = first, heap[first].time_ns, heap[first].rank
        for other in range(first + 1, min(first + 4, n)):
            if heap[other].time_ns < at or (heap[other].time_ns == at and heap[other].rank < by):
                least, at, by = other, heap[other].time_ns, heap[other].rank
        if at > time_ns or (at == time_ns and by >= rank):
            break
        heap[i].time_ns, heap[i].rank, heap[i].what = at, by, heap[least].what
        i = least
    heap[i].time_ns, heap[i].rank, heap[i].what = time_ns, rank, what


@part
def ring_push(rings: Any, ring_events: Any, r: int, time_ns: int, rank: int, what: int) -> None:
    """Add an event whose delay is the ring's."""
    ring = rings[r]
    first, mask = ring.first, ring.mask
    i = ring.tail
    while i > ring.head:
        before = ring_events[first + ((i - 1) & mask)]
        if before.time_ns < time_ns or (before.time_ns == time_ns and before.rank <= rank):
            break
        here = ring_events[first + (i & mask)]
        here.time_ns, here.rank, here.what = before.time_ns, before.rank, before.what
        i -= 1
    here = ring_events[first + (i & mask)]
    here.time_ns, here.rank, here.what = time_ns, rank, what
    ring.tail += 1


@part
def push(s: Any, ring: int, time_ns: int, rank: int, what: int) -> None:
    """Add an event to its ring, or to the heap where it has none."""
    if ring >= 0:
        ring_push(s.rings, s.ring_events, ring, time_ns, rank, what)
    else:
        heap_push(s.heap, s.lane[0], time_ns, rank, what)


@part
def first_of_ring(s: Any, r: int) -> Any:
    """The first event of a ring that has one."""
    ring = s.rings[r]
    return s.ring_events[ring.first + (ring.head & ring.mask)]


@part
def first_due(s: Any) -> int:
    """Where the first event lies: a ring's index, -1 for the heap, -2 where nothing is due."""
    where, time_ns, rank = -2, 0, 0
    if s.lane[0].heap_size > 0:
        where, time_ns, rank = -1, s.heap[0].time_ns, s.heap[0].rank
    for r in range(len(s.rings)):
        ring = s.rings[r]
        if ring.tail > ring.head:
            event = first_of_ring(s, r)
            if where == -2 or event.time_ns < time_ns or (event.time_ns == time_ns and event.rank < rank):
                where, time_ns, rank = r, event.time_ns, event.rank
    return where


@part
def start_later(s: Any, strand: int) -> None:
    """A new strand begins within this event, before anyone is woken (D9)."""
    lane = s.lane[0]
    s.starts[lane.starts_tail] = strand
    lane.starts_tail += 1


@part
def wake_later(s: Any, strand: int) -> None:
    """A strand goes on within this event, after all new strands have begun (D9)."""
    lane = s.lane[0]
    s.wakes[lane.wakes_tail] = strand
    lane.wakes_tail += 1


@part
def next_strand(s: Any) -> int:
    """The next strand to run within this event: a start (its index), a wake (-2 - its index), or NOBODY."""
    lane = s.lane[0]
    if lane.starts_head < lane.starts_tail:
        lane.starts_head += 1
        return int(s.starts[lane.starts_head - 1])
    if lane.wakes_head < lane.wakes_tail:
        lane.wakes_head += 1
        return -2 - int(s.wakes[lane.wakes_head - 1])
    lane.starts_head = lane.starts_tail = lane.wakes_head = lane.wakes_tail = 0
    return NOBODY
