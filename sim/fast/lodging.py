"""Room for the hosts of every view that remembers them: Python makes it before a kernel could need it."""

from __future__ import annotations

from typing import Any

import numpy as np

from scenarios.schema.routing import ResolvedRoute
from sim.commands import PodReady
from sim.fast import state as st
from sim.fast.hash_tables import hash_settings, with_tables
from sim.fast.host_records import BALANCER, HASH_TABLE, HOST
from sim.fast.probe_tables import with_pools
from sim.fast.tables import rows
from sim.laws import balancing
from sim.layout import Layout
from sim.places import zones_seen
from sim.records import BALANCER_PROBE, FILLER, REPORT, SAMPLE

Array = np.ndarray[Any, Any]
ROOM = 4  # hosts a view has room for at first


def balancers(layout: Layout) -> Array:
    """What views need to know of their routes beyond what plain balancing does."""
    told, first = [], 0
    for policy in layout.routes:
        told.append({"weights": first, "weighted": len(policy.load_balancing_weights)})
        first += len(policy.load_balancing_weights)
    return rows(BALANCER, [_balancer(policy) | _located(layout, policy) | weights
                           for policy, weights in zip(layout.routes, told, strict=True)])  # fmt: skip


def _located(layout: Layout, policy: ResolvedRoute) -> dict[str, Any]:
    """What depends on zones."""
    aware = policy.zone_aware_lb_config
    setting = policy.locality_lb_setting
    row: dict[str, Any] = {"is_located": policy.is_located, "is_weighted": setting is not None and setting.is_weighted}
    if aware is None:
        return row
    return row | {"is_aware": 1, "caller": layout.service_index[policy.caller]} | {
        name: getattr(aware, name) for name in type(aware).model_fields}


def _balancer(policy: ResolvedRoute) -> dict[str, Any]:
    least_request, ewma, rules = policy.lb_policy.least_request, policy.lb_policy.peak_ewma, policy.outlier_detection
    row: dict[str, Any] = {"policy": balancing.POLICIES[policy.lb_policy.kind], "panic": policy.healthy_panic_threshold, "choices": 1}
    if least_request is not None:
        row |= {"choices": least_request.choice_count, "bias": least_request.active_request_bias}
    if policy.subset is not None:
        row |= {"subset_size": policy.subset.size, "is_dealt": policy.subset.method == "deterministic"}
    if policy.lb_policy.slow_start is not None:
        slow = policy.lb_policy.slow_start
        row |= {"warm_ns": slow.slow_start_window, "aggression": slow.aggression, "min_weight": slow.min_weight_percent}
    informed = policy.lb_policy.weighted_round_robin or policy.lb_policy.prequal or policy.lb_policy.c3
    if informed is not None:
        row |= {name: getattr(informed, name) for name in type(informed).model_fields}
    if policy.lb_policy.is_hashing:
        row |= hash_settings(policy)
    if ewma is not None:
        row |= {"decay_ns": ewma.decay, "default_rtt_ns": ewma.default_rtt}
    if rules is not None:
        row |= {"detects": 1, "is_grpc": rules.is_grpc}
        row |= {name: getattr(rules, name) for name in type(rules).model_fields if name != "rules"}
    return row


def new_host_set(layout: Layout, route: int, viewer: int, began_ns: int) -> dict[str, int]:
    """The hosts of a view, before it meets any. Its sweeps are due at whole intervals since it began (O5)."""
    rules = layout.routes[route].outlier_detection
    sweep_ns = began_ns + rules.interval if rules is not None else 0
    return {"version": -1, "route": route, "next_sweep_ns": sweep_ns, "began_ns": began_ns, "viewer": viewer, "table": -1, "pool": -1}


def locate(layout: Layout, route: int, zone: int, first: int) -> tuple[dict[str, int], list[dict[str, int]]]:
    """Of a view that is in a zone (-1: nowhere): where its hosts by zone are, and these rows; none where zones do not matter."""
    if not layout.routes[route].is_located:
        return {}, []
    seen = zones_seen(layout.routes[route], layout.scenario.cluster, zone)
    return {"zone": zone, "localities": first}, [row | {"table": -1, "pool": -1} for row in seen]


