"""The state of a new world, and more room where a growing one needs it."""

from __future__ import annotations

from typing import Any

import numpy as np

from scenarios.schema.routing import ResolvedRoute
from sim.draws import family_key, indexed_key
from sim.fast import state as st
from sim.fast.frames import pair_hash
from sim.fast.tables import TableMaker, rows
from sim.laws import balancing, digesting
from sim.laws.measuring import BUCKETS
from sim.laws.retrying import RETRY_MASKS
from sim.layout import Layout
from sim.records import SPAN

VIEW_KINDS = {"caller": st.CALLER, "zone": st.ZONE, "service": st.SERVICE}


def initial_state(maker: TableMaker, seed: int, span_share: float, record: bool) -> st.State:
    """One lane at time 0, without pods. Adds the workloads' and routes' needs to the tables."""
    layout = maker.layout
    views: list[dict[str, int]] = []
    routes = [_route(maker, layout, i, seed, views) for i in range(len(layout.routes))]
    workloads = [_workload(maker, seed, i) for i in range(len(layout.workloads))]
    intervals = [vars(interval) for interval in layout.intervals]
    margin = maker.margin
    lane = st.empty(st.LANE, 1)
    lane[0]["span_share"], lane[0]["recording"], lane[0]["margin"] = span_share, record, margin
    lane[0]["arrived_ns"] = -1
    lane[0]["near"], lane[0]["far"] = maker.near, maker.far
    delays = maker.delays
    users = sum(int(w.get("users", 0)) for w in workloads)
    size = 1 << (32 * margin - 1).bit_length()  # so that room is looked at once in thirty steps or more
    rings = rows(st.RING, [{"first": r * size, "mask": size - 1} for r in range(len(delays))])
    one = st.State(
        lane=lane,
        frames=_freed(st.empty(st.FRAME, size), lane[0]),
        heap=st.empty(st.EVENT, size + users + len(workloads)),
        rings=rings,
        ring_events=st.empty(st.EVENT, len(delays), size),
        pods=st.empty(st.POD, 4),
        ready=np.zeros((len(layout.services), 4), dtype=np.int32),
        services=rows(st.SERVICE_LIST, [{"first": 4 * i} for i in range(len(layout.services))]),
        views=rows(st.VIEW, views),
        pairs=st.empty(st.PAIR, 4 * size),
        routes=rows(st.ROUTE, routes),
        workloads=rows(st.WORKLOAD, workloads),
        intervals=rows(st.TALLIED_INTERVAL, intervals),
        histogram=np.zeros((len(workloads) + len(intervals) + len(layout.services), BUCKETS), dtype=np.int64),
        digest=np.array(digesting.start(), dtype=np.uint64),
        starts=np.zeros(size, dtype=np.int32),
        wakes=np.zeros(size, dtype=np.int32),
        rows=st.empty(st.ROW, 8 * size if record else 1),
        spans=st.empty(SPAN, size),
    )
    return st.State(*(array[np.newaxis].copy() for array in one))


def _route(maker: TableMaker, layout: Layout, index: int, seed: int, views: list[dict[str, int]]) -> dict[str, Any]:
    policy = layout.routes[index]
    key = family_key(seed, "route", policy.name)
    row: dict[str, Any] = {
        "key": key,
        "callee": layout.service_index[policy.callee],
        "policy": balancing.POLICIES[policy.lb_policy.kind],
        "choices": policy.lb_policy.least_request.choice_count if policy.lb_policy.least_request else 1,
        "timeout_ns": policy.timeout_ns, "per_try_timeout_ns": policy.per_try_timeout_ns,
        "expiry_ring": maker.ring(policy.timeout_ns), "alarm_ring": maker.ring(policy.per_try_timeout_ns),
        "request_bytes": policy.request_bytes, "response_bytes": policy.response_bytes,
    }  # fmt: skip
    row |= _views(layout, index, key, views) | _retries(policy)
    return row


def _views(layout: Layout, index: int, key: int, views: list[dict[str, int]]) -> dict[str, int]:
    policy = layout.routes[index]
    kind = st.SERVICE if policy.caller in layout.workloads else VIEW_KINDS[policy.view]
    if kind == st.CALLER:
        return {"view_kind": kind, "first_view": layout.own_routes[policy.caller].index(index)}
    first = len(views)
    viewers = len(layout.zones) if kind == st.ZONE else 1
    views += [{"key": indexed_key(key, viewer), "version": -1} for viewer in range(viewers)]
    return {"view_kind": kind, "first_view": first}


