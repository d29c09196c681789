"""The caller's side: send a try, take its answer or give it up, try again. Twin of reference/calling.py."""

from __future__ import annotations

from typing import Any

from sim.clock import DELIVERED, EXPIRED, REPLIED, RETRIED, rank
from sim.clock import TIMED_OUT as ALARM
from sim.draws import child_key
from sim.fast.agenda import FAILS, NOTHING, RUNS, SENDS, cancel, next_place, push, push_any, push_soon, todo
from sim.fast.caching import told_so
from sim.fast.compiling import cold, feature, part
from sim.fast.deadlines import arm_expiry, is_late, tell_left
from sim.fast.frames import (
    base_key,
    caller_pod,
    drop,
    is_abandoned,
    next_step,
    number_call,
    one_more,
    row,
    take_frame,
)
from sim.fast.gates import is_let_go, pass_gates, tell_admission, tell_gates
from sim.fast.giving_up import leave_books
from sim.fast.hedging import ENDED, end_race, hedge_due, join_race, race_replied
from sim.fast.hosts import lend
from sim.fast.injecting import call_key, is_aborted, is_held_up
from sim.fast.picking import pick_pod, view_of
from sim.fast.retrying import allows_retry, note_outcome, pick_again, wait_ns
from sim.fast.spans import begin_span, close_span
from sim.fast.state import (
    ADMITS,
    CANCELS,
    FAULTY,
    GATED,
    HEDGED,
    HELD_UP,
    HOSTS,
    IGNORE,
    METERED,
    PAIRS,
    PARKED,
    PICKS_AGAIN,
    PROPAGATES,
    QUEUED,
    RACE,
    VISIT,
    WAITS,
)
from sim.fast.travelling import send_cancel, travel, zone_of_caller
from sim.laws.digesting import row_word
from sim.laws.grading import graded
from sim.laws.retrying import CANCELLED, LIMITED, NO_ENDPOINT, OK, PENDING, TIMED_OUT, is_retriable
from sim.laws.service import lap_number
from sim.trace import DROPPED, GAVE_UP, RETURNED, SENT


@part
def send(s: Any, f: int) -> int:
    """A try of strand f's call step leaves; `trying` says which. Returns the todo: nothing, unless the call is over already."""
    special = s.routes[s.ops[s.frames[f].pc].a].special
    if special != 0:
        return send_specially(s, f, special)
    send_try(s, f, 0)
    return NOTHING


@feature
def send_specially(s: Any, f: int, special: int) -> int:
    """As `send`, over a route with something special. Returns the todo."""
    if special & ADMITS != 0 and s.frames[f].trying == 0:
        s.extras[f].is_admitted = 0
    if special & FAULTY != 0 and s.frames[f].trying == 0:
        if is_held_up(s, f):
            return NOTHING
        if is_aborted(s, f):
            return end_call(s, f, s.routes[s.ops[s.frames[f].pc].a].abort_outcome)
    if special & PROPAGATES != 0 and s.frames[f].trying == 0 and is_late(s, f):
        return end_call(s, f, TIMED_OUT)
    if special & ADMITS != 0 and s.frames[f].trying == 0 and not is_let_go(s, f, call_key(s, f)):
        return end_call(s, f, LIMITED)
    send_try(s, f, special)
    if special & HEDGED != 0:
        join_race(s, f)
    return NOTHING


@part
def send_try(s: Any, f: int, special: int) -> None:
    """A try leaves. Compiled twice: where `special` is 0 nothing is asked of it."""
    caller = s.frames[f]
    op = s.ops[caller.pc]
    route = s.routes[op.a]
    now = s.lane[0].now_ns
    pod = caller_pod(s, f)
    view = view_of(s, route, pod)
    branch = lap_number(caller.lap, op.c, caller.repetition)
    key = child_key(base_key(s, f), op.step, branch, caller.trying)
    a = take_frame(s, VISIT)
    one = s.frames[a]
    one.key, one.request, one.request_number = key, caller.request, caller.request_number
    one.number = number_call(s, caller.request)
    one.visit, one.parent, one.route, one.viewer, one.refs = a, f, op.a, view, 1
    chosen = pass_gates(s, a) if special & GATED != 0 else pick_pod(s, route, view, key, a, 0)
    if special & PICKS_AGAIN != 0:
        chosen = pick_again(s, f, a, route, view, chosen)
    one.pod = chosen if special & GATED == 0 else max(chosen, -1)
    one.word = row_word(0, one.number, one.pod)
    one.pc = s.first_op[op.b]
    one.zone = zone_of_caller(s, f, pod)
    if special != 0:
        begin_special(s, f, a, special)
    s.frames[caller.request].refs += 1
    if s.frames[caller.request].sampled > 0:
        begin_span(s, a, f)
    caller.child = a
    caller.gen += 1
    one.parent_gen = caller.gen
    route.attempts += 1
    if caller.trying > 0:
        route.retries += 1
    route.in_flight += 1
    s.views[view].active += 1
    if special & GATED == 0 or chosen != PARKED:
        row(s, one.request_number, one.word | SENT, caller.trying)
        if chosen < 0:
            one.served = NO_ENDPOINT if one.served == PENDING else one.served
            push_soon(s, rank(REPLIED, one.request_number, one.number), a)
        else:
            if route.memory == PAIRS:
                one_more(s, view, chosen)
            elif route.memory == HOSTS:
                lend(s, view, a)
            travel(s, a, DELIVERED)
    if route.per_try_timeout_ns > 0 and (special & GATED == 0 or chosen != PARKED):
        order = rank(ALARM, one.request_number, one.number)
        caller.alarm_place = next_place(s, route.alarm_ring)
        push(s, route.alarm_ring, now + route.per_try_timeout_ns, order, (caller.gen << 32) | f)
    if caller.trying == 0:
        caller.epoch += 1
        if special & PROPAGATES != 0:
            arm_expiry(s, f, rank(EXPIRED, one.request_number, one.number))
        elif route.timeout_ns > 0:
            order = rank(EXPIRED, one.request_number, one.number)
            caller.expiry_place = next_place(s, route.expiry_ring)
            push(s, route.expiry_ring, now + route.timeout_ns, order, (caller.epoch << 32) | f)


