"""The pod's side: a visit is let in, its program runs, it answers. Twin of reference/serving.py and pod.py."""

from __future__ import annotations

from typing import Any

from sim.clock import REPLIED, WORKED, arrival_rank, rank
from sim.draws import BRANCH as BRANCH_STREAM
from sim.draws import SIZE, THINK, indexed_key, unit
from sim.draws import WORK as WORK_STREAM
from sim.fast.agenda import FAILS, NOTHING, RUNS, push_any, start_later, todo, wake_later
from sim.fast.blocks import lose_blocks, lose_waiters
from sim.fast.caching import told_so
from sim.fast.calling import end_cancelled, forget_try, orphan
from sim.fast.compiling import cold, feature, part
from sim.fast.cpu import ask_core, finish_work, hand_on_later, is_changed
from sim.fast.enclosing import count_quality_of, enclosing_step, stood_in
from sim.fast.frames import (
    caller_pod,
    count,
    drop,
    is_abandoned,
    link_branch,
    may_be_cancelled,
    next_step,
    number_call,
    row,
    step_key,
    take_frame,
    unlink_branch,
)
from sim.fast.gates import ask_door, leave_door, tell_door
from sim.fast.hedging import end_race
from sim.fast.pod_records import GATES
from sim.fast.queues import priority_of, release_worker, wait_for_worker
from sim.fast.sampling import any_ns, sample_ns
from sim.fast.spans import decide_spans
from sim.fast.state import (
    BRANCH,
    DROPPED,
    END,
    FORK,
    IDLE,
    LAP,
    PAUSE,
    QUEUED,
    RACE,
    UNDECIDED,
    USERS,
    WAITS_FOR_CORE,
    WAY,
    WORK,
)
from sim.fast.travelling import travel
from sim.laws.digesting import row_word
from sim.laws.failing import call_fails
from sim.laws.grading import graded
from sim.laws.measuring import bucket, count_finished, is_measured
from sim.laws.queueing import area_ns, is_admitted, shift_present
from sim.laws.retrying import CANCELLED, FAILED, LOST, OK, REFUSED, REJECTED, SHED, TIMED_OUT
from sim.laws.service import sized_ns, way
from sim.laws.shedding import is_shed, look, shed_share
from sim.trace import ANSWERED, FINISHED
from sim.trace import CANCELLED as ROW_CANCELLED
from sim.trace import REJECTED as ROW_REJECTED
from sim.trace import WORKED as ROW_WORKED


@part
def reply(s: Any, a: int, outcome: int) -> None:
    """A visit's answer is on its way."""
    one = s.frames[a]
    one.served = outcome
    if one.sampled > 0:
        one.ended_ns = s.lane[0].now_ns
    travel(s, a, REPLIED)


@part
def on_delivered(s: Any, a: int) -> int:
    """A try reaches its pod (D10): called off, gone, failing, shed, full, or let in. Returns the todo."""
    one = s.frames[a]
    pod = s.pods[one.pod]
    one.delivered_ns = s.lane[0].now_ns
    if one.served == CANCELLED:
        refuse_cancelled(s, a)
        return NOTHING
    if pod.is_gone == 1:
        pod.refused += 1
        return turn_away(s, a, ROW_REJECTED, REFUSED)
    if pod.is_gated != 0:
        refused = ask_door(s, a)
        if refused != OK:
            return turn_away(s, a, ROW_REJECTED, refused)
    if pod.error_rate > 0.0 and call_fails(one.key, pod.error_rate):
        pod.visits += 1
        pod.failed += 1
        return answer_at_door(s, a, ANSWERED, FAILED)
    if pod.is_guarded == 1 and is_unwanted(s, a):
        pod.rejected += 1
        return answer_at_door(s, a, ROW_REJECTED, SHED)
    free = pod.workers - pod.held if pod.is_threaded == 1 else pod.cores - pod.working
    if not is_admitted(free, pod.door_length if pod.is_threaded == 1 else pod.queue_length, pod.size):
        pod.rejected += 1
        return answer_at_door(s, a, ROW_REJECTED, REJECTED)
    return enter(s, a)


