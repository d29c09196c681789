"""What may refuse a try before it leaves its caller, or at a pod's door, and what learns from results.

Twin of reference/gates.py. Gates are asked in this order: the rate limit (by a call's first try alone), the throttle,
the breaker that opens, the bound of the breakers, the pool or bulkhead.
"""

from __future__ import annotations

from typing import Any

from sim.fast.compiling import feature
from sim.fast.frames import caller_pod
from sim.fast.picking import view_of
from sim.fast.pod_records import GATES, REPORTS
from sim.fast.pools import ask_pool, leave_pool, pod_of
from sim.fast.queues import priority_of
from sim.fast.reporting import tell_report
from sim.fast.state import IN_BOUND, IN_BREAKER, IN_POOL, IN_THROTTLE, PARKED, TURNED_BACK, WAITS
from sim.laws.adapting import adapt_by_time, begin_adapting, learn_time
from sim.laws.admitting import BUCKET_NS, denial_probability, is_admitted_success, is_busy_enough, is_denied
from sim.laws.breaking import has_room, learn_result, permits_call, release_permit
from sim.laws.concurrency import UNLIMITED, is_drop, learn_sample, lets_in, shift_busy
from sim.laws.limiting import take_token
from sim.laws.retrying import CANCELLED, LIMITED, NO_ENDPOINT, OK, OVERFLOW, PENDING, REJECTED
from sim.laws.throttling import STRETCHES, is_accepted, is_throttled, rejection_probability, stretch_of
from sim.laws.windowing import move_on, note_now


@feature
def pass_gates(s: Any, a: int) -> int:
    """The pod that try a leaves for by its gated route; -1 where it is over at once, as it says in `served`; or PARKED."""
    one = s.frames[a]
    outcome = ask_gates(s, a, one.route, one.viewer, one.key, s.frames[one.parent].trying)
    if outcome == OK and s.pool_rules[one.route].most > 0:
        outcome = ask_pool(s, a)
    if outcome == PENDING:
        one.served = PENDING
        return PARKED
    if outcome == OK:
        return pod_of(s, a)
    if outcome != NO_ENDPOINT:
        s.routes[one.route].refused += 1
    one.served = outcome
    return -1


@feature
def ask_gates(s: Any, a: int, r: int, view: int, key: int, attempt: int) -> int:
    """Whether try a may leave by route r: OK, or the outcome it has at once."""
    rule, gate, extra = s.gate_rules[r], s.gates[s.views[view].gate], s.extras[a]
    now = s.lane[0].now_ns
    extra.asked_ns, extra.gates = now, 0
    outcome = OK
    if rule.token_ns > 0 and attempt == 0 and not take_token(gate, rule.full, rule.token_ns, rule.per_fill, now):
        outcome = LIMITED
    if outcome == OK and rule.k > 0.0:
        outcome = ask_throttle(s, extra, gate.throttle, rule, key)
    if outcome == OK and rule.size > 0:
        if permits_call(gate, s.cells, rule, now):
            extra.gates |= IN_BREAKER
        else:
            outcome = OVERFLOW
    if outcome == OK and rule.bound >= 0:
        if has_room(gate.in_flight, rule.bound):
            gate.in_flight += 1
            extra.gates |= IN_BOUND
        else:
            outcome = OVERFLOW
    return outcome


@feature
def ask_throttle(s: Any, extra: Any, window: int, rule: Any, key: int) -> int:
    """Whether the throttle lets a try go; it counts either way, after it was judged by those before."""
    stretch = stretch_of(s.lane[0].now_ns, rule.throttle_ns)
    move_on(s.cells, window, STRETCHES, stretch)
    p = rejection_probability(s.cells[window], s.cells[window + 1], rule.k)
    note_now(s.cells, window, STRETCHES, stretch, 1, 0, 0)
    if is_throttled(key, p):
        return LIMITED
    extra.gates |= IN_THROTTLE
    return OK