def _retries(policy: ResolvedRoute) -> dict[str, Any]:
    retries = policy.retries
    if retries is None:
        return {"budget": -1.0}
    mask = 0
    for condition in retries.retry_on:
        mask |= RETRY_MASKS[condition]
    base, most = retries.retry_back_off.base_interval, retries.retry_back_off.max_interval
    budget = retries.retry_budget
    return {
        "num_retries": retries.num_retries, "retry_mask": mask,
        "back_off_ns": base, "back_off_max_ns": 10 * base if most is None else most,
        "budget": -1.0 if budget is None else budget.budget_percent,
        "budget_least": 0 if budget is None else budget.min_retry_concurrency,
    }  # fmt: skip


def _workload(maker: TableMaker, seed: int, index: int) -> dict[str, Any]:
    name = maker.layout.workloads[index]
    row: dict[str, Any] = dict(maker.workload(name, maker.layout.scenario.workload[name]))
    return row | {"key": family_key(seed, "workload", name), "good_ns": maker.layout.good_ns(index)}


def _freed(frames: np.ndarray[Any, Any], lane: Any, first: int = 0) -> np.ndarray[Any, Any]:
    """Frames from `first` on become a list of free ones, in front of those free already."""
    n = len(frames)
    if n > first:
        frames["next"][first:] = np.arange(first + 1, n + 1)
        frames["next"][n - 1] = lane["free"] if first else -1
        lane["free"], lane["free_count"] = first, lane["free_count"] + n - first
    return frames


def grown(state: st.State, extra: int = 0) -> st.State:
    """The state with twice the room wherever a step and `extra` events might not fit; the very same where all fits."""
    lane, need = state.lane[:, 0], int(state.lane[0, 0]["margin"]) + extra
    changes: dict[str, Any] = {}
    if lane["free_count"].min() < need:
        changes["frames"] = _more_frames(state)
    if lane["heap_size"].max() + 2 * need > state.heap.shape[1]:
        changes["heap"] = doubled(state.heap, 1)
    if 2 * (lane["pairs"].max() + need) > state.pairs.shape[1]:
        changes["pairs"] = _rehashed(state.pairs)
    for name, tail in (("starts", "starts_tail"), ("wakes", "wakes_tail")):
        if lane[tail].max() + need > getattr(state, name).shape[1]:
            changes[name] = doubled(getattr(state, name), 1)
    if (state.rings["tail"] - state.rings["head"] + need > state.rings["mask"]).any():
        changes["ring_events"] = _wider_rings(state)
    return state._replace(**changes) if changes else state


def doubled(array: np.ndarray[Any, Any], axis: int) -> np.ndarray[Any, Any]:
    """The array with as many zeros again along an axis."""
    return np.concatenate([array, np.zeros_like(array)], axis=axis)


def _more_frames(state: st.State) -> np.ndarray[Any, Any]:
    had = state.frames.shape[1]
    frames = doubled(state.frames, 1)
    for one, lane in zip(frames, state.lane[:, 0], strict=True):
        _freed(one, lane, had)
    return frames


def _rehashed(pairs: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    wider = np.zeros((pairs.shape[0], 2 * pairs.shape[1]), dtype=pairs.dtype)
    mask = wider.shape[1] - 1
    for old, new in zip(pairs, wider, strict=True):
        for pair in old[old["key"] != 0]:
            slot = pair_hash(int(pair["key"])) & mask
            while new[slot]["key"] != 0:
                slot = (slot + 1) & mask
            new[slot] = pair
    return wider


def _wider_rings(state: st.State) -> np.ndarray[Any, Any]:
    old_mask = state.ring_events.shape[2] - 1
    wider = doubled(state.ring_events, 2)
    for at, ring in np.ndenumerate(state.rings):
        places = np.arange(ring["head"], ring["tail"])
        wider[at][places & (2 * old_mask + 1)] = state.ring_events[at][places & old_mask]
    state.rings["mask"] = 2 * old_mask + 1
    state.rings["first"] *= 2
    return wider