@feature
def refuse_cancelled(s: Any, a: int) -> None:
    """C2, G7: a try reaches its pod after its cancel, or after word that its twin has begun; who is still waited for answers."""
    one = s.frames[a]
    row(s, one.request_number, one.word | ROW_CANCELLED, CANCELLED)
    if s.extras[a].is_outrun == 1:
        send_answer(s, a, CANCELLED)
    else:
        end_cancelled(s, a)


@feature
def is_unwanted(s: Any, a: int) -> bool:
    """Whether a call that arrives now is turned away for its priority (Q9)."""
    one, now = s.frames[a], s.lane[0].now_ns
    pod, guard = s.pods[one.pod], s.guards[one.pod]
    if pod.is_threaded == 1:
        busy_ns = area_ns(pod.present_area_ns, pod.present, now) - area_ns(pod.waiting_area_ns, pod.waiting, now)
    else:
        busy_ns = area_ns(pod.working_area_ns, pod.working, now) - area_ns(pod.stalled_area_ns, pod.stalled, now)
    share = shed_share(look(guard, busy_ns, now), guard.start, guard.full, priority_of(s, a))
    return is_shed(one.key, share)


@cold
def turn_away(s: Any, a: int, kind: int, outcome: int) -> int:
    """A try ends at the door, with a row of this kind."""
    one = s.frames[a]
    row(s, one.request_number, one.word | kind, outcome)
    send_answer(s, a, outcome)
    return NOTHING


@cold
def send_answer(s: Any, a: int, outcome: int) -> None:
    """As `reply`, of an answer that is rare."""
    reply(s, a, outcome)


@cold
def answer_at_door(s: Any, a: int, kind: int, outcome: int) -> int:
    """As `turn_away`, of a try that the door's gates had let in: an answer is an answer."""
    if s.pods[s.frames[a].pod].is_gated & GATES != 0:
        tell_door(s, a, outcome)
    return turn_away(s, a, kind, outcome)


@part
def enter(s: Any, a: int) -> int:
    """A visit is let in; it runs at once unless it must wait for a worker. Returns the todo."""
    one = s.frames[a]
    pod = s.pods[one.pod]
    pod.visits += 1
    shift_present(pod, 1, s.lane[0].now_ns)
    one.inside = 1
    if pod.is_threaded == 0:
        return todo(a, RUNS)
    if pod.held < pod.workers:
        pod.held += 1
        return todo(a, RUNS)
    wait_for_worker(s, a)
    return NOTHING


@part
def answer(s: Any, a: int, outcome: int) -> None:
    """D11: a visit is over: the row, the pod's books, its worker to the next at the door, the answer on its way."""
    one = s.frames[a]
    now = s.lane[0].now_ns
    pod = s.pods[one.pod]
    row(s, one.request_number, one.word | ANSWERED, outcome)
    count(s, len(s.intervals) + pod.service, bucket(now - one.delivered_ns))
    shift_present(pod, -1, now)
    pod.inside_ns += now - one.delivered_ns
    if outcome == OK:
        pod.succeeded += 1
    else:
        pod.failed += 1
    one.inside = 0
    one.gen += 1
    if pod.is_threaded == 1:
        release_worker(s, one.pod)
    if pod.is_gated != 0:
        leave_door(s, a, outcome)
    reply(s, a, outcome)


@part
def on_worked(s: Any, f: int, gen: int) -> int:
    """A work or wait step is over, unless the pod died. Returns the todo."""
    strand = s.frames[f]
    if strand.gen != gen:
        return NOTHING
    p = caller_pod(s, f)
    is_work = s.ops[strand.pc].code == WORK
    if is_work and s.pods[p].is_shared == 1 and not is_changed(s, f, p):
        return NOTHING
    strand.gen += 1
    row(s, strand.request_number, strand.word | ROW_WORKED, 0)
    if is_work:
        finish_work(s, f, p)
    if is_abandoned(s, f):
        return todo(f, FAILS)
    return next_step(s, f, s.ops[strand.pc].next)


