"""The lists of pods that tries choose from: those of services, and of the roles of databases (U2)."""

from __future__ import annotations

from typing import Any

import numpy as np

from scenarios.schema.replicating import Replication
from sim.draws import LAG, Seed, family_key, indexed_key
from sim.fast import state as st
from sim.fast.building import doubled
from sim.laws.replicating import has_arrived
from sim.layout import Layout, by_role
from sim.sampling import sample_ns


def with_listed(state: st.State, layout: Layout, p: int) -> st.State:
    """The state with pod p in the last place of its service's list."""
    service = int(state.pods[p]["service"])
    if state.services[service]["count"] == state.ready.shape[1]:
        state = state._replace(ready=doubled(state.ready, 1))
        state.services["first"] *= 2
    own = state.services[service]
    state.pods[p]["is_ready"] = 1
    state.ready[service][own["count"]] = p
    own["count"] += 1
    change(state, layout, service)
    state.pods[p]["listed"], state.pods[p]["listed_ns"] = own["version"], state.lane[0]["now_ns"]
    return state


def unlist(state: st.State, layout: Layout, p: int) -> None:
    """Take pod p off its service's list."""
    service = int(state.pods[p]["service"])
    ready, own = state.ready[service], state.services[service]
    n = own["count"]
    state.pods[p]["is_ready"] = 0
    ready[: n - 1] = ready[:n][ready[:n] != p]
    own["count"] -= 1
    change(state, layout, service)
    state.pods[p]["listed"] = st.NEVER


def change(state: st.State, layout: Layout, service: int) -> None:
    """U2: another list of a service's pods, or another primary; whoever joins or leaves a list of a role is listed anew."""
    own = state.services[service]
    own["version"] += 1
    roles = layout.role_lists(service)
    if not roles:
        return
    listed = state.ready[service, : own["count"]].tolist()
    for i, pods in zip(roles, by_role(listed, int(state.databases[database_of(layout, service)]["primary"])), strict=True):
        before = state.ready[i, : state.services[i]["count"]].tolist()
        state.ready[i, : len(pods)] = pods
        state.services[i]["count"], state.services[i]["version"] = len(pods), own["version"]
        for p in set(before).symmetric_difference(pods).intersection(listed):
            state.pods[p]["listed"] = own["version"]


def database_of(layout: Layout, service: int) -> int:
    """Index of a service among the databases. Raises ValueError where it is none."""
    name = layout.services[service]
    if name not in layout.databases:
        raise ValueError(f"{name} has no primary: it has no replication")
    return layout.databases.index(name)


def lead(state: st.State, layout: Layout, p: int, *, leads: bool) -> None:
    """U1, U9: pod p is the primary from now on, or no longer."""
    service = int(state.pods[p]["service"])
    at = database_of(layout, service)
    database = state.databases[at]
    if leads != (database["primary"] == p):
        database["promotions"] += leads and database["primaries"] > 0
        database["primaries"] += leads
        database["primary"] = p if leads else -1
        _drop_commits(state, at)
    change(state, layout, service)


def lose_primary(state: st.State, layout: Layout, seed: Seed, p: int) -> None:
    """U8: pod p dies; of a primary's commits those that the next one has not got are lost, if there is a next one."""
    service = int(state.pods[p]["service"])
    if not layout.role_lists(service) or state.databases[(at := database_of(layout, service))]["primary"] != p:
        return
    forget_sent(state, layout, seed)
    if state.services[state.databases[at]["standbys"]]["count"] > 0:
        state.databases[at]["lost_writes"] += (_commits(state)["database"] == at).sum()
    _drop_commits(state, at)


def forget_sent(state: st.State, layout: Layout, seed: Seed) -> None:
    """Of the commits noted, those stay which would be lost if their primaries died now."""
    commits = _commits(state)
    if len(commits) == 0:
        return
    lags = [_lag_ns(layout, seed, name, int(state.databases[i]["primaries"])) for i, name in enumerate(layout.databases)]
    now_ns = int(state.lane[0]["now_ns"])
    is_sent = [has_arrived(time_ns, lags[at], now_ns) for time_ns, at in commits.tolist()]
    _keep(state, commits[np.logical_not(is_sent)])


def _lag_ns(layout: Layout, seed: Seed, name: str, primaries: int) -> int:
    """By how much the standby that would take over is behind, drawn anew for every primary."""
    spec = layout.scenario.services[name].replication
    assert isinstance(spec, Replication)
    return sample_ns(spec.lag, indexed_key(family_key(seed, "service", name), primaries), LAG)


def _commits(state: st.State) -> np.ndarray[Any, Any]:
    return state.commits[: state.lane[0]["commits"]]


def _drop_commits(state: st.State, database: int) -> None:
    commits = _commits(state)
    _keep(state, commits[commits["database"] != database])


def _keep(state: st.State, commits: np.ndarray[Any, Any]) -> None:
    state.commits[: len(commits)] = commits
    state.lane[0]["commits"] = len(commits)
