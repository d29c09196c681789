"""Where frames wait in a pod: visits at its door for a worker, strands inside for a core. Twin of reference/queues.py.

A plain queue, first in, first out, is a chain by `next`. Any other has a chain for each priority, linked both ways
(`extras.previous`), so that one may be taken from either end or out of the middle.
"""

from __future__ import annotations

from typing import Any

from sim.fast.agenda import wake_later
from sim.fast.compiling import cold, feature, part
from sim.fast.deadlines import deadline_ns
from sim.fast.frames import caller_pod, chained
from sim.fast.pod_records import CHAINS_PER_POD
from sim.fast.state import DROPPED, IDLE, WAITS_FOR_CORE, WAITS_FOR_WORKER
from sim.laws.queueing import CODEL, LEVELS, codel_drops, is_expired, level, patience_ns, shift_waiting, takes_newest

CORE, DOOR = range(2)  # a pod's queues


@part
def wait_for_worker(s: Any, a: int) -> None:
    """Visit a waits at the door."""
    p = s.frames[a].pod
    pod = s.pods[p]
    s.frames[a].at_work = WAITS_FOR_WORKER
    shift_waiting(pod, 1, s.lane[0].now_ns)
    pod.door_length += 1
    if pod.is_lined == 1:
        join(s, p, DOOR, a)
    else:
        pod.door_head, pod.door_tail = chained(s, pod.door_head, pod.door_tail, a), a


@cold
def release_worker(s: Any, p: int) -> None:
    """A worker is free; the next at the door takes it and goes on within this event, be it only to be dropped (Q8)."""
    pod = s.pods[p]
    pod.held -= 1
    if pod.door_length == 0:
        return
    pod.door_length -= 1
    pod.held += 1
    shift_waiting(pod, -1, s.lane[0].now_ns)
    if pod.is_lined == 1:
        first = take(s, p, DOOR)
        if first < 0:
            wake_later(s, ~first)
            return
    else:
        first = int(pod.door_head)
        pod.door_head = s.frames[first].next
    s.frames[first].at_work = IDLE
    wake_later(s, first)


@part
def wait_for_core(s: Any, f: int, p: int) -> None:
    """Strand f waits for a core of pod p."""
    pod = s.pods[p]
    s.frames[f].at_work = WAITS_FOR_CORE
    shift_waiting(pod, 1, s.lane[0].now_ns)
    pod.queue_length += 1
    if pod.is_lined == 1:
        join(s, p, CORE, f)
    else:
        pod.queue_head, pod.queue_tail = chained(s, pod.queue_head, pod.queue_tail, f), f


@part
def next_for_core(s: Any, p: int) -> int:
    """Take the next out of the queue for a core of pod p, where somebody waits; ~f where f is dropped."""
    pod = s.pods[p]
    pod.queue_length -= 1
    shift_waiting(pod, -1, s.lane[0].now_ns)
    if pod.is_lined == 1:
        return take(s, p, CORE)
    first = int(pod.queue_head)
    pod.queue_head = s.frames[first].next
    return first


@feature
def remove_waiting(s: Any, f: int) -> None:
    """Strand f, which waits for a core or a worker, waits no longer: it is out of its queue, and nobody wakes it."""
    strand = s.frames[f]
    if strand.joining == DROPPED:
        return  # it is out already, and goes on within this event
    p = caller_pod(s, f)
    pod = s.pods[p]
    which = CORE if strand.at_work == WAITS_FOR_CORE else DOOR
    shift_waiting(pod, -1, s.lane[0].now_ns)
    if which == CORE:
        pod.queue_length -= 1
    else:
        pod.door_length -= 1
    if pod.is_lined == 1:
        s.queues[2 * p + which].length -= 1
        unlink(s, chain_of(s, p, which, f), f)
    elif which == CORE:
        pod.queue_head, pod.queue_tail = unchained(s, pod.queue_head, pod.queue_tail, f)
    else:
        pod.door_head, pod.door_tail = unchained(s, pod.door_head, pod.door_tail, f)
    strand.at_work = IDLE


@part
def unchained(s: Any, first: int, last: int, f: int) -> tuple[int, int]:
    """First and last of a chain (by `next`) without frame f, which is in it."""
    if first == f:
        return s.frames[f].next, last
    before = first
    while s.frames[before].next != f:
        before = s.frames[before].next
    s.frames[before].next = s.frames[f].next
    return first, before if last == f else last


@part
def priority_of(s: Any, f: int) -> int:
    """How much the request of strand f matters, by its class: 0 most."""
    return int(s.workloads[s.frames[s.frames[f].request].workload].priority)


@part
def chain_of(s: Any, p: int, which: int, f: int) -> int:
    """The chain that strand f waits in, in this queue of pod p."""
    return CHAINS_PER_POD * p + LEVELS * which + level(s.queues[2 * p + which].discipline, priority_of(s, f))


@feature
def join(s: Any, p: int, which: int, f: int) -> None:
    """Strand f waits in a queue that is not plain."""
    queue, now = s.queues[2 * p + which], s.lane[0].now_ns
    if queue.length == 0:
        queue.crowded_ns = now
    s.extras[f].joined_ns, s.extras[f].patience_ns = now, patience_ns(queue, now)
    queue.length += 1
    c = chain_of(s, p, which, f)
    link(s, c, s.chains[c].tail, f)


@feature
def take(s: Any, p: int, which: int) -> int:
    """Whoever is next in a queue that is not plain; ~f where f is dropped (Q6, Q7, Q10)."""
    queue, now = s.queues[2 * p + which], s.lane[0].now_ns
    c = CHAINS_PER_POD * p + LEVELS * which
    while s.chains[c].head < 0:
        c += 1
    queue.length -= 1
    f = int(s.chains[c].head)
    if now - s.extras[f].joined_ns > s.extras[f].patience_ns:
        drops = True
    else:
        if takes_newest(queue.discipline, queue.length, queue.threshold):
            f = int(s.chains[c].tail)
        drops = queue.drops_expired == 1 and is_expired(deadline_ns(s, s.frames[f].visit), now)
        waited = now - s.extras[f].joined_ns
        drops = drops or (queue.control == CODEL and codel_drops(queue, waited, queue.length, now))
    unlink(s, c, f)
    if not drops:
        return f
    s.frames[f].joining = DROPPED
    s.pods[p].shed += 1
    return ~f


@feature
def link(s: Any, c: int, before: int, f: int) -> None:
    """Put frame f into chain c behind `before`; first if that is -1."""
    chain = s.chains[c]
    after = chain.head if before < 0 else s.frames[before].next
    s.frames[f].next, s.extras[f].previous = after, before
    if before < 0:
        chain.head = f
    else:
        s.frames[before].next = f
    if after < 0:
        chain.tail = f
    else:
        s.extras[after].previous = f


@feature
def unlink(s: Any, c: int, f: int) -> None:
    """Take frame f out of chain c."""
    chain = s.chains[c]
    before, after = s.extras[f].previous, s.frames[f].next
    if before < 0:
        chain.head = after
    else:
        s.frames[before].next = after
    if after < 0:
        chain.tail = before
    else:
        s.extras[after].previous = before
