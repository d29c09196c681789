"""Connection pools and bulkheads as tables, and what the engine does to them outside of the kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from scenarios.schema.routing import ResolvedRoute
from sim.fast import state as st

if TYPE_CHECKING:
    from sim.fast.tables import TableMaker


def pool_rule(maker: TableMaker, policy: ResolvedRoute) -> dict[str, int]:
    """The pool or bulkhead of a route, as a row."""
    pool, bulkhead = policy.connection_pool, policy.bulkhead
    if bulkhead is not None:
        return {"most": bulkhead.maxConcurrentCalls, "pending": bulkhead.pending, "wait_ns": bulkhead.maxWaitDuration}
    if pool is None:
        return {}
    return {
        "most": pool.max_connections, "pending": pool.max_pending_requests, "wait_ns": pool.connection_timeout or 0,
        "connects": 1, "connect": maker.add_distribution(pool.connect), "idle_ns": pool.idle_timeout or 0,
        "life_ns": pool.max_connection_duration or 0, "uses": pool.max_requests_per_connection or 0,
    }  # fmt: skip


def free_places(rule: Any) -> int:
    """How many connections of a pool may be free at once."""
    return int(rule["most"]) if rule["connects"] else 0


def close_pool(state: st.State, view: int, rule: Any) -> None:
    """X7: the pod whose pool this is dies: nobody waits any more, and its connections are closed."""
    gate, frames, extras = state.gates[state.views[view]["gate"]], state.frames, state.extras
    gate["is_closed"], gate["head"], gate["waiting"] = 1, -1, 0
    if not rule["connects"]:
        return
    used = (frames["kind"] == st.VISIT) & (frames["viewer"] == view) & (extras["gates"] & st.IN_POOL > 0)
    tries = np.flatnonzero(used)
    places = (gate["bottom"] + np.arange(gate["free"])) % rule["most"] + gate["first_place"]
    closed = [*extras["connected"][tries].tolist(), *state.connections["pod"][places].tolist()]
    np.subtract.at(state.pods["connections"], closed, 1)
    gate["free"] = 0
