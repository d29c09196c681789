"""A caller waits for a try no longer: what everybody notes."""

from __future__ import annotations

from typing import Any

from sim.fast.compiling import part
from sim.fast.frames import one_less
from sim.fast.hosts import give_back
from sim.fast.state import NO_PODS, PAIRS


@part
def leave_books(s: Any, a: int, outcome: int) -> None:
    """Try a is not in flight any more; `outcome` is what its view learns of the pod."""
    one = s.frames[a]
    route = s.routes[one.route]
    route.in_flight -= 1
    s.views[one.viewer].active -= 1
    if one.pod >= 0 and route.memory != NO_PODS:
        if route.memory == PAIRS:
            one_less(s, one.viewer, one.pod)
        else:
            give_back(s, one.viewer, a, outcome)
