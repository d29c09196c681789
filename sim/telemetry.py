"""Accumulators into windows: what happened between two observations, and quantiles of histograms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.laws.measuring import BUCKETS, bucket_bounds
from sim.layout import Layout
from sim.plane import Observation

_MIDDLE_NS = np.array([sum(bucket_bounds(i)) / 2 for i in range(BUCKETS)])


def quantile_ns(histogram: NDArray[np.int64], q: float) -> float:
    """The q-quantile (0 ... 1) of a histogram, within 0.4 % of the value; nan where it is empty."""
    total = int(histogram.sum())
    if total == 0:
        return float("nan")
    rank = min(int(np.ceil(q * total)), total)
    return float(_MIDDLE_NS[int(np.searchsorted(np.cumsum(histogram), max(rank, 1)))])


@dataclass(frozen=True)
class ClassWindow:
    """One class of requests between two observations."""

    name: str
    offered: int
    succeeded: int
    good: int
    failed: int
    timed_out: int
    rejected: int
    in_flight: int  # at the end
    latency_mean_ns: float  # of successes; nan without any
    latency_p50_ns: float
    latency_p90_ns: float
    latency_p99_ns: float


@dataclass(frozen=True)
class ServiceWindow:
    """One service between two observations."""

    name: str
    visits: int
    failed: int
    rejected: int
    lost: int
    inside_p50_ns: float  # time of visits in the pods, waiting included
    inside_p99_ns: float
    busy_cores: float  # mean
    waiting: float  # mean number that wait for a worker or core
    present: float  # mean number inside


@dataclass(frozen=True)
class Window:
    """The mesh between two observations, [start, end) in ns."""

    start_ns: int
    end_ns: int
    classes: tuple[ClassWindow, ...]
    services: tuple[ServiceWindow, ...]


def window(layout: Layout, before: Observation | None, after: Observation) -> Window:
    """What happened from one observation (None: the beginning) to another."""
    start = before.now_ns if before else 0
    classes = tuple(_class_window(layout, i, before, after) for i in range(len(layout.workloads)))
    growth = service_growth(layout, before, after)
    services = tuple(_service_window(layout, i, growth, before, after) for i in range(len(layout.services)))
    return Window(start, after.now_ns, classes, services)


def service_growth(layout: Layout, before: Observation | None, after: Observation) -> dict[str, NDArray[Any]]:
    """By how much each counter of PodTally, and `millicore_ns`, grew over the pods of each service: (services,) each."""
    growth = _service_totals(layout, after)
    if before is not None:
        earlier = _service_totals(layout, before)
        growth = {name: values - earlier[name] for name, values in growth.items()}
    return growth


def _service_totals(layout: Layout, seen: Observation) -> dict[str, NDArray[Any]]:
    columns = {name: seen.pods[name] for name in seen.pods.dtype.names or ()}
    columns["millicore_ns"] = np.array(millicore_ns(seen), dtype=object)  # Python's integers stay what they are
    totals = {name: np.zeros(len(layout.services), dtype=column.dtype) for name, column in columns.items()}
    for name, column in columns.items():
        np.add.at(totals[name], seen.pod_service, column)
    return totals


def _class_window(layout: Layout, i: int, before: Observation | None, after: Observation) -> ClassWindow:
    now = after.workloads[i]
    change = {name: int(now[name]) - (int(before.workloads[i][name]) if before else 0) for name in now.dtype.names}
    histogram = after.workload_histogram[i] - (before.workload_histogram[i] if before else 0)
    latency = change.pop("latency_ns")
    return ClassWindow(
        layout.workloads[i], **change,
        in_flight=int(now["offered"] - now["succeeded"] - now["failed"]),
        latency_mean_ns=latency / change["succeeded"] if change["succeeded"] else float("nan"),
        latency_p50_ns=quantile_ns(histogram, 0.5),
        latency_p90_ns=quantile_ns(histogram, 0.9),
        latency_p99_ns=quantile_ns(histogram, 0.99),
    )  # fmt: skip


def _service_window(layout: Layout, i: int, growth: dict[str, NDArray[Any]], before: Observation | None,
                    after: Observation) -> ServiceWindow:  # fmt: skip
    elapsed = max(1, after.now_ns - (before.now_ns if before else 0))
    histogram = after.service_histogram[i] - (before.service_histogram[i] if before else 0)
    return ServiceWindow(
        layout.services[i],
        visits=int(growth["visits"][i]), failed=int(growth["failed"][i]),
        rejected=int(growth["rejected"][i]), lost=int(growth["lost"][i]),
        inside_p50_ns=quantile_ns(histogram, 0.5), inside_p99_ns=quantile_ns(histogram, 0.99),
        busy_cores=growth["millicore_ns"][i] / 1000 / elapsed,
        waiting=float(growth["waiting_area_ns"][i]) / elapsed, present=float(growth["present_area_ns"][i]) / elapsed,
    )  # fmt: skip


def millicore_ns(seen: Observation) -> list[int]:
    """CPU time of each pod so far, in milli-core nanoseconds: Python's integers, since they pass 2^63 in a month."""
    columns = zip(seen.pods["working_area_ns"].tolist(), seen.pods["slow_area_ns"].tolist(), seen.pod_slow_core.tolist(),
                  strict=True)  # fmt: skip
    return [working * 1000 - slow * (1000 - core) for working, slow, core in columns]
