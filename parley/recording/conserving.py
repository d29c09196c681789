"""The conservation laws of a run (M6), in integers: nothing that came is lost, no time at work is unaccounted for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from parley.errors import Unbalanced
from sim.laws.grading import FULL
from sim.layout import Layout
from sim.plane import Observation


def balances(layout: Layout, seen: Observation) -> dict[str, bool]:
    """Whether each law holds, by its sentence."""
    return dict(_laws(layout, seen))


def require_balance(found: dict[str, bool], now_ns: int) -> None:
    """Raises Unbalanced where a law does not hold."""
    broken = [sentence for sentence, holds in found.items() if not holds]
    if broken:
        raise Unbalanced(f"at {now_ns} ns, a conservation law does not hold: {'; '.join(broken)}")


def _laws(layout: Layout, seen: Observation) -> Iterator[tuple[str, bool]]:
    routes, pods, classes = seen.routes, seen.pods, seen.workloads
    ended = classes["succeeded"] + classes["failed"]
    yield "attempts = succeeded + failed + cancelled + in flight + orphans, on every route", _all(routes["attempts"] == sum(
        routes[name] for name in ("succeeded", "failed", "cancelled", "in_flight", "orphans")))  # fmt: skip
    yield "offered = succeeded + failed + in flight, in every class", _all(
        classes["offered"] == ended + seen.alive)  # fmt: skip
    yield "timed out and rejected are parts of failed, good is a part of succeeded", _all(
        (classes["timed_out"] + classes["rejected"] <= classes["failed"]) & (classes["good"] <= classes["succeeded"]))  # fmt: skip
    yield "the quality of successes is at most full, in every class", _all(
        classes["quality_ppm"] <= classes["succeeded"] * FULL)  # fmt: skip
    yield "a cache is filled by who missed or waited, at most once each", _all(
        seen.caches["fills"] <= seen.caches["misses"] + seen.caches["coalesced"])  # fmt: skip
    yield "every success has its latency in the histogram", _all(
        seen.workload_histogram.sum(axis=1) == classes["succeeded"])  # fmt: skip
    yield "visits = succeeded + failed + lost + cancelled + inside, in every pod", _all(
        pods["visits"] == pods["succeeded"] + pods["failed"] + pods["lost"] + pods["cancelled"] + pods["present"])  # fmt: skip
    yield "a visit enters once: calls that were sent cover visits and refusals, for every service", _all(
        _reached(layout, seen) <= _sent(layout, seen))  # fmt: skip
    yield "integral of visits inside = time that visits spent inside, in every pod", _all(
        pods["present_area_ns"] == pods["inside_ns"] + seen.pod_present_ns)  # fmt: skip
    yield "time at work = work finished + work lost + work in progress, in every pod", _all(
        pods["working_area_ns"] == pods["served_ns"] + pods["lost_ns"] + seen.pod_work_ns)  # fmt: skip


def _reached(layout: Layout, seen: Observation) -> Any:
    """Visits and refusals of each service."""
    return _summed(layout, seen.pod_service, seen.pods["visits"] + seen.pods["rejected"])


def _sent(layout: Layout, seen: Observation) -> Any:
    """Attempts to call each service."""
    return _summed(layout, [layout.service_index[route.callee] for route in layout.routes], seen.routes["attempts"])


def _summed(layout: Layout, services: Any, values: Any) -> Any:
    sums = np.zeros(len(layout.services), dtype=np.int64)
    np.add.at(sums, services, values)
    return sums


def _all(holds: Any) -> bool:
    return bool(holds.all())
