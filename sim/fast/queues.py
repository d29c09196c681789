"""Where frames wait in a pod: visits at its door for a worker, strands inside for a core. Twin of reference/queues.py."""

from __future__ import annotations

from typing import Any

from sim.fast.agenda import wake_later
from sim.fast.compiling import cold, part
from sim.fast.frames import caller_pod, chained
from sim.fast.state import IDLE, WAITS_FOR_CORE, WAITS_FOR_WORKER
from sim.laws.queueing import shift_waiting


@part
def wait_for_worker(s: Any, a: int) -> None:
    """Visit a waits at the door."""
    pod = s.pods[s.frames[a].pod]
    s.frames[a].at_work = WAITS_FOR_WORKER
    shift_waiting(pod, 1, s.lane[0].now_ns)
    pod.door_length += 1
    pod.door_head, pod.door_tail = chained(s, pod.door_head, pod.door_tail, a), a


@cold
def release_worker(s: Any, pod: Any) -> None:
    """A worker is free; the first at the door takes it and goes on within this event."""
    pod.held -= 1
    first = pod.door_head
    if first >= 0:
        pod.door_head = s.frames[first].next
        pod.door_length -= 1
        shift_waiting(pod, -1, s.lane[0].now_ns)
        s.frames[first].at_work = IDLE
        pod.held += 1
        wake_later(s, first)


@part
def wait_for_core(s: Any, f: int, p: int) -> None:
    """Strand f waits for a core of pod p."""
    pod = s.pods[p]
    s.frames[f].at_work = WAITS_FOR_CORE
    shift_waiting(pod, 1, s.lane[0].now_ns)
    pod.queue_length += 1
    pod.queue_head, pod.queue_tail = chained(s, pod.queue_head, pod.queue_tail, f), f


@part
def next_for_core(s: Any, p: int) -> int:
    """Take whoever has waited longest for a core of pod p out of the queue; -1 where nobody waits."""
    pod = s.pods[p]
    first = pod.queue_head
    if first >= 0:
        pod.queue_head = s.frames[first].next
        pod.queue_length -= 1
        shift_waiting(pod, -1, s.lane[0].now_ns)
    return int(first)


@cold
def remove_waiting(s: Any, f: int) -> None:
    """Strand f, which waits for a core or a worker, waits no longer: it is out of its queue, and nobody wakes it."""
    strand = s.frames[f]
    pod = s.pods[caller_pod(s, f)]
    shift_waiting(pod, -1, s.lane[0].now_ns)
    if strand.at_work == WAITS_FOR_CORE:
        pod.queue_length -= 1
        pod.queue_head, pod.queue_tail = unchained(s, pod.queue_head, pod.queue_tail, f)
    else:
        pod.door_length -= 1
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
