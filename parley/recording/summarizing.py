"""What a run comes to: the contents of summary.json. Latencies are of successes that arrived in [warmup, until)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from parley.interventions.interventions import Seated
from parley.recording.bargaining import negotiation_of
from parley.recording.conserving import balances
from parley.recording.judging import goals, mean_quality, verdicts
from parley.recording.snapshots import ServiceMeans
from parley.recording.spillover import spillover_of
from sim.layout import CachePlace, Layout, LockPlace
from sim.mesh import Mesh
from sim.plane import Observation, Records
from sim.telemetry import quantile_ns

QUANTILES = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99, "p999": 0.999}
COUNTS = ("offered", "succeeded", "failed", "timed_out", "rejected")


def summary_of(mesh: Mesh, services: Sequence[ServiceMeans], until_ns: int, seated: Seated) -> dict[str, Any]:
    """Everything in summary.json that one run can tell, as things stand.

    `services` are means since the end of the warm-up; the run is to last until `until_ns`.
    """
    layout, seen = mesh.plane.layout, mesh.plane.observe(live=True)
    classes = len(layout.workloads)
    measured, histogram = seen.intervals[:classes], seen.interval_histogram[:classes]
    return {
        "simulated_s": seen.now_ns / 1e9,
        "measured_s": max(0, seen.now_ns - mesh.scenario.warmup) / 1e9,
        "requests": _requests(seen.workloads),
        "measured": _requests(measured),
        "latency_ms": latency_ms(histogram.sum(axis=0), measured),
        "good": share(measured, "good"),
        "availability": share(measured, "succeeded"),
        **_quality(layout, measured),
        "classes": {
            name: _class(seen.workloads[i : i + 1], measured[i : i + 1], histogram[i]) | _quality(layout, measured[i : i + 1])
            for i, name in enumerate(layout.workloads)
        },
        "services": {name: asdict(means) for name, means in zip(layout.services, services, strict=True)},
        "routes": _routes(layout, seen),
        **({"caches": _caches(layout, seen.caches)} if layout.caches else {}),
        **({"locks": _locks(layout, seen.locks)} if layout.locks else {}),
        **({"databases": _databases(layout, seen.databases)} if layout.databases else {}),
        "slo": goals(mesh.scenario, measured, histogram),
        "cost": _cost(mesh, seen.routes),
        **({"negotiation": negotiation_of(seated.plane, measured)} if seated.plane is not None and seated.plane.parties else {}),
        **({"spill": spillover_of(seated.plane, measured, seen.routes)} if seated.plane is not None and _spills(mesh) else {}),
        "expect": verdicts(layout, seen, until_ns),
        "conservation": balances(layout, seen),
        "hops": int(seen.pods["visits"].sum()),
        "trace_digest": mesh.plane.digest(),
    }


def latency_ms(histogram: NDArray[np.int64], tally: Records) -> dict[str, float]:
    """Mean and quantiles of a histogram of latencies; nan where nothing succeeded."""
    succeeded = int(tally["succeeded"].sum())
    mean = int(tally["latency_ns"].sum()) / succeeded / 1e6 if succeeded else math.nan
    return {"mean": mean} | {name: quantile_ns(histogram, q) / 1e6 for name, q in QUANTILES.items()}


def share(tally: Records, what: str) -> float:
    """The share of offered requests; one that never came back has not succeeded. nan where none was offered."""
    offered = int(tally["offered"].sum())
    return int(tally[what].sum()) / offered if offered else math.nan


def _spills(mesh: Mesh) -> bool:
    """Whether traffic may be spread over zones: even where nobody does, what that comes to is told."""
    return any(one.spill is not None for one in mesh.scenario.negotiations.values())


def _requests(tally: Records) -> dict[str, int]:
    counts = {name: int(tally[name].sum()) for name in COUNTS}
    return counts | {"in_flight": counts["offered"] - counts["succeeded"] - counts["failed"]}


def _class(whole: Records, measured: Records, histogram: NDArray[np.int64]) -> dict[str, Any]:
    return {
        "requests": _requests(whole), "measured": _requests(measured), "latency_ms": latency_ms(histogram, measured),
        "good": share(measured, "good"), "availability": share(measured, "succeeded"),
    }  # fmt: skip


def _quality(layout: Layout, measured: Records) -> dict[str, float]:
    """Mean quality of successful answers, where some may be of a lower one (E3)."""
    return {"quality": mean_quality(measured)} if layout.is_graded else {}


def _caches(layout: Layout, tallies: Records) -> dict[str, Any]:
    """What every cache step counted over the whole run, all pods together; `hit_ratio` is nan where nothing was looked up."""
    found: dict[str, dict[str, Any]] = {}
    for place, tally in zip(layout.caches, tallies, strict=True):
        counts = {name: int(tally[name]) for name in tallies.dtype.names}
        looked = counts["hits"] + counts["misses"] + counts["coalesced"]
        service, name = _named(layout, place)
        found.setdefault(service, {})[name] = counts | {"hit_ratio": counts["hits"] / looked if looked else math.nan}
    return found


def _locks(layout: Layout, tallies: Records) -> dict[str, Any]:
    """What every lock step counted over the whole run, all pods together; `mean_wait_ms` counts those who did not wait."""
    found: dict[str, dict[str, Any]] = {}
    for place, tally in zip(layout.locks, tallies, strict=True):
        service, name = _named(layout, place)
        taken, waits, waited_ns = (int(tally[what]) for what in ("taken", "waits", "waited_ns"))
        mean = waited_ns / taken / 1e6 if taken else math.nan
        found.setdefault(service, {})[name] = {"taken": taken, "waits": waits, "waited_s": waited_ns / 1e9, "mean_wait_ms": mean}
    return found


def _databases(layout: Layout, tallies: Records) -> dict[str, Any]:
    """What every database counted over the whole run; means are nan where nothing was read or written."""
    found: dict[str, Any] = {}
    for name, tally in zip(layout.databases, tallies, strict=True):
        counts = {what: int(tally[what]) for what in tallies.dtype.names}
        waited_ns, behind_ns = counts.pop("waited_ns"), counts.pop("behind_ns")
        reads, commits = counts["standby_reads"], counts["commits"]
        found[name] = counts | {
            "stale_share": counts["stale_reads"] / reads if reads else math.nan,
            "mean_behind_ms": behind_ns / reads / 1e6 if reads else math.nan,
            "mean_commit_wait_ms": waited_ns / commits / 1e6 if commits else math.nan,
        }
    return found


def _named(layout: Layout, place: CachePlace | LockPlace) -> tuple[str, str]:
    """The service of a step, and its name there: its endpoint's, with a number where it is not the first of its kind."""
    service, endpoint = layout.endpoints[place.endpoint]
    return service, endpoint if place.nth == 1 else f"{endpoint}:{place.nth}"


def _routes(layout: Layout, seen: Observation) -> dict[str, Any]:
    names = ("attempts", "retries", "failed", "timed_out", "refused_retries")
    rows = zip(*(seen.routes[name].tolist() for name in names), strict=True)
    told = {route.name: dict(zip(names, row, strict=True)) for route, row in zip(layout.routes, rows, strict=True)}
    for route, count in zip(layout.routes, seen.ejections.tolist(), strict=True):
        if route.outlier_detection is not None:
            told[route.name]["ejections"] = count
    return told


def _cost(mesh: Mesh, routes: Records) -> dict[str, Any]:
    """Hours and gigabytes used, and what they cost in the scenario's currency."""
    bill = mesh.cluster.bill(mesh.now_ns)
    gigabytes = int(routes["egress_bytes"].sum()) / 1e9
    egress = gigabytes * mesh.scenario.network.egress
    return {
        "currency": mesh.scenario.currency,
        "pod_hours": sum(bill.pod_hours.values()), "node_hours": bill.node_hours, "egress_gb": gigabytes,
        "nodes": bill.node_cost, "egress": egress, "total": bill.node_cost + egress,
    }  # fmt: skip