def with_host_set(state: st.State, layout: Layout, route: int, view: int, pod: PodReady) -> st.State:
    """The state with the hosts of a pod's new view, none yet."""
    sets, used = state.host_sets, int(state.lane[0]["localities"])
    place, seen = locate(layout, route, layout.zones.index(pod.zone), used)
    for name, value in (new_host_set(layout, route, pod.number, int(state.lane[0]["now_ns"])) | place).items():
        sets[view][name] = value
    while len(state.localities) < used + len(seen):
        state = state._replace(localities=st.copied(state.localities, 2 * len(state.localities)),
                               levels=st.copied(state.levels, 2 * len(state.levels)))  # fmt: skip
    for row, fields in zip(state.localities[used:], seen, strict=False):
        for name, value in fields.items():
            row[name] = value
    state.lane[0]["localities"] = used + len(seen)
    return state


def ejections(state: st.State, routes: int) -> Array:
    """How often the views of each route have ejected a host: (routes,) int64."""
    sets, total = state.host_sets[state.host_sets["version"] != 0], np.zeros(routes, dtype=np.int64)
    np.add.at(total, sets["route"], sets["ejections"])
    return total


def no_hosts() -> dict[str, Array]:
    """What views remember of hosts, and pods tell of themselves, in a world without any."""
    return {
        "hosts": st.empty(HOST, 1), "hash_tables": st.empty(HASH_TABLE, 0), "owners": np.zeros(0, dtype=np.int32),
        "marks": np.zeros(0, dtype=np.uint64), "fillers": st.empty(FILLER, 1), "reports": st.empty(REPORT, 4),
        "samples": st.empty(SAMPLE, 0), "probes": st.empty(BALANCER_PROBE, 0), "rifs": np.zeros(0, dtype=np.int32),
        "loads": np.zeros(4, dtype=np.int64),
    }  # fmt: skip


def lodged(state: st.State, layout: Layout, route: int) -> st.State:
    """The state with room for all ready pods, and what its balancer needs, in every view of a route; the very same where there is."""
    policy = layout.routes[route]
    ready = int(state.services[layout.list_of(policy)]["count"])
    state = _with_rows(state, layout, route, ready if policy.subset is None else min(ready, policy.subset.size))
    if ready > len(state.fillers) and (policy.subset is not None or policy.lb_policy.is_hashing):
        state = state._replace(fillers=st.copied(state.fillers, 2 * ready))
    if policy.lb_policy.is_hashing:
        return with_tables(state, layout, route)
    return state if policy.lb_policy.prequal is None else with_pools(state, layout, route)


def _with_rows(state: st.State, layout: Layout, route: int, count: int) -> st.State:
    """The state with rows for so many hosts in every view of a route.

    A view that outgrows its rows gets twice as many behind all others, and leaves its old ones empty.
    """
    needed = 2 * count if layout.routes[route].is_located else count  # a host is picked from in its zone, or among all
    sets = state.host_sets
    mine = (sets["route"] == route) & (sets["version"] != 0) & (sets["room"] < needed)
    if not mine.any():
        return state
    room = max(ROOM, 1 << (needed - 1).bit_length())
    end = int((sets["first"] + sets["room"]).max())
    hosts = state.hosts
    while len(hosts) < end + room * mine.sum():
        hosts = st.copied(hosts, 2 * len(hosts))
    for held in sets[np.flatnonzero(mine)]:
        n, old = int(held["count"]), int(held["first"])
        hosts[end : end + n] = hosts[old : old + n]
        for places in ("usable", "slot"):
            hosts[places][end : end + n] += end - old
        end += room
    sets["first"][mine] = np.arange(end - room * mine.sum(), end, room)
    sets["room"][mine] = room
    return state._replace(hosts=hosts)
