"""What no run may lose: requests, tries, visits, and the time of each, counted in whole numbers."""

from __future__ import annotations

from typing import Any

from sim.layout import Layout
from sim.plane import Observation


def assert_conserved(seen: Observation, layout: Layout) -> None:
    """Hold the integer conservation laws (M6) of everything counted so far."""
    for name, tally in zip([route.name for route in layout.routes], seen.routes, strict=True):
        ended = _sum(tally, "succeeded", "failed", "cancelled", "in_flight", "orphans")
        assert tally["attempts"] == ended, f"{name}: {tally['attempts']} tries, {ended} accounted for"
        _not_negative(name, tally)
    for name, tally, alive in zip(layout.workloads, seen.workloads, seen.alive, strict=True):
        assert tally["offered"] == _sum(tally, "succeeded", "failed") + alive, f"{name}: some are neither over nor alive"
        _requests(name, tally)
    for interval, tally in zip(layout.intervals, seen.intervals, strict=True):
        _requests(f"interval {interval}", tally)
    for tally in seen.caches:
        _not_negative("a cache", tally)
        assert tally["fills"] <= _sum(tally, "misses", "coalesced")
        assert tally["evicted"] <= tally["fills"]
    for tally in seen.locks:
        _not_negative("a lock", tally)
    for tally in seen.databases:
        _not_negative("a database", tally)
        assert tally["lost_writes"] <= tally["commits"] and tally["stale_reads"] <= tally["standby_reads"]
    for i, tally in enumerate(seen.pods):
        name = f"{layout.services[seen.pod_service[i]]}-{seen.pod_number[i]}"
        _pod(name, tally, int(seen.pod_present_ns[i]), int(seen.pod_work_ns[i]))
    _histograms(seen, layout)


def assert_drained(seen: Observation, layout: Layout) -> None:
    """Hold them to the last nanosecond where nothing is in flight and nobody present."""
    assert_conserved(seen, layout)
    for tally in seen.pods:
        assert _sum(tally, "present", "waiting", "working", "slow_working") == 0
        assert tally["present_area_ns"] == tally["inside_ns"]
        assert tally["working_area_ns"] == tally["served_ns"] + tally["lost_ns"]
    for tally in seen.routes:
        assert tally["in_flight"] == tally["orphans"] == 0
    for tally in seen.workloads:
        assert tally["offered"] == _sum(tally, "succeeded", "failed")


def _requests(name: str, tally: Any) -> None:
    _not_negative(name, tally)
    assert tally["good"] <= tally["succeeded"], f"{name}: more good than succeeded"
    assert _sum(tally, "timed_out", "rejected") <= tally["failed"], f"{name}: more kinds of failure than failures"
    assert _sum(tally, "succeeded", "failed") <= tally["offered"], f"{name}: more ended than came"


def _pod(name: str, tally: Any, present_ns: int, work_ns: int) -> None:
    _not_negative(name, tally)
    ended = _sum(tally, "succeeded", "failed", "lost", "cancelled", "present")
    assert tally["visits"] == ended, f"{name}: {tally['visits']} visits, {ended} accounted for"
    assert tally["present_area_ns"] == tally["inside_ns"] + present_ns, f"{name}: the integral of those present is off"
    assert tally["working_area_ns"] == _sum(tally, "served_ns", "lost_ns") + work_ns, f"{name}: time at work is off"


def _histograms(seen: Observation, layout: Layout) -> None:
    assert (seen.workload_histogram.sum(axis=1) == seen.workloads["succeeded"]).all()
    assert (seen.interval_histogram.sum(axis=1) == seen.intervals["succeeded"]).all()
    for service, histogram in enumerate(seen.service_histogram):
        mine = seen.pods[seen.pod_service == service]
        assert histogram.sum() <= mine["succeeded"].sum() + mine["failed"].sum(), layout.services[service]


def _not_negative(name: str, tally: Any) -> None:
    negative = [field for field in tally.dtype.names if tally[field] < 0]
    assert not negative, f"{name}: negative {negative}"


def _sum(tally: Any, *fields: str) -> int:
    return sum(int(tally[field]) for field in fields)
