"""Room for what pods report and views probe: Python makes it before a kernel could need it."""

from __future__ import annotations

import numpy as np

from sim.fast import state as st
from sim.laws.probing import RIFS, SAMPLES
from sim.layout import Layout


def with_report(state: st.State, pod: int, capacity: float, now_ns: int) -> st.State:
    """The state with the report of a new pod, which has nothing to tell yet."""
    report = state.reports[pod]
    report["since_ns"], report["capacity"], report["first"] = now_ns, capacity, len(state.samples)
    return state._replace(samples=st.copied(state.samples, len(state.samples) + SAMPLES))


def with_pools(state: st.State, layout: Layout, route: int) -> st.State:
    """The state with an empty pool of probes for every view of a route that has none yet."""
    policy, sets = layout.routes[route].lb_policy.prequal, state.host_sets
    assert policy is not None
    new = np.flatnonzero((sets["route"] == route) & (sets["version"] != 0) & (sets["pool"] < 0))
    sets["pool"][new] = len(state.probes) + np.arange(len(new)) * policy.pool_size
    sets["rif_place"][new] = len(state.rifs) + np.arange(len(new)) * 2 * RIFS
    probes, rifs = len(state.probes) + len(new) * policy.pool_size, len(state.rifs) + len(new) * 2 * RIFS
    more = np.zeros(rifs - len(state.rifs), dtype=np.int32)
    return state._replace(probes=st.copied(state.probes, probes), rifs=np.concatenate([state.rifs, more]))
