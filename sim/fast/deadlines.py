"""Deadlines that travel with calls (C4). Twin of what reference/calling.py does for them."""

from __future__ import annotations

from typing import Any

from sim.fast.agenda import next_place, push, push_any
from sim.fast.compiling import feature
from sim.fast.state import HEDGED, NEVER, PROPAGATES


@feature
def is_late(s: Any, f: int) -> bool:
    """Strand f begins a call over a route that propagates: when that ends at the latest, and whether it is now."""
    strand, now = s.frames[f], s.lane[0].now_ns
    route = s.routes[s.ops[strand.pc].a]
    ends = now + route.timeout_ns if route.timeout_ns > 0 else NEVER
    if strand.visit >= 0:
        ends = min(ends, deadline_ns(s, strand.visit))
    s.extras[f].ends_ns = ends
    return ends <= now


@feature
def deadline_ns(s: Any, v: int) -> int:
    """When the caller of visit v waits no longer, as its pod knows it; NEVER where it was not told."""
    if s.routes[s.frames[v].route].special & PROPAGATES == 0 or s.extras[v].left_ns == NEVER:
        return NEVER
    return int(s.frames[v].delivered_ns + s.extras[v].left_ns)


@feature
def tell_left(s: Any, f: int, a: int) -> None:
    """What strand f has left travels with its try a: to the try's own timeout or to the call's end, whichever comes first."""
    ends, route = s.extras[f].ends_ns, s.routes[s.frames[a].route]
    left = NEVER if ends == NEVER else ends - s.lane[0].now_ns
    ends_tries = route.per_try_timeout_ns > 0 and route.special & HEDGED == 0
    s.extras[a].left_ns = min(left, route.per_try_timeout_ns) if ends_tries else left


@feature
def arm_expiry(s: Any, f: int, order: int) -> None:
    """Strand f's call will end: by its timeout, or earlier."""
    strand, ends, now = s.frames[f], s.extras[f].ends_ns, s.lane[0].now_ns
    route, what = s.routes[s.ops[strand.pc].a], (strand.epoch << 32) | f
    if route.timeout_ns > 0 and ends == now + route.timeout_ns:
        strand.expiry_place = next_place(s, route.expiry_ring)
        push(s, route.expiry_ring, ends, order, what)
    elif ends != NEVER:
        push_any(s, ends, order, what)
