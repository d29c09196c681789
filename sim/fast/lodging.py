"""Room for the hosts of every view that remembers them: Python makes it before a kernel could need it."""

from __future__ import annotations

from typing import Any

import numpy as np

from scenarios.schema.routing import ResolvedRoute
from sim.fast import state as st
from sim.fast.host_records import BALANCER
from sim.fast.tables import rows
from sim.laws import balancing
from sim.layout import Layout
from sim.places import zones_seen

Array = np.ndarray[Any, Any]
ROOM = 4  # hosts a view has room for at first


def balancers(layout: Layout) -> Array:
    """What views need to know of their routes beyond what plain balancing does."""
    return rows(BALANCER, [_balancer(policy) | _located(layout, policy) for policy in layout.routes])


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
    if ewma is not None:
        row |= {"decay_ns": ewma.decay, "default_rtt_ns": ewma.default_rtt}
    if rules is not None:
        row |= {"detects": 1, "is_grpc": rules.is_grpc}
        row |= {name: getattr(rules, name) for name in type(rules).model_fields if name != "rules"}
    return row


def new_host_set(layout: Layout, route: int, began_ns: int) -> dict[str, int]:
    """The hosts of a view, before it meets any. Its sweeps are due at whole intervals since it began (O5)."""
    rules = layout.routes[route].outlier_detection
    return {"version": -1, "route": route, "next_sweep_ns": began_ns + rules.interval if rules is not None else 0}


def locate(layout: Layout, route: int, zone: int, first: int) -> tuple[dict[str, int], list[dict[str, int]]]:
    """Of a view that is in a zone (-1: nowhere): where its hosts by zone are, and these rows; none where zones do not matter."""
    if not layout.routes[route].is_located:
        return {}, []
    return {"zone": zone, "localities": first}, zones_seen(layout.routes[route], layout.scenario.cluster, zone)


def with_host_set(state: st.State, layout: Layout, route: int, view: int, zone: int) -> st.State:
    """The state with the hosts of a pod's new view, none yet; the pod is in that zone."""
    each, sets = len(layout.zones) + 1, state.host_sets
    located = [i for i, policy in enumerate(layout.routes) if policy.is_located]
    used = int(sets["localities"][np.isin(sets["route"], located) & (sets["version"] != 0)].max(initial=-each)) + each if located else 0
    place, seen = locate(layout, route, zone, used)
    for name, value in (new_host_set(layout, route, int(state.lane[0]["now_ns"])) | place).items():
        sets[view][name] = value
    while len(state.localities) < used + len(seen):
        state = state._replace(localities=st.copied(state.localities, 2 * len(state.localities)),
                               levels=st.copied(state.levels, 2 * len(state.levels)))  # fmt: skip
    for row, fields in zip(state.localities[used:], seen, strict=False):
        for name, value in fields.items():
            row[name] = value
    return state


def ejections(state: st.State, routes: int) -> Array:
    """How often the views of each route have ejected a host: (routes,) int64."""
    sets, total = state.host_sets[state.host_sets["version"] != 0], np.zeros(routes, dtype=np.int64)
    np.add.at(total, sets["route"], sets["ejections"])
    return total


def lodged(state: st.State, layout: Layout, route: int, count: int) -> st.State:
    """The state with room for so many hosts in every view of a route; the very same where there is.

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
