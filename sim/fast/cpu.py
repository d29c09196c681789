"""A pod's cores: who works, and for how long. Twin of reference/cpu.py."""

from __future__ import annotations

from typing import Any

from sim.clock import WORKED, rank
from sim.fast.agenda import push_any, wake_later
from sim.fast.compiling import cold, feature, part
from sim.fast.frames import caller_pod, row
from sim.fast.pod_records import CHAINS_PER_POD
from sim.fast.queues import link, next_for_core, unlink, wait_for_core
from sim.fast.state import AT_WORK, IDLE
from sim.fast.tying import tell_twin
from sim.laws.cpu import is_over, next_change_ns, pass_time, renew, stalled, uses_fraction
from sim.laws.queueing import shift_slow, shift_stalled, shift_working
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
    if pod.is_shared == 1:
        start_shared(s, f, p)
        return
    now = s.lane[0].now_ns
    millicores = 1000
    if pod.slow_core > 0 and pod.slow_working == 0 and pod.working == pod.cores - 1:
        strand.slow_core = 1
        shift_slow(pod, 1, now)
        millicores = pod.slow_core
    strand.lasts_ns = duration_ns(strand.lasts_ns, millicores, pod.slowdown)
    begin_work(s, f, p)
    order = rank(WORKED, strand.request_number, strand.number)
    push_any(s, now + strand.lasts_ns, order, (strand.gen << 32) | f)


@part
def begin_work(s: Any, f: int, p: int) -> None:
    """The row and the books of a work that begins."""
    strand = s.frames[f]
    now = s.lane[0].now_ns
    strand.work_began_ns = now
    strand.at_work = AT_WORK
    shift_working(s.pods[p], 1, now)
    visit = s.frames[strand.visit]
    if visit.started_ns < 0:
        visit.started_ns = now
        if s.lane[0].tied == 1:
            tell_twin(s, strand.visit)
    row(s, strand.request_number, strand.word | STARTED, strand.lasts_ns)


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
    strand.at_work = IDLE
    if strand.slow_core == 1:
        strand.slow_core = 0
        shift_slow(pod, -1, s.lane[0].now_ns)
    if pod.is_shared == 1:
        leave_shared(s, f, p)
    hand_on(s, p)


@part
def hand_on(s: Any, p: int) -> None:
    """A core is free for the next in the queue, who starts; or is dropped (Q8), and hands it on when it goes on."""
    pod = s.pods[p]
    shift_working(pod, -1, s.lane[0].now_ns)
    if pod.queue_length > 0:
        first = next_for_core(s, p)
        if first >= 0:
            start_work(s, first, p)
            return
        shift_working(pod, 1, s.lane[0].now_ns)
        wake_later(s, ~first)
    if pod.is_shared == 1:
        await_change(s, p)


@cold
def hand_on_later(s: Any, p: int) -> None:
    """As `hand_on`, of the core of one that was dropped."""
    hand_on(s, p)


@feature
def stop_work(s: Any, f: int) -> None:
    """Strand f, which is at work, works no more: its core goes to the next; what it had done is lost (M6)."""
    strand = s.frames[f]
    p = caller_pod(s, f)
    worked_ns = s.lane[0].now_ns - strand.work_began_ns
    s.pods[p].lost_ns += worked_ns
    s.frames[strand.visit].worked_ns += worked_ns
    strand.gen += 1
    leave_core(s, f, p)


@part
def sharers(p: int) -> int:
    """The chain of those who share the CPU of pod p, by the virtual time at which they are done, then by rank."""
    return CHAINS_PER_POD * p + CHAINS_PER_POD - 1


@feature
def start_shared(s: Any, f: int, p: int) -> None:
    """Strand f begins to work beside the others (L12, L13)."""
    cpu, strand = s.cpus[p], s.frames[f]
    pass_time(cpu, s.lane[0].now_ns)
    strand.lasts_ns = duration_ns(strand.lasts_ns, 1000, s.pods[p].slowdown)
    s.extras[f].finish_ns = cpu.virtual_ns + strand.lasts_ns
    begin_work(s, f, p)
    cpu.working += 1
    before = s.chains[sharers(p)].tail
    while before >= 0 and is_done_before(s, f, before):
        before = s.extras[before].previous
    link(s, sharers(p), before, f)
    await_change(s, p)


@part
def is_done_before(s: Any, f: int, other: int) -> bool:
    """Whether strand f is done before another of its pod."""
    mine, theirs = s.extras[f].finish_ns, s.extras[other].finish_ns
    if mine != theirs:
        return bool(mine < theirs)
    return bool(work_rank(s, f) < work_rank(s, other))


@part
def work_rank(s: Any, f: int) -> int:
    """The rank of the event that ends strand f's work."""
    return rank(WORKED, s.frames[f].request_number, s.frames[f].number)


@feature
def is_changed(s: Any, f: int, p: int) -> bool:
    """The next change of a shared CPU has come: True if it is the end of strand f's work, else all go on."""
    cpu, now = s.cpus[p], s.lane[0].now_ns
    pass_time(cpu, now)
    if is_over(cpu, s.extras[f].finish_ns):
        s.frames[f].lasts_ns = now - s.frames[f].work_began_ns
        return True
    await_change(s, p)
    return False


@feature
def leave_shared(s: Any, f: int, p: int) -> None:
    """Strand f shares the CPU no more."""
    pass_time(s.cpus[p], s.lane[0].now_ns)
    s.cpus[p].working -= 1
    s.frames[f].gen += 1
    unlink(s, sharers(p), f)
    if s.pods[p].awaited == f:
        s.pods[p].awaited = -1


@feature
def await_change(s: Any, p: int) -> None:
    """From now on so many share; the next change is when the first is done, or the quota used up or renewed.

    The event is that of the first; whoever was first before it has a stale one.
    """
    pod, cpu, now = s.pods[p], s.cpus[p], s.lane[0].now_ns
    pod.throttled += renew(cpu, now)
    shift_stalled(pod, stalled(cpu) - pod.stalled, now)
    if pod.slow_core > 0:
        shift_slow(pod, uses_fraction(cpu) - pod.slow_working, now)
    if pod.awaited >= 0:
        s.frames[pod.awaited].gen += 1
    first = s.chains[sharers(p)].head
    pod.awaited = first
    if first >= 0:
        due = next_change_ns(cpu, s.extras[first].finish_ns, now)
        push_any(s, due, work_rank(s, first), (s.frames[first].gen << 32) | first)
