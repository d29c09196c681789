"""Calls whose tries may be under way together. Twin of `Race` in reference/calling.py.

The strand has RACE in place of its child, and a list of its live tries in the order they left; a try knows itself whether it is one
of them. The strand's `gen` changes whenever its newest try, or the wait before the next, does: other alarms are stale.
"""

from __future__ import annotations

from typing import Any

from sim.clock import RETRIED, rank
from sim.fast.agenda import NOTHING, SENDS, push_any, todo
from sim.fast.compiling import feature
from sim.fast.frames import caller_pod, drop, row
from sim.fast.gates import tell_gates
from sim.fast.giving_up import leave_books
from sim.fast.picking import view_of
from sim.fast.retrying import allows_retry, note_outcome, wait_ns
from sim.fast.spans import close_span
from sim.fast.state import CANCELS, DELAYED_HEDGES, GATED, METERED, RACE, TIED
from sim.fast.travelling import send_cancel
from sim.fast.tying import tie
from sim.laws.grading import graded
from sim.laws.hedging import ends_race, hedges_left, may_trigger
from sim.laws.retrying import CANCELLED, OK, is_retriable
from sim.trace import GAVE_UP, RETURNED

ENDED = -2  # in place of a todo: the call is over


@feature
def join_race(s: Any, f: int) -> None:
    """Strand f's new try joins those that are under way."""
    strand, own = s.frames[f], s.extras[f]
    a = strand.child
    strand.child = RACE
    s.frames[a].parent_gen = -1  # so that its answer is looked at here
    s.extras[a].live, s.extras[a].attempt, s.extras[a].live_next = 1, strand.trying, -1
    if strand.trying == 0 or own.live_first < 0:
        own.live_first = a
    else:
        s.extras[own.live_last].live_next = a
        if s.routes[s.frames[a].route].special & TIED != 0:
            tie(s, own.live_first, a)
    own.live_last = a


@feature
def leave_race(s: Any, f: int, a: int) -> None:
    """Try a of strand f is over."""
    own, after = s.extras[f], s.extras[a].live_next
    s.extras[a].live = 0
    if own.live_first == a:
        own.live_first = after
        return
    before = own.live_first
    while s.extras[before].live_next != a:
        before = s.extras[before].live_next
    s.extras[before].live_next = after
    if after < 0:
        own.live_last = before


@feature
def race_replied(s: Any, f: int, a: int) -> int:
    """G3, G4: an answer is back to strand f, whose call hedges. Returns the todo, or ENDED."""
    one = s.frames[a]
    route, attempt, outcome = s.routes[one.route], s.extras[a].attempt, one.served
    leave_race(s, f, a)
    leave_books(s, a, outcome)
    if route.special & GATED != 0:
        tell_gates(s, a, outcome)
    if outcome == OK:
        route.succeeded += 1
        if s.lane[0].graded == 1:
            s.extras[f].quality = graded(s.extras[f].quality, s.extras[a].quality)
    elif outcome == CANCELLED:  # its twin has begun
        route.cancelled += 1
    else:
        route.failed += 1
    row(s, one.request_number, one.word | RETURNED, outcome)
    if one.sampled > 0:
        one.outcome, one.returned_ns = outcome, s.lane[0].now_ns
        close_span(s, a)
    if attempt > 0:
        s.views[one.viewer].retrying -= 1
    if route.special & METERED != 0:
        note_outcome(s, a, outcome)
    due = after_answer(s, f, a, attempt, outcome)
    drop(s, a)
    return due


@feature
def after_answer(s: Any, f: int, a: int, attempt: int, outcome: int) -> int:
    """G3, G4: what follows from the answer of strand f's try a. Returns the todo, or ENDED."""
    strand, route = s.frames[f], s.routes[s.frames[a].route]
    is_backing_off = strand.backing_off == 1
    if ends_race(outcome, is_retriable(route.retry_mask, outcome)):
        end_race(s, f, CANCELLED, CANCELLED, True)
        return ENDED
    if attempt == strand.trying and not is_backing_off:
        strand.gen += 1  # its alarm is stale
    if may_trigger(attempt, strand.trying, is_backing_off, route.special & DELAYED_HEDGES != 0):
        due = follow(s, f, a)
        if due != ENDED:
            return due
    if s.extras[f].live_first >= 0 or strand.backing_off == 1:
        return NOTHING
    end_race(s, f, CANCELLED, CANCELLED, True)
    return ENDED


@feature
def follow(s: Any, f: int, a: int) -> int:
    """G1, G2: another try follows, now or after the wait of a retry; a is the one before, or failed. Returns the todo; ENDED: none does."""
    strand, one = s.frames[f], s.frames[a]
    route, view = s.routes[one.route], s.views[one.viewer]
    if not hedges_left(strand.trying, 1 + route.num_retries):
        return ENDED
    if route.special & DELAYED_HEDGES != 0:
        view.retrying += 1
        strand.trying += 1
        return todo(f, SENDS)
    if not allows_retry(s, a):
        route.refused_retries += 1
        return ENDED
    view.retrying += 1
    strand.backing_off = 1
    strand.gen += 1
    length = wait_ns(s, a, strand.trying + 1)
    order = rank(RETRIED, strand.request_number, one.number)
    push_any(s, s.lane[0].now_ns + length, order, (strand.gen << 32) | f)
    return NOTHING


@feature
def hedge_due(s: Any, f: int) -> int:
    """G1, G2: the newest try of strand f has taken long, and stays open. Returns the todo."""
    due = follow(s, f, s.extras[f].live_last)
    return NOTHING if due == ENDED else due


@feature
def end_race(s: Any, f: int, outcome: int, learned: int, tells: bool) -> None:
    """G5: strand f waits for none of its tries any more, nor to send another; with `tells` it says so, and cancels where the route does."""
    strand, own, now = s.frames[f], s.extras[f], s.lane[0].now_ns
    a = own.live_first
    while a >= 0:
        one, after = s.frames[a], s.extras[a].live_next
        route = s.routes[one.route]
        s.extras[a].live = 0
        one.outcome, one.returned_ns = outcome, now  # for its span, if it has one
        route.timed_out += 1
        route.orphans += 1
        leave_books(s, a, learned)
        if route.special & GATED != 0:
            tell_gates(s, a, learned)
        if s.extras[a].attempt > 0:
            s.views[one.viewer].retrying -= 1
        if tells:
            row(s, one.request_number, one.word | GAVE_UP, outcome)
            if route.special & CANCELS != 0 and one.pod >= 0:
                send_cancel(s, a)
        a = after
    if strand.backing_off == 1:
        s.views[view_of(s, s.routes[s.ops[strand.pc].a], caller_pod(s, f))].retrying -= 1
        strand.backing_off = 0
    own.live_first = strand.child = -1
    strand.gen += 1