@feature
def begin_special(s: Any, f: int, a: int, special: int) -> None:
    """A try leaves over a route with something special: what its frame has to remember."""
    s.extras[a].branches, s.extras[a].first = 0, -1
    s.extras[a].twin, s.extras[a].is_outrun = -1, 0
    if special & PROPAGATES != 0:
        tell_left(s, f, a)


@part
def settle(s: Any, f: int, a: int, outcome: int) -> None:
    """Strand f waits for its try a no longer; `outcome` is what its gates learn."""
    one = s.frames[a]
    route = s.routes[one.route]
    leave_books(s, a, outcome)
    caller = s.frames[f]
    if route.per_try_timeout_ns > 0:
        cancel(s, route.alarm_ring, caller.alarm_place, ALARM, (caller.gen << 32) | f)
    caller.child = -1
    caller.gen += 1
    if route.special & GATED != 0:
        tell_gates(s, a, outcome)


@cold
def orphan(s: Any, f: int, outcome: int, learned: int) -> None:
    """The try strand f waits for loses its caller, who timed out, died with its pod or was cancelled itself; gates learn `learned`."""
    a = s.frames[f].child
    one = s.frames[a]
    one.outcome, one.returned_ns = outcome, s.lane[0].now_ns  # for its span, if it has one
    route = s.routes[one.route]
    is_parked = route.special & GATED != 0 and s.extras[a].gates & WAITS != 0
    route.timed_out += 1
    route.orphans += 1
    settle(s, f, a, learned)
    if is_parked:
        forget_parked(s, a)


@feature
def forget_parked(s: Any, a: int) -> None:
    """X5: nobody was asked, so nobody answers a try that was given up before it left."""
    route = s.routes[s.frames[a].route]
    route.orphans -= 1
    route.failed += 1
    if s.frames[a].sampled > 0:
        close_span(s, a)
    drop(s, a)


@cold
def give_up(s: Any, f: int, outcome: int) -> None:
    """Strand f waits no longer; the pod does not know, unless the route cancels."""
    a = s.frames[f].child
    one = s.frames[a]
    orphan(s, f, outcome, outcome)
    row(s, one.request_number, one.word | GAVE_UP, outcome)
    if s.routes[one.route].special & CANCELS != 0 and one.pod >= 0:
        send_cancel(s, a)


@cold
def forget_try(s: Any, f: int, retried: bool) -> None:
    """Strand f, which dies, neither waits for its try any more nor to send it."""
    strand = s.frames[f]
    if retried:
        s.views[view_of(s, s.routes[s.ops[strand.pc].a], caller_pod(s, f))].retrying -= 1
    strand.backing_off = 0


@feature
def end_cancelled(s: Any, a: int) -> None:
    """C2: nobody will answer a cancelled try."""
    one = s.frames[a]
    one.served = CANCELLED
    s.routes[one.route].orphans -= 1
    s.routes[one.route].cancelled += 1
    if one.sampled > 0:
        one.ended_ns = s.lane[0].now_ns
        close_span(s, a)
    drop(s, a)


@part
def is_retried(s: Any, f: int, a: int, outcome: int) -> bool:
    """Strand f's try a is over: whether the caller now waits to try again."""
    caller, one = s.frames[f], s.frames[a]
    route = s.routes[one.route]
    view = s.views[one.viewer]
    if caller.trying > 0:
        view.retrying -= 1
    if route.special & METERED != 0:
        note_outcome(s, a, outcome)
    if outcome == OK or caller.trying >= route.num_retries or not is_retriable(route.retry_mask, outcome):
        return False
    if not allows_retry(s, a):
        route.refused_retries += 1
        return False
    view.retrying += 1
    caller.backing_off = 1
    length = wait_ns(s, a, caller.trying + 1)
    order = rank(RETRIED, caller.request_number, one.number)
    push_any(s, s.lane[0].now_ns + length, order, (caller.gen << 32) | f)
    return True