@feature
def tell_gates(s: Any, a: int, outcome: int) -> None:
    """Try a is over for its caller: those gates learn that let it go. CANCELLED: nobody was left to see a result."""
    one, extra = s.frames[a], s.extras[a]
    rule, gate = s.gate_rules[one.route], s.gates[s.views[one.viewer].gate]
    now, held = s.lane[0].now_ns, extra.gates
    extra.gates = 0
    if held & (IN_POOL | WAITS | TURNED_BACK):
        leave_pool(s, a, held, outcome)
    if held & IN_BOUND:
        gate.in_flight -= 1
    if held & IN_THROTTLE and is_accepted(outcome):
        note_now(s.cells, gate.throttle, STRETCHES, stretch_of(now, rule.throttle_ns), 0, 1, 0)
    if held & IN_BREAKER:
        if outcome == CANCELLED:
            release_permit(gate, s.cells, rule, now)
        else:
            slow = now - extra.asked_ns > rule.slow_ns
            learn_result(gate, s.cells, rule, now, int(outcome != OK), int(slow))


@feature
def is_let_go(s: Any, f: int, key: int) -> bool:
    """W10: whether strand f's call, whose first try has this key, is let go by those that ended before."""
    r = s.ops[s.frames[f].pc].a
    rule, window = s.gate_rules[r], admission_window(s, f, r)
    move_on(s.cells, window, rule.admission_parts, s.lane[0].now_ns // BUCKET_NS)
    requests, successes = s.cells[window], s.cells[window + 1]
    if is_busy_enough(requests, rule.admission_parts, rule.rps_threshold):
        p = denial_probability(requests, successes, rule.sr_threshold, rule.aggression, rule.most_denied)
        if is_denied(key, p):
            return False
    s.extras[f].is_admitted = 1
    return True


@feature
def tell_admission(s: Any, f: int, outcome: int) -> None:
    """W10: strand f's call is over, which counts if it was let go."""
    if s.extras[f].is_admitted == 0:
        return
    s.extras[f].is_admitted = 0
    r = s.ops[s.frames[f].pc].a
    rule, window = s.gate_rules[r], admission_window(s, f, r)
    note_now(s.cells, window, rule.admission_parts, s.lane[0].now_ns // BUCKET_NS, 1, int(is_admitted_success(outcome)), 0)


@feature
def admission_window(s: Any, f: int, r: int) -> int:
    """Where the window of strand f's view of route r lies."""
    return int(s.gates[s.views[view_of(s, s.routes[r], caller_pod(s, f))].gate].admission)


@feature
def ask_door(s: Any, a: int) -> int:
    """Whether try a may come in at its pod's door: OK, or the outcome it has at once. First the rate limit, then the concurrency."""
    pod = s.pods[s.frames[a].pod]
    s.extras[a].met = pod.present
    if pod.is_gated & GATES == 0:
        return OK
    rule, gate = s.gate_rules[len(s.routes) + pod.service], s.gates[pod.gate]
    now = s.lane[0].now_ns
    outcome = OK
    if rule.token_ns > 0 and not take_token(gate, rule.full, rule.token_ns, rule.per_fill, now):
        outcome = LIMITED
    elif rule.least > 0:
        if gate.limit == 0:
            begin_adapting(gate, s.cells, rule, now)
        adapt_by_time(gate, s.cells, rule, now)
        if not has_room(pod.present, gate.limit):
            outcome = REJECTED
    elif rule.limiter != UNLIMITED:
        priority = priority_of(s, a)
        if lets_in(gate, rule, pod.present, priority):
            shift_busy(gate, priority, 1)
            s.extras[a].present = pod.present + 1
        else:
            outcome = REJECTED
    if outcome != OK:
        pod.rejected += 1
    return outcome


@feature
def leave_door(s: Any, a: int, outcome: int) -> None:
    """A visit is over, well or not: what its pod, and the door, learn of it."""
    if s.pods[s.frames[a].pod].is_gated & REPORTS != 0:
        tell_report(s, a)
    if s.pods[s.frames[a].pod].is_gated & GATES != 0:
        tell_door(s, a, outcome)


@feature
def tell_door(s: Any, a: int, outcome: int) -> None:
    """A call that was let in is answered, or called off: its pod's door learns how long that took."""
    one, now = s.frames[a], s.lane[0].now_ns
    pod = s.pods[one.pod]
    rule, gate = s.gate_rules[len(s.routes) + pod.service], s.gates[pod.gate]
    if rule.least > 0 and outcome != CANCELLED:
        learn_time(gate, s.cells, rule, one.delivered_ns, now)
    if rule.limiter != UNLIMITED:
        shift_busy(gate, priority_of(s, a), -1)
        learn_sample(gate, rule, now - one.delivered_ns, s.extras[a].present, is_drop(outcome))
