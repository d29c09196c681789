"""Spans: begun when a try of a sampled request leaves, over when its answer comes, written, held or left (M4).

Where the tail is sampled a request is undecided until it is over. Until then the frames of its tries whose answer
came are held: linked by `next` in the order they closed, hanging on the client, each with the ref it had.
"""

from __future__ import annotations

from typing import Any

from sim.draws import SAMPLE, unit
from sim.fast.compiling import cold
from sim.fast.frames import chained, drop
from sim.fast.state import DONE, FULL, KEPT, LEFT, UNDECIDED
from sim.laws.measuring import is_bad
from sim.laws.retrying import PENDING


@cold
def choose_sampled(s: Any, c: int) -> None:
    """A request comes to a world that keeps spans: whether it leaves some, or may."""
    lane, client = s.lane[0], s.frames[c]
    if unit(client.key, SAMPLE, 0) < lane.span_share:
        client.sampled = UNDECIDED if lane.span_tail == 1 else KEPT
        client.held_first = -1


@cold
def begin_span(s: Any, a: int, f: int) -> None:
    """A try of a sampled request left."""
    one, caller = s.frames[a], s.frames[f]
    one.sampled, one.sent_ns, one.attempt, one.endpoint = 1, s.lane[0].now_ns, caller.trying, s.ops[caller.pc].b
    one.parent_call = s.frames[caller.visit].number if caller.visit >= 0 else -1
    one.ended_ns = one.returned_ns = -1
    one.outcome = PENDING


@cold
def close_span(s: Any, a: int) -> None:
    """A sampled try's answer came: its span is written, held until its request is decided, or left if that was."""
    one = s.frames[a]
    client = s.frames[one.request]
    one.sampled = 2
    one.work_began_ns, one.lasts_ns = one.started_ns, one.worked_ns  # as now: branches may work on, the main strand is over
    if client.sampled == KEPT:
        write_span(s, a)
    elif client.sampled == UNDECIDED:
        one.refs += 1
        client.held_first, client.held_last = chained(s, client.held_first, client.held_last, a), a


@cold
def write_span(s: Any, a: int) -> None:
    """The span of a try that is over."""
    one = s.frames[a]
    span = s.spans[s.lane[0].spans]
    s.lane[0].spans += 1
    span.request, span.call, span.attempt = one.request_number, one.number, one.attempt
    span.parent = one.parent_call
    span.route, span.endpoint, span.pod, span.outcome, span.served = (
        one.route, one.endpoint, one.pod, one.outcome, one.served)  # fmt: skip
    span.sent_ns, span.delivered_ns, span.started_ns = one.sent_ns, one.delivered_ns, one.work_began_ns
    span.ended_ns, span.returned_ns, span.worked_ns = one.ended_ns, one.returned_ns, one.lasts_ns


@cold
def decide_spans(s: Any, c: int, latency_ns: int) -> None:
    """An undecided request is over: what it held is let go, or written before the next event.

    One event ends one request at most, and makes nobody else stop the loop.
    """
    client = s.frames[c]
    a = client.held_first
    if is_bad(client.result, latency_ns, s.intervals[client.interval].good_ns):
        client.sampled = KEPT
        s.lane[0].unwritten = a
        if a >= 0:
            s.lane[0].stopped = FULL
        return
    client.sampled = LEFT
    while a >= 0:
        then = s.frames[a].next
        drop(s, a)
        a = then


@cold
def write_held(s: Any) -> None:
    """Write the spans of a request that is kept, as many as there are places for."""
    lane = s.lane[0]
    while lane.unwritten >= 0 and lane.spans < len(s.spans):
        a = lane.unwritten
        lane.unwritten = s.frames[a].next
        write_span(s, a)
        drop(s, a)
    if lane.unwritten < 0:
        lane.stopped = DONE
