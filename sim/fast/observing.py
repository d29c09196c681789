"""What the fast engine tells of a world: counters and histograms, and spans that are open."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.fast import state as st
from sim.fast.database_records import DATABASE
from sim.fast.key_records import CACHE_STEP, LOCK_STEP
from sim.fast.lodging import ejections
from sim.fast.pod_records import POD
from sim.fast.tallying import Tallies
from sim.laws.queueing import area_ns
from sim.layout import Layout
from sim.plane import Glance, Observation, Records
from sim.records import AREAS, CACHE_TALLY, LOCK_TALLY, POD_TALLY, REPLICATION_TALLY, REQUEST_TALLY, ROUTE_TALLY, SPAN

_pod_tallies, _route_tallies = Tallies(POD_TALLY, POD), Tallies(ROUTE_TALLY, st.ROUTE)
_cache_tallies, _lock_tallies = Tallies(CACHE_TALLY, CACHE_STEP), Tallies(LOCK_TALLY, LOCK_STEP)
_database_tallies = Tallies(REPLICATION_TALLY, DATABASE)
_request_tallies = Tallies(REQUEST_TALLY, st.TALLIED_INTERVAL)
_COUNTS, _AREAS = slice(len(AREAS)), slice(len(AREAS), 2 * len(AREAS))
assert [name for name, _ in POD_TALLY.fields][: 2 * len(AREAS)] == [*AREAS, *AREAS.values()]

_SPAN_SOURCES = {name: name for name, _ in SPAN.fields} | {
    "request": "request_number", "call": "number", "parent": "parent_call"}  # fmt: skip


def observation(state: st.State, layout: Layout, seen: Glance, *, live: bool) -> Observation:
    """Everything that was counted, of what a glance sees already."""
    n, frames, glimpsed = len(seen.pods), state.frames, vars(seen)
    classes, intervals = len(layout.workloads), len(layout.intervals)
    histograms = {"service_histogram": seen.service_histogram, "interval_histogram": state.histogram[:intervals]}
    clients = frames[(frames["kind"] == st.CLIENT) & (frames["inside"] == 1)]
    return Observation(**glimpsed | {
        "pod_ready": state.pods[:n]["is_ready"] == 1,
        "pod_present_ns": _time_since(state, "delivered_ns", (frames["kind"] == st.VISIT) & (frames["inside"] == 1), n),
        "pod_work_ns": work_in_progress_ns(state, n),
        "routes": route_tallies(state),
        "ejections": ejections(state, len(layout.routes)),
        "caches": _cache_tallies.records(state.caches[: len(layout.caches)]),
        "locks": _lock_tallies.records(state.locks[: len(layout.locks)]),
        "databases": _database_tallies.records(state.databases[: len(layout.databases)]),
        "alive": np.bincount(clients["workload"], minlength=classes).astype(np.int64),
        "intervals": _request_tallies.records(state.intervals[:intervals]),
        **{name: histogram if live else histogram.copy() for name, histogram in histograms.items()},
    })  # fmt: skip


def glance(state: st.State, layout: Layout, lasting: NDArray[np.int64]) -> Glance:
    """What is cheap to look at often; `lasting` is what stays the same of the pods while there are so many."""
    service, number, slow_core = lasting
    n, classes, intervals = len(service), len(layout.workloads), len(layout.intervals)
    requests, histogram, now_ns = _request_tallies.words(state.intervals), state.histogram, int(state.lane[0]["now_ns"])
    tallies = _pod_tallies.words(state.pods[:n])
    tallies[:, _AREAS] = area_ns(tallies[:, _AREAS], tallies[:, _COUNTS], now_ns)
    return Glance(
        now_ns, service, number, slow_core,
        pods=_pod_tallies.as_records(tallies),
        workloads=_request_tallies.as_records(requests[intervals:] + requests[:classes]),
        workload_histogram=histogram[intervals : intervals + classes] + histogram[:classes],
        service_histogram=histogram[intervals + classes :],
    )  # fmt: skip


def route_tallies(state: st.State) -> Records:
    """What was counted of each route so far: (routes,)."""
    return _route_tallies.records(state.routes)


def lasting(state: st.State, n: int) -> NDArray[np.int64]:
    """Service, number and slow core of the first n pods: (3, n)."""
    pods = state.pods[:n]
    return np.array([pods[name] for name in ("service", "number", "slow_core")], dtype=np.int64)


def work_in_progress_ns(state: st.State, pods: int) -> NDArray[np.int64]:
    """Time at work so far of the strands at work in each pod."""
    frames = state.frames
    return _time_since(state, "work_began_ns", (frames["kind"] >= st.VISIT) & (frames["at_work"] == st.AT_WORK), pods)


def _time_since(state: st.State, field: str, chosen: NDArray[np.bool_], pods: int) -> NDArray[np.int64]:
    """Time since `field` of the chosen strands, summed over those of each pod."""
    frames, total = state.frames, np.zeros(pods, dtype=np.int64)
    mine = frames[chosen]
    np.add.at(total, frames["pod"][mine["visit"]], int(state.lane[0]["now_ns"]) - mine[field])
    return total


def open_spans(frames: st.Array) -> Records:
    """Spans still open of tries whose requests are kept."""
    is_kept = frames["sampled"][frames["request"]] == st.KEPT
    mine = frames[(frames["kind"] == st.VISIT) & (frames["sampled"] == 1) & is_kept]
    spans = np.zeros(len(mine), dtype=SPAN.dtype)
    for name, source in _SPAN_SOURCES.items():
        spans[name] = mine[source]
    return spans[np.lexsort((spans["call"], spans["request"]))]
