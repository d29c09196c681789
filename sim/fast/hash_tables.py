"""Room for rings and tables that hashes fall on: Python makes it before a kernel could need it."""

from __future__ import annotations

from typing import Any

import numpy as np

from scenarios.schema.keys import Keys
from scenarios.schema.routing import ResolvedRoute
from sim.draws import name_hash
from sim.fast import host_records as hr
from sim.fast import state as st
from sim.laws.keys import zipf_bounds
from sim.layout import Layout


def key_space(keys: Keys, header_name: str | None) -> dict[str, Any]:
    """Which keys are drawn, and by what."""
    row: dict[str, Any] = {"count": keys.count, "is_zipf": keys.zipf is not None}
    if keys.zipf is not None:
        row["exponent"] = keys.zipf.exponent
        row["first"], row["last"], row["sure"] = zipf_bounds(keys.count, keys.zipf.exponent)
    return row | {"header": 0 if header_name is None else name_hash(header_name)}


def hash_settings(route: ResolvedRoute) -> dict[str, Any]:
    """Of a route's balancer that hashes."""
    ring, maglev, policy = route.lb_policy.ring_hash, route.lb_policy.maglev, route.hash_policy
    row: dict[str, Any] = {"balance_factor": route.lb_policy.chosen.hash_balance_factor or 0, "hash_by": hr.TRY}
    if ring is not None:
        row |= {"minimum_ring_size": ring.minimum_ring_size, "maximum_ring_size": ring.maximum_ring_size}
    if maglev is not None:
        row["table_size"] = maglev.table_size
    if policy is not None:
        row["hash_by"] = {"header": hr.HEADER, "cookie": hr.COOKIE, "source_ip": hr.SOURCE}[policy.kind]
        if policy.header is not None:
            row |= key_space(policy.header.values, policy.header.header_name)
    return row


def with_tables(state: st.State, layout: Layout, route: int) -> st.State:
    """The state with room for the table of every view of a route.

    Each has its own where views may differ in which hosts they pick from (outliers), or in their order (U2), else one is for all. A
    table that outgrows its place gets another behind all others; whatever made it outgrow that makes it anew anyway.
    """
    policy, sets = layout.routes[route], state.host_sets
    new = np.flatnonzero((sets["route"] == route) & (sets["version"] != 0) & (sets["table"] < 0))
    own = policy.outlier_detection is not None or len(layout.role_lists(layout.service_index[policy.callee])) > 0
    made = np.flatnonzero(state.hash_tables["route"] == route)
    wanted = len(new) if own else int(len(new) > 0 and len(made) == 0)
    if wanted:
        more = st.empty(hr.HASH_TABLE, wanted)
        more["route"], more["version"] = route, -1
        made = len(state.hash_tables) + np.arange(wanted)
        state = state._replace(hash_tables=np.concatenate([state.hash_tables, more]))
    if len(new):
        sets["table"][new] = made if own else made[0]
    hosts = int(state.services[layout.list_of(policy)]["count"])
    return _with_room(state, policy, np.flatnonzero(state.hash_tables["route"] == route), _entries(layout, policy, hosts))


def _entries(layout: Layout, policy: ResolvedRoute, hosts: int) -> int:
    """At most so many entries: the least host's share may be a whole number only above the minimum (B11)."""
    if policy.lb_policy.maglev is not None:
        return policy.lb_policy.maglev.table_size
    ring, weights = policy.lb_policy.ring_hash, layout.scenario.services[policy.callee].load_balancing_weights
    assert ring is not None
    return 2 + min(ring.maximum_ring_size, ring.minimum_ring_size + hosts * -(-max(weights) // min(weights)))


def _with_room(state: st.State, policy: ResolvedRoute, tables: Any, needed: int) -> st.State:
    small = tables[state.hash_tables["room"][tables] < needed]
    if not len(small):
        return state
    places = np.arange(len(small)) * needed
    for name, first in (("first", len(state.owners)), ("first_mark", len(state.marks))):
        state.hash_tables[name][small] = first + places
    state.hash_tables["room"][small], state.hash_tables["version"][small] = needed, -1
    grown = {"owners": len(state.owners) + len(small) * needed}
    if policy.lb_policy.ring_hash is not None:
        grown["marks"] = len(state.marks) + len(small) * needed
    return state._replace(**{name: np.concatenate([array, np.zeros(size - len(array), dtype=array.dtype)])
                             for name, size in grown.items() for array in (getattr(state, name),)})  # fmt: skip
