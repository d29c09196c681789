"""The data plane's contract: what mesh.py and the tests may ask of either engine.

A plane starts empty of pods at time 0. `advance(t)` processes every data event strictly before t; commands then act at
t, before the data events of that instant. Any partition of a run into advances gives the same trace.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from sim.commands import PlaneCommand
from sim.layout import Layout
from sim.trace import Row

Records = np.ndarray[Any, Any]
SPANS_HELD = 8_192  # about, by a plane whose spans are drained


@dataclass(frozen=True)
class Glance:
    """What scrapes and windows read of all that was counted up to now: cumulative, integer, equal under both engines."""

    now_ns: int
    pod_service: NDArray[np.int64]  # (pods,) index of the service; pods in the order they became ready
    pod_number: NDArray[np.int64]  # (pods,) number within the service
    pod_slow_core: NDArray[np.int64]  # (pods,) milli-cores of the fractional core; 0: none
    pods: Records  # (pods,) PodTally
    workloads: Records  # (workloads,) RequestTally over the whole run
    workload_histogram: NDArray[np.int64]  # (workloads, BUCKETS) latency of successes, by when they finished
    service_histogram: NDArray[np.int64]  # (services, BUCKETS) time of visits in the service's pods


@dataclass(frozen=True)
class Observation(Glance):
    """Everything that was counted."""

    pod_ready: NDArray[np.bool_]  # (pods,) takes new calls
    pod_present_ns: NDArray[np.int64]  # (pods,) time inside so far of the visits that are present
    pod_work_ns: NDArray[np.int64]  # (pods,) time at work so far of the work in progress
    routes: Records  # (routes,) RouteTally
    ejections: NDArray[np.int64]  # (routes,) of hosts, by all views
    caches: Records  # (cache steps,) CacheTally, in the order of `Layout.caches`
    locks: Records  # (lock steps,) LockTally, in the order of `Layout.locks`
    databases: Records  # (services with replication,) ReplicationTally, in the order of `Layout.databases`
    alive: NDArray[np.int64]  # (workloads,) requests whose client waits, counted one by one
    intervals: Records  # (intervals,) RequestTally
    interval_histogram: NDArray[np.int64]  # (intervals, BUCKETS) latency of successes, by when they arrived


class DataPlane(Protocol):
    """Requests in flight and the pods they meet."""

    layout: Layout

    @property
    def now_ns(self) -> int:
        """Time up to which everything has happened."""

    def advance(self, until_ns: int) -> None:
        """Process every data event strictly before `until_ns`; earlier or equal to now does nothing."""

    def apply(self, command: PlaneCommand) -> None:
        """Act at now. Raises ValueError for a pod, service, zone or route that is not there, or cannot obey."""

    def observe(self, *, live: bool = False) -> Observation:
        """Everything up to now; reading changes nothing.

        Histograms are large: `live` ones are not copied, and to be read before the plane goes on.
        """

    def glance(self) -> Glance:
        """What is cheap to look at often; its histograms are live."""

    def route_tallies(self) -> Records:
        """(routes,) RouteTally up to now."""

    def present(self, service: str, number: int) -> int:
        """Visits inside a pod now."""

    def digest(self) -> str:
        """32 hexadecimal digits over all rows so far."""

    def take_rows(self) -> list[Row]:
        """Trace rows since the last call; empty unless the plane was built to record them."""

    def take_spans(self) -> Records:
        """Spans since the last call, as Span records: of sampled requests when a try's answer comes, in trace order.

        Where the tail is sampled, those of a request that is kept come together when it is over (M4).
        """

    def drain_spans(self, into: Callable[[Records], None]) -> None:
        """From now on hand spans over within `advance` whenever there are many; `take_spans` has the later ones.

        So memory stays bounded however far one advance goes. What `into` is given is valid during the call only.
        """

    def open_spans(self) -> Records:
        """Spans of sampled tries still in flight, in order of (request, call); ends are -1.

        Where the tail is sampled, only those of requests that are over, and kept.
        """

    def fork(self) -> DataPlane:
        """The same world at the same instant, independent from here on."""
