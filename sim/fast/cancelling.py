"""A cancel reaches a pod: its visit stops, and so does what that visit waits for. Twin of reference/cancelling.py."""

from __future__ import annotations

from typing import Any

from sim.clock import CALLED_OFF, OUTRUN, rank
from sim.fast.agenda import push_any
from sim.fast.blocks import lose_blocks, lose_waiters
from sim.fast.calling import end_cancelled, forget_try, give_up
from sim.fast.compiling import feature
from sim.fast.cpu import stop_work
from sim.fast.frames import drop, row
from sim.fast.gates import tell_door
from sim.fast.hedging import end_race
from sim.fast.pod_records import GATES
from sim.fast.queues import release_worker, remove_waiting
from sim.fast.serving import send_answer
from sim.fast.state import AT_WORK, FULL, QUEUED, RACE, WAITS_FOR_CORE, WAITS_FOR_WORKER
from sim.laws.hedging import gives_way
from sim.laws.queueing import shift_present
from sim.laws.retrying import CANCELLED, PENDING
from sim.trace import CANCELLED as ROW_CANCELLED


@feature
def on_called_off(s: Any, a: int) -> None:
    """C2: a cancel finds its visit inside, or nothing any more, or nothing yet."""
    one = s.frames[a]
    if one.inside == 1:
        if lacks_room(s, a, CALLED_OFF):
            return
        stop_visit(s, a)
        end_cancelled(s, a)
    elif one.delivered_ns < 0 and (one.served == PENDING or s.extras[a].is_outrun == 1):
        one.served = CANCELLED  # it is refused at the door
        s.extras[a].is_outrun = 0  # and nobody waits for it
    drop(s, a)


@feature
def on_outrun(s: Any, a: int) -> None:
    """G7: word reaches a pod that try a's twin has begun: before the try, in time to stop its visit, or too late."""
    one = s.frames[a]
    if one.inside == 1 and gives_way(one.started_ns):
        if lacks_room(s, a, OUTRUN):
            return
        stop_visit(s, a)
        send_answer(s, a, CANCELLED)
    elif one.delivered_ns < 0 and one.served == PENDING:
        one.served, s.extras[a].is_outrun = CANCELLED, 1  # it is refused at the door
    drop(s, a)


@feature
def lacks_room(s: Any, a: int, phase: int) -> bool:
    """Whether visit a has more branches than one step has room for; then room is made first, and the event comes again."""
    one, lane = s.frames[a], s.lane[0]
    need = s.extras[a].branches * max(4, lane.races)
    if need < lane.margin:
        return False
    lane.margin = 2 * need
    lane.stopped = FULL
    push_any(s, lane.now_ns, rank(phase, one.request_number, one.number), a)
    return True


@feature
def stop_visit(s: Any, a: int) -> None:
    """C3: a visit stops: its strands in order of number, first those that wait; the pod's books; its worker to the next."""
    one, now = s.frames[a], s.lane[0].now_ns
    pod, was_at_door = s.pods[one.pod], one.at_work == WAITS_FOR_WORKER
    row(s, one.request_number, one.word | ROW_CANCELLED, CANCELLED)
    waits = stop_waiting(s, a)
    branch = s.extras[a].first
    while branch >= 0:
        waits = stop_waiting(s, branch) or waits
        branch = s.extras[branch].after
    if waits:
        one.is_dying = 1
        lose_waiters(s)
        one.is_dying = 0
    stop_working(s, a)
    branch = s.extras[a].first
    while branch >= 0:
        after = s.extras[branch].after
        stop_working(s, branch)
        drop(s, branch)
        branch = after
    if pod.is_gated & GATES != 0:
        tell_door(s, a, CANCELLED)
    shift_present(pod, -1, now)
    pod.inside_ns += now - one.delivered_ns
    pod.cancelled += 1
    one.inside = 0
    if pod.is_threaded == 1 and not was_at_door:
        release_worker(s, one.pod)


@feature
def stop_waiting(s: Any, f: int) -> bool:
    """C3: a strand of a cancelled visit gives up its try, drops its wait to try again, leaves the queue or the door.

    Returns whether it may wait for a turn.
    """
    strand = s.frames[f]
    if strand.child == RACE:
        end_race(s, f, CANCELLED, CANCELLED, True)
    elif strand.child >= 0 or strand.backing_off == 1:
        retried = strand.backing_off == 1 or strand.trying > 0
        if strand.child >= 0:
            give_up(s, f, CANCELLED)
        forget_try(s, f, retried)
    if strand.at_work == WAITS_FOR_CORE or strand.at_work == WAITS_FOR_WORKER:
        remove_waiting(s, f)
    return bool(strand.joining == QUEUED)


@feature
def stop_working(s: Any, f: int) -> None:
    """C3: a strand of a cancelled visit stops its work, and will hear of nothing."""
    strand = s.frames[f]
    if strand.at_work == AT_WORK:
        stop_work(s, f)
    if s.lane[0].keyed == 1:
        lose_blocks(s, f)
    strand.gen += 1
    strand.epoch += 1
