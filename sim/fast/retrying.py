"""What is seldom asked about a retry: budgets, gRPC's jitter, and pods that were tried before. Twin of reference/retrying.py."""

from __future__ import annotations

from typing import Any

from sim.draws import BACK_OFF, unit
from sim.fast.compiling import cold, feature
from sim.fast.picking import pick_pod
from sim.laws.budgeting import SLOTS, TOKENS, TOWER, deposit, is_short_of_tokens, spent_after, withdraw
from sim.laws.retrying import (
    OK,
    another_pick_key,
    back_off_ns,
    is_retriable,
    jittered_back_off_ns,
    retry_allowed,
)


@feature
def note_outcome(s: Any, a: int, outcome: int) -> None:
    """R7, R8: a try is over, and what its view remembers for its budget changes."""
    one = s.frames[a]
    route, meter = s.routes[one.route], s.meters[one.viewer]
    if route.meter == TOWER and outcome == OK:
        deposit(meter, s.slots, one.viewer * SLOTS, s.lane[0].now_ns, route.meter_window_ns, route.meter_gain)
    if route.meter == TOKENS and (outcome == OK or is_retriable(route.retry_mask, outcome)):
        meter.spent = spent_after(meter.spent, route.meter_reserve, route.meter_gain, outcome == OK)


@cold
def allows_retry(s: Any, a: int) -> bool:
    """Whether the budget allows a retry of try a (R3, R6, R7, R8)."""
    one = s.frames[a]
    route, view, meter = s.routes[one.route], s.views[one.viewer], s.meters[one.viewer]
    if route.budget >= 0.0:
        return retry_allowed(view.active, view.retrying, route.budget, route.budget_least)
    if route.meter == TOWER:
        return withdraw(meter, s.slots, one.viewer * SLOTS, s.lane[0].now_ns, route.meter_window_ns, route.meter_cost, route.meter_reserve)
    if route.meter == TOKENS:
        return not is_short_of_tokens(meter.spent, route.meter_reserve)
    return True


@cold
def wait_ns(s: Any, a: int, retry: int) -> int:
    """R2, R5: how long the caller waits before its retry-th retry, after try a."""
    one = s.frames[a]
    route, u = s.routes[one.route], unit(one.key, BACK_OFF, 0)
    if route.jitter >= 0.0:
        return jittered_back_off_ns(route.back_off_ns, route.back_off_max_ns, retry, route.jitter, u)
    return back_off_ns(route.back_off_ns, route.back_off_max_ns, retry, u)


@feature
def pick_again(s: Any, f: int, a: int, route: Any, view: int, chosen: int) -> int:
    """R9: the pod for strand f's try a; a retry picks again while its pick was tried before, so often and not oftener."""
    trying, first, again = s.frames[f].trying, f * s.lane[0].tries, 1
    while again <= route.picks_again and chosen >= 0 and was_tried(s, first, trying, chosen):
        chosen = pick_pod(s, route, view, another_pick_key(s.frames[a].key, again), a, again)
        again += 1
    s.tried[first + trying] = chosen
    return int(chosen)


@feature
def was_tried(s: Any, first: int, tries: int, pod: int) -> bool:
    """Whether one of a call's tries went to a pod."""
    for k in range(tries):
        if s.tried[first + k] == pod:
            return True
    return False
