"""A pod's cores: who works, and for how long. Twin of reference/cpu.py."""

from __future__ import annotations

from typing import Any

from sim.clock import WORKED, rank
from sim.fast.agenda import push_any
from sim.fast.compiling import cold, part
from sim.fast.frames import caller_pod, row
from sim.fast.queues import next_for_core, wait_for_core
from sim.fast.state import AT_WORK, IDLE
from sim.laws.queueing import shift_slow, shift_working
from sim.laws.service import duration_ns
from sim.trace import STARTED


@part
def ask_core(s: Any, f: int, demand_ns: int) -> None:
    """Strand f has work: it starts if a core is free, else it waits its turn."""
    strand = s.frames[f]
    p = caller_pod(s, f)
    pod = s.pods[p]
    strand.lasts_ns = demand_ns
    if pod.working < pod.cores:
        start_work(s, f, p)
        return
    wait_for_core(s, f, p)


@part
def start_work(s: Any, f: int, p: int) -> None:
    """A core begins to work for strand f."""
    strand = s.frames[f]
    pod = s.pods[p]
    now = s.lane[0].now_ns
    millicores = 1000
    if pod.slow_core > 0 and pod.slow_working == 0 and pod.working == pod.cores - 1:
        strand.slow_core = 1
        shift_slow(pod, 1, now)
        millicores = pod.slow_core
    strand.lasts_ns = duration_ns(strand.lasts_ns, millicores, pod.slowdown)
    strand.work_began_ns = now
    strand.at_work = AT_WORK
    shift_working(pod, 1, now)
    visit = s.frames[strand.visit]
    if visit.started_ns < 0:
        visit.started_ns = now
    row(s, strand.request_number, strand.word | STARTED, strand.lasts_ns)
    order = rank(WORKED, strand.request_number, strand.number)
    push_any(s, now + strand.lasts_ns, order, (strand.gen << 32) | f)


@part
def finish_work(s: Any, f: int, p: int) -> None:
    """D11: the core is free; the next in the queue starts."""
    strand = s.frames[f]
    s.pods[p].served_ns += strand.lasts_ns
    s.frames[strand.visit].worked_ns += strand.lasts_ns
    leave_core(s, f, p)


@part
def leave_core(s: Any, f: int, p: int) -> None:
    """Strand f works no more; the next in the queue starts."""
    strand = s.frames[f]
    pod = s.pods[p]
    now = s.lane[0].now_ns
    if strand.slow_core == 1:
        strand.slow_core = 0
        shift_slow(pod, -1, now)
    strand.at_work = IDLE
    shift_working(pod, -1, now)
    first = next_for_core(s, p)
    if first >= 0:
        start_work(s, first, p)


@cold
def stop_work(s: Any, f: int) -> None:
    """Strand f, which is at work, works no more: its core goes to the next; what it had done is lost (M6)."""
    strand = s.frames[f]
    p = caller_pod(s, f)
    worked_ns = s.lane[0].now_ns - strand.work_began_ns
    s.pods[p].lost_ns += worked_ns
    s.frames[strand.visit].worked_ns += worked_ns
    strand.gen += 1
    leave_core(s, f, p)