@cold
def fork(s: Any, f: int) -> None:
    """Branches at once: all are numbered, then started in order; strand f waits for their join."""
    strand = s.frames[f]
    op = s.ops[strand.pc]
    strand.gen += 1
    strand.joining, strand.needed, strand.spare = 1, op.c, op.b - op.c
    for k in range(op.b):
        b = take_frame(s, BRANCH)
        branch = s.frames[b]
        branch.request, branch.visit, branch.parent = strand.request, strand.visit, f
        branch.request_number, branch.parent_gen = strand.request_number, strand.gen
        branch.number = number_call(s, strand.request)
        branch.word = row_word(0, branch.number, caller_pod(s, f))
        branch.lap = strand.lap
        branch.pc = s.links[op.a + k]
        branch.refs = 1
        s.frames[strand.visit].refs += 1
        if may_be_cancelled(s, strand.visit):
            link_branch(s, strand.visit, b)
        start_later(s, b)


@part
def end_branch(s: Any, f: int, succeeded: bool) -> None:
    """A branch reports to its join; the one that decides wakes the strand that forked."""
    branch = s.frames[f]
    parent = s.frames[branch.parent]
    if parent.gen == branch.parent_gen:
        if succeeded:
            parent.needed -= 1
            if s.lane[0].graded == 1:
                s.extras[branch.parent].quality = graded(s.extras[branch.parent].quality, s.extras[f].quality)
        else:
            parent.spare -= 1
        if parent.needed == 0 or parent.spare < 0:
            parent.gen += 1
            wake_later(s, branch.parent)
    if may_be_cancelled(s, branch.visit):
        unlink_branch(s, branch.visit, f)
    drop(s, f)


@part
def end_strand(s: Any, f: int, succeeded: bool) -> None:
    """A strand has done its steps, or failed: a branch reports, a visit answers, a client is done."""
    strand = s.frames[f]
    if strand.visit < 0:
        finish_request(s, f)
    elif strand.visit == f:
        answer(s, f, OK if succeeded else SHED if strand.is_shed == 1 else FAILED)
    else:
        end_branch(s, f, succeeded)


@part
def wake(s: Any, f: int) -> int:
    """A strand goes on: a visit that got its worker, or one whose join is decided. Returns the todo."""
    strand = s.frames[f]
    if strand.joining == 0:
        return todo(f, RUNS)
    if strand.joining == QUEUED:
        return told_so(s, f)
    if strand.joining == DROPPED:
        return end_dropped(s, f)
    strand.joining = 0
    if strand.needed > 0 or is_abandoned(s, f):
        return todo(f, FAILS)
    return next_step(s, f, s.ops[strand.pc].next)


@cold
def end_dropped(s: Any, f: int) -> int:
    """Q8: a strand that was dropped from a queue hands on what it was given, and fails. Returns the todo."""
    strand = s.frames[f]
    strand.joining = 0
    if strand.at_work == WAITS_FOR_CORE:
        hand_on_later(s, caller_pod(s, f))
    strand.at_work = IDLE
    strand.is_shed = 1
    return todo(f, FAILS)


@part
def step(s: Any, f: int) -> int:
    """D14: strand f's next step. Returns the todo."""
    strand = s.frames[f]
    op = s.ops[strand.pc]
    code = op.code
    if code == WORK:
        demand_ns = sample_ns(s.distributions, op.a, step_key(s, f), WORK_STREAM)
        ask_core(s, f, demand_ns if op.b == 0 else sized_demand_ns(s, f, demand_ns))
        return NOTHING
    if code == FORK:
        fork(s, f)
        return NOTHING
    if code == PAUSE:
        pause(s, f)
        return NOTHING
    if code == LAP:
        return next_lap(s, f)
    if code == WAY:
        return take_way(s, f)
    if code > END:
        return enclosing_step(s, f)
    return next_step(s, f, strand.pc)  # a call, or the end


@feature
def sized_demand_ns(s: Any, f: int, demand_ns: int) -> int:
    """L14: what a work demands of strand f, whose request is of some size: that has an address, so it is not kept."""
    client = s.frames[s.frames[f].request]
    d = s.workloads[client.workload].size
    return demand_ns if d < 0 else sized_ns(demand_ns, any_ns(s.distributions, d, client.key, SIZE))


