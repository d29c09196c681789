"""What a route's new policy changes in state and tables (Z13, W11, R10, R11, X9, B26). The layout says it already."""

from __future__ import annotations

import numpy as np

from sim.commands import (
    HostsWeighted,
    RateLimited,
    RequestsBounded,
    RetriesBudgeted,
    RouteCommand,
    TimeoutChanged,
    WeightsShifted,
)
from sim.fast import state as st
from sim.fast.gate_tables import bucket_fields
from sim.laws.limiting import change_rate
from sim.layout import Layout
from sim.places import zones_seen

NO_RING = -1


def rerouted_tables(state: st.State, tables: st.Tables, layout: Layout, command: RouteCommand) -> st.Tables:
    """The tables with what the command changes there, after the state has what it changes there."""
    route = layout.route_named(command.route)
    match command:
        case WeightsShifted():
            _shift(state, layout, route, layout.zones.index(command.source))
        case RetriesBudgeted():
            state.routes[route]["budget"] = command.budget_percent
        case RateLimited():
            return _limited(state, tables, layout, route)
        case RequestsBounded():
            return _bounded(tables, route, command.max_requests)
        case TimeoutChanged():  # what is due at other times than the file says lies in the heap
            state.routes[route]["timeout_ns"], state.routes[route]["expiry_ring"] = command.timeout_ns, NO_RING
        case HostsWeighted():
            return _weighted(state, tables, layout, route)
    return tables


def _shift(state: st.State, layout: Layout, route: int, zone: int) -> None:
    """Z13: the views of callers in a zone are told of other weights; the next pick meets whom they are to send to."""
    seen = zones_seen(layout.routes[route], layout.scenario.cluster, zone)
    for view in _views_of(state, route):
        held = state.host_sets[view]
        if held["zone"] == zone:
            held["is_met"] = 0
            for row, fields in zip(state.localities[held["localities"] :], seen, strict=False):
                for name, value in fields.items():
                    row[name] = value


def _limited(state: st.State, tables: st.Tables, layout: Layout, route: int) -> st.Tables:
    """W11: other buckets; a fork goes on with the table it has."""
    rules, gates = st.copied(tables.gate_rules), state.gates.view(np.recarray)
    before = {name: int(rules[route][name]) for name in ("full", "per_fill")}
    for name, value in bucket_fields(layout.routes[route].local_rate_limit).items():
        rules[route][name] = value
    for gate in state.views["gate"][_views_of(state, route)].tolist():
        change_rate(gates[gate], **before, full_after=int(rules[route]["full"]), now_ns=int(state.lane[0]["now_ns"]))
    return tables._replace(gate_rules=rules)


def _bounded(tables: st.Tables, route: int, most: int) -> st.Tables:
    """X9: another bound; a fork goes on with the table it has."""
    rules = st.copied(tables.gate_rules)
    rules[route]["bound"] = most
    return tables._replace(gate_rules=rules)


def _weighted(state: st.State, tables: st.Tables, layout: Layout, route: int) -> st.Tables:
    """B26: every view meets its hosts at the next pick; a fork goes on with the weights it has."""
    weights, first = st.copied(tables.host_weights), int(tables.balancers[route]["weights"])
    told = layout.routes[route].load_balancing_weights
    weights[first : first + len(told)] = told
    state.host_sets["is_met"][_views_of(state, route)] = 0
    return tables._replace(host_weights=weights)


def _views_of(state: st.State, route: int) -> st.Array:
    """Places of all views of a route."""
    return np.flatnonzero((state.host_sets["route"] == route) & (state.host_sets["version"] != 0))
