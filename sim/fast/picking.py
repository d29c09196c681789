"""Which pod a try goes to, as its caller's view sees them. Twin of reference/route.py."""

from __future__ import annotations

from typing import Any

from sim.fast.compiling import part
from sim.fast.frames import in_flight
from sim.fast.hosts import pick_host
from sim.fast.state import CALLER, HOSTS, SERVICE
from sim.laws.balancing import LEAST_REQUEST, ROUND_ROBIN, draw_candidate, first_turn, is_less_busy, next_turn


@part
def view_of(s: Any, route: Any, pod: int) -> int:
    """B5: the memory a caller uses for a route: its own, its zone's or its service's; a client (-1) has one."""
    if pod < 0 or route.view_kind == SERVICE:
        return route.first_view
    if route.view_kind == CALLER:
        return s.pods[pod].views + route.first_view
    return route.first_view + s.pods[pod].zone


@part
def pick_pod(s: Any, route: Any, view: int, key: int, a: int, again: int) -> int:
    """A ready pod for try a, picked by that key for the `again`-th time again (R9); -1 if there is none (B4)."""
    ready, first = s.ready, s.services[route.callee].first
    n = s.services[route.callee].count
    if n == 0:
        return -1
    if route.memory == HOSTS:
        return pick_host(s, route.callee, view, key, a, again)
    if route.policy == ROUND_ROBIN:
        memory = s.views[view]
        version = s.services[route.callee].version
        if memory.version != version:
            memory.turn = first_turn(memory.key, version, n)
            memory.version = version
        else:
            memory.turn = next_turn(memory.turn, n)
        return ready[first + memory.turn]
    if n == 1:
        return ready[first]
    best = ready[first + draw_candidate(key, 0, n)]
    if route.policy == LEAST_REQUEST:
        busy = in_flight(s, view, best)
        for k in range(1, route.choices):
            other = ready[first + draw_candidate(key, k, n)]
            others = in_flight(s, view, other)
            if is_less_busy(others, busy):
                best = other
                busy = others
    return best