@cold
def pause(s: Any, f: int) -> None:
    """A wait step: only time passes."""
    strand = s.frames[f]
    length = sample_ns(s.distributions, s.ops[strand.pc].a, step_key(s, f), WORK_STREAM)
    push_any(s, s.lane[0].now_ns + length, rank(WORKED, strand.request_number, strand.number), (strand.gen << 32) | f)


@cold
def next_lap(s: Any, f: int) -> int:
    """A fallback is done; it stood in for a repetition of its call. Returns the todo."""
    return stood_in(s, f, s.ops[s.frames[f].pc].a)


@cold
def take_way(s: Any, f: int) -> int:
    """A branch step chooses; the strand fails where it does nothing and nobody waits for it any more."""
    strand = s.frames[f]
    op = s.ops[strand.pc]
    taken = way(unit(step_key(s, f), BRANCH_STREAM, 0), s.bounds, op.a, op.b)
    if taken < op.b:
        strand.pc = s.links[op.a + taken]
        return todo(f, RUNS)
    strand.pc = op.next
    return todo(f, FAILS) if is_abandoned(s, f) else todo(f, RUNS)


@part
def finish_request(s: Any, f: int) -> None:
    """A request is over: its row, its class's books and intervals; a closed user begins to think."""
    client = s.frames[f]
    now = s.lane[0].now_ns
    w = client.workload
    latency = now - client.sent_ns
    client.inside = 0
    row(s, client.request_number, client.word | FINISHED, client.result)
    b = bucket(latency)
    count_in(s, client.interval, client.result, latency, b)
    for i in range(len(s.workloads), len(s.intervals) - len(s.workloads)):
        if is_measured(s.intervals[i], w, client.sent_ns):
            count_in(s, i, client.result, latency, b)
    if s.lane[0].graded == 1:
        count_quality_of(s, f)
    if client.sampled == UNDECIDED:
        decide_spans(s, f, latency)
    workload = s.workloads[w]
    if workload.kind == USERS:
        think(s, w, client.user, client.iteration + 1, now)
    drop(s, f)


@part
def count_in(s: Any, i: int, outcome: int, latency_ns: int, b: int) -> None:
    """A request that came in interval i is over."""
    count_finished(s.intervals[i], outcome, latency_ns, s.intervals[i].good_ns)
    if outcome == OK:
        count(s, i, b)


@cold
def think(s: Any, w: int, user: int, iteration: int, now_ns: int) -> None:
    """A closed user's next request, after a think time or the pause between two sessions."""
    workload = s.workloads[w]
    key = indexed_key(workload.key, (user << 32) | iteration)
    d = workload.think
    if workload.session > 0 and iteration > 0 and iteration % workload.session == 0:
        d = workload.pause
    length = sample_ns(s.distributions, d, key, THINK)
    push_any(s, now_ns + length, arrival_rank(w, user), iteration)


@cold
def lose_strand(s: Any, f: int) -> None:
    """D13: a strand dies with its pod; the try it waits for loses its caller."""
    strand = s.frames[f]
    if strand.child == RACE:
        end_race(s, f, TIMED_OUT, CANCELLED, False)
    elif strand.child >= 0 or strand.backing_off == 1:
        retried = strand.backing_off == 1 or strand.trying > 0
        if strand.child >= 0:
            orphan(s, f, TIMED_OUT, CANCELLED)
        forget_try(s, f, retried)
    if s.lane[0].keyed == 1:
        lose_blocks(s, f)
    strand.at_work = IDLE
    strand.gen += 1
    strand.epoch += 1
    if strand.kind == BRANCH:
        drop(s, f)


@part
def lose_visits(s: Any, visits: Any, strands: Any) -> None:
    """D13: visits of a dead pod, in order of (request, call): their strands die, their callers see a reset.

    Of a visit that has answered only the strands that run on are left to die.
    """
    for a in visits:
        s.frames[a].is_dying = 1
    if s.lane[0].keyed == 1:
        lose_waiters(s)
    for f in strands:
        lose_strand(s, f)
    for a in visits:
        if s.frames[a].is_dying == 1 and s.frames[a].inside == 1:
            s.frames[a].inside = 0
            reply(s, a, LOST)
        s.frames[a].is_dying = 0