@part
def end_call(s: Any, f: int, outcome: int) -> int:
    """A call step's call is over: the next repetition, the fallback, the next step, or failure. Returns the todo."""
    caller = s.frames[f]
    op = s.ops[caller.pc]
    if s.routes[op.a].timeout_ns > 0:
        cancel(s, s.routes[op.a].expiry_ring, caller.expiry_place, EXPIRED, (caller.epoch << 32) | f)
    if s.routes[op.a].special & ADMITS != 0:
        tell_admission(s, f, outcome)
    caller.epoch += 1
    caller.result = outcome
    caller.trying = 0
    if is_abandoned(s, f):
        return todo(f, FAILS)
    if outcome == OK or op.d == IGNORE:
        return next_repetition(s, f)
    if op.d < 0:
        return todo(f, FAILS)
    caller.lap = lap_number(caller.lap, op.c, caller.repetition)
    caller.repetition = 0
    caller.pc = op.d
    return todo(f, RUNS)


@part
def next_repetition(s: Any, f: int) -> int:
    """The call step again, or the step after it. Returns the todo."""
    caller = s.frames[f]
    op = s.ops[caller.pc]
    if caller.repetition + 1 < op.c:
        caller.repetition += 1
        return todo(f, SENDS)
    caller.repetition = 0
    return next_step(s, f, op.next)


@part
def on_replied(s: Any, a: int) -> int:
    """An answer is back: to a strand that waits, or to nobody. Returns the todo."""
    one = s.frames[a]
    f = one.parent
    route = s.routes[one.route]
    outcome = one.served
    if s.frames[f].gen != one.parent_gen:
        if route.special & HEDGED != 0 and s.extras[a].live == 1:
            return told_in_race(s, f, a, outcome)
        route.orphans -= 1
        route.failed += 1
        row(s, one.request_number, one.word | DROPPED, outcome)
        if one.sampled > 0:
            close_span(s, a)
        drop(s, a)
        return NOTHING
    settle(s, f, a, outcome)
    if outcome == OK:
        route.succeeded += 1
        if s.lane[0].graded == 1:
            s.extras[f].quality = graded(s.extras[f].quality, s.extras[a].quality)
    else:
        route.failed += 1
    row(s, one.request_number, one.word | RETURNED, outcome)
    if one.sampled > 0:
        one.outcome, one.returned_ns = outcome, s.lane[0].now_ns
        close_span(s, a)
    waits = is_retried(s, f, a, outcome)
    drop(s, a)
    return NOTHING if waits else end_call(s, f, outcome)


@cold
def told_in_race(s: Any, f: int, a: int, outcome: int) -> int:
    """An answer is back to a call that hedges. Returns the todo."""
    due = race_replied(s, f, a)
    return end_call(s, f, outcome) if due == ENDED else due


@cold
def on_alarm(s: Any, f: int, gen: int) -> int:
    """A try has taken too long, unless it is over. Returns the todo."""
    if gen < 0 or s.frames[f].gen != gen:  # cancelled, or stale
        return NOTHING
    a = s.frames[f].child
    if a == RACE:
        return hedge_due(s, f)
    give_up(s, f, TIMED_OUT)
    return NOTHING if is_retried(s, f, a, TIMED_OUT) else end_call(s, f, TIMED_OUT)


@cold
def on_expired(s: Any, f: int, epoch: int) -> int:
    """A call has taken too long with all its tries, unless it is over. Returns the todo."""
    if epoch < 0 or s.frames[f].epoch != epoch:  # cancelled, or stale
        return NOTHING
    caller = s.frames[f]
    if caller.child == RACE:
        end_race(s, f, TIMED_OUT, TIMED_OUT, True)
        return end_call(s, f, TIMED_OUT)
    if caller.backing_off == 1:
        caller.backing_off = 0
        caller.gen += 1
        attempt = caller.trying + 1
    else:
        give_up(s, f, TIMED_OUT)
        attempt = caller.trying
    if attempt > 0:
        route = s.routes[s.ops[caller.pc].a]
        s.views[view_of(s, route, caller_pod(s, f))].retrying -= 1
    return end_call(s, f, TIMED_OUT)


@cold
def on_retried(s: Any, f: int, gen: int) -> int:
    """The wait before a retry is over, unless the call is. Returns the todo."""
    caller = s.frames[f]
    if caller.gen != gen:
        return NOTHING
    if caller.joining == QUEUED:
        return told_so(s, f)
    if caller.backing_off == HELD_UP:
        return todo(f, SENDS)
    caller.backing_off = 0
    caller.trying += 1
    return todo(f, SENDS)
