"""Scrapes: what the control plane learns of pods and services, one scrape late at best."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scenarios.schema.scenario import Scenario
from sim.clock import ControlClock, ControlPhase
from sim.plane import DataPlane, Glance, Records
from sim.platform.cluster import Cluster
from sim.platform.pods import Pod, PodPhase
from sim.records import POD_TALLY
from sim.telemetry import Grown, HistogramGrowth, Integers, millicore_ns

QUANTILES = {"latency_p50": 0.5, "latency_p95": 0.95, "latency_p99": 0.99}
ROUTE_RATES = {"requests_per_second": "attempts", "retries_per_second": "retries", "failures_per_second": "failed",
               "refusals_per_second": "refused"}  # of tries, as their callers' proxies count them: columns of RouteTally  # fmt: skip
POD_METRICS = ("requests_per_second", "concurrency", "queue_length", "throttled_per_second")  # what a pod says of itself
MILLI_NS = 1_000 * 1_000_000_000  # a thousandth a second, of events counted over nanoseconds
COUNTED = ("visits", "rejected", "present_area_ns", "waiting_area_ns", "throttled")  # of PodTally: what a pod's own metrics are made of
AREAS = {"concurrency": "present_area_ns", "queue_length": "waiting_area_ns"}  # over time the mean number of requests
KINDS = ("service", "workload")  # of histograms


class CpuSample(NamedTuple):
    """Mean CPU of one pod over [sample_ns - window_ns, sample_ns)."""

    number: int
    usage_millicores: int  # rounded up, as Kubernetes reads a quantity in thousandths
    sample_ns: int
    window_ns: int  # shorter than the scrape interval in a pod's first sample


class PodMetrics(NamedTuple):
    """What one pod says of itself, means over [sample_ns - window_ns, sample_ns), in thousandths."""

    number: int
    requests_per_second: int  # that came to its door, whether it let them in or not
    concurrency: int  # requests inside
    queue_length: int  # of them or their branches: waiting for a worker or a core
    throttled_per_second: int  # periods in which the CPU's quota was used up (cfs)
    sample_ns: int
    window_ns: int  # shorter than the scrape interval in a pod's first sample


class Series(NamedTuple):
    """One number that a monitoring system has of a service, of a route or of a class of requests.

    requests_per_second is counted by who sends them, so that it is known where no pod is ready: of a service, or of one
    route, the tries of its callers' proxies, of a workload what came to the gateway. Latencies are quantiles in seconds, of visits in the
    service's pods or of requests that succeeded. concurrency, queue_length and throttled_per_second are sums over a service's
    pods. A route has the ROUTE_RATES, and in_flight: tries whose callers wait, at the instant of the scrape.
    """

    metric: str  # one of POD_METRICS or a key of QUANTILES; of a route, of ROUTE_RATES or in_flight
    kind: str  # service | workload | route
    of: str  # its name

    def __str__(self) -> str:
        return f"{self.metric}{{{self.kind}={self.of}}}"


@dataclass(frozen=True)
class RequestCounts:
    """What a gateway had counted of a class of requests when it was scraped."""

    at_ns: int
    succeeded: int
    failed: int
    good: int  # of the succeeded: within the objective's latency


@dataclass(frozen=True)
class _Scrape:
    """All that samples are made of; they are made when somebody asks."""

    seen: Glance
    there: Integers  # places in `seen` of the pods that are there, service by service: those that once were are many
    ends: list[int]  # where in `there` the pods of each service end
    pods: dict[str, tuple[Pod, ...]]  # of each service
    missing: frozenset[str]  # services that could not be scraped
    routes: Records | None  # (routes,) RouteTally so far, where somebody watches it
    histograms: dict[str, Integers]  # of a kind, those that somebody watches


class _Between:
    """What happened between two scrapes, or from the beginning to the first one."""

    def __init__(self, last: _Scrape, before: _Scrape | None) -> None:
        self._last, self._before = last, before
        self._rows = [slice(*ends) for ends in pairwise((0, *last.ends))]
        self._numbers: list[int] = last.seen.pod_number[last.there].tolist()

    def millicore_ns(self, service: int) -> dict[int, int]:
        """By number, the CPU time of a service's pods."""
        rows = self._rows[service]
        return dict(zip(self._numbers[rows], self._areas[rows], strict=True))

    def counts(self, service: int) -> dict[int, list[int]]:
        """By number, what a service's pods COUNTED, and whether they were there before."""
        rows = self._rows[service]
        return dict(zip(self._numbers[rows], self._counts[rows], strict=True))

    @cached_property
    def _is_known(self) -> NDArray[np.bool_]:
        """(pods there,) whether they were there before."""
        return self._last.there < (0 if self._before is None else len(self._before.seen.pods))

    @cached_property
    def _grown(self) -> Records:
        """(pods there,) tallies."""
        there, known, grown = self._last.there, self._is_known, self._last.seen.pods[self._last.there]
        if self._before is not None:
            words, before = _words(grown), _words(self._before.seen.pods[there[known]])
            words[known] -= before
        return grown

    @cached_property
    def _areas(self) -> list[int]:
        areas: list[int] = millicore_ns(self._grown, self._last.seen.pod_slow_core[self._last.there]).tolist()
        return areas

    @cached_property
    def _counts(self) -> list[list[int]]:
        counts: list[list[int]] = np.column_stack([*(self._grown[name] for name in COUNTED), self._is_known]).tolist()
        return counts


def _words(tallies: Records) -> Integers:
    """(pods, fields)."""
    return tallies.view(np.int64).reshape(len(tallies), len(POD_TALLY.fields))


class MetricsServer:
    """Scrapes every pod once per interval and keeps the newest sample of each."""

    def __init__(self, scenario: Scenario, clock: ControlClock, plane: DataPlane, cluster: Cluster,
                 interval_ns: int | None = None) -> None:  # fmt: skip
        """Every `telemetry.scrape_interval`, unless an autoscaler brings scrapes of its own."""
        self._clock, self._plane, self._cluster = clock, plane, cluster
        self._services, self._workloads = list(scenario.services), list(scenario.workload)
        self._interval_ns = interval_ns or scenario.telemetry.scrape_interval
        self._name = "metrics" if interval_ns is None else f"metrics/{interval_ns}"
        self._began_ns = 0
        self._last: _Scrape | None = None
        self._before: _Scrape | None = None  # the one before the last
        self._between: _Between | None = None  # these two
        self._growth = {kind: HistogramGrowth() for kind in KINDS}
        self._grown: dict[str, Grown] = {}  # of a kind, between these two
        self._quantiles: dict[tuple[str, str], list[float]] = {}  # by kind and metric, those that were asked for
        self._lag_ns = scenario.telemetry.delivery_lag if interval_ns is None else 0  # who scrapes for himself waits for nobody
        self._samples: dict[str, tuple[CpuSample, ...]] = {}  # those of the last scrape that were asked for
        self._values: dict[Series, int | None] = {}  # likewise
        self._place: dict[tuple[int, int | None], int] = {}  # of pods by (service, number), in order of becoming ready
        self._watched: dict[str, list[str]] = {kind: [] for kind in KINDS}  # names, of a kind, whose latencies are asked for
        self._watches_routes = False

    def begin(self) -> None:
        """The first scrape is one interval from now."""
        self._began_ns = self._clock.now_ns
        self._clock.after(self._interval_ns, ControlPhase.SCRAPE, self._name, self._scrape)

    def watch(self, series: Series) -> None:
        """Keep what a series is made of, from the next scrape on."""
        if series.metric in QUANTILES:
            if series.of not in self._watched[series.kind]:
                self._watched[series.kind].append(series.of)
        elif series.kind == "route" or (series.metric == "requests_per_second" and series.kind == "service"):
            self._watches_routes = True

    def samples(self, service: str) -> tuple[CpuSample, ...]:
        """The samples of the last scrape, by the pods' order of creation; pods that were not running then have none.

        A pod that is starting runs, and is scraped: its start-up uses no CPU here, so its sample says 0.
        """
        if service not in self._samples:
            self._samples[service] = tuple(self._sampled(service, self._last)) if self._last else ()
        return self._samples[service]

    @property
    def scraped_ns(self) -> int | None:
        """When the newest scrape that is known was made; None before the first."""
        return None if self._last is None else self._last.seen.now_ns

    def pod_metrics(self, service: str) -> tuple[PodMetrics, ...]:
        """What the pods said at the last scrape, by order of creation; one that was not ready before then says nothing."""
        return tuple(self._said(service, self._last)) if self._last else ()

    def value(self, series: Series) -> int | None:
        """A series at the last scrape, in thousandths; None before the first, and a quantile of nothing."""
        if series not in self._values:
            self._values[series] = self._value(series)
        return self._values[series]

    def _value(self, series: Series) -> int | None:
        if self._last is None or self._is_missing(self._teller(series), self._last):
            return None
        if series.metric in QUANTILES:
            return self._latency(series)
        if series.metric == "in_flight":
            return 1000 * self._counted(series, self._last)
        if series.metric in AREAS:
            area = COUNTED.index(AREAS[series.metric])
            return sum(counted[area] * 1000 // window_ns for _, counted, window_ns in self._listening(series.of, self._last))
        if series.metric not in ROUTE_RATES:
            return sum(int(getattr(pod, series.metric)) for pod in self.pod_metrics(series.of))
        counted, before = self._counted(series, self._last), self._counted(series, self._before)
        return (counted - before) * MILLI_NS // (self._last.seen.now_ns - self._since_ns)

    def _teller(self, series: Series) -> str:
        """Whose scrapes it is made of: of a route its caller's."""
        if series.kind != "route":
            return series.of
        layout = self._plane.layout
        return layout.routes[layout.route_named(series.of)].caller

    def requests(self, workload: str) -> RequestCounts | None:
        """The counters of a workload at the last scrape; None before the first."""
        if self._last is None:
            return None
        row = self._last.seen.workloads[self._workloads.index(workload)]
        return RequestCounts(self._last.seen.now_ns, *(int(row[name]) for name in ("succeeded", "failed", "good")))

    @property
    def _since_ns(self) -> int:
        return self._before.seen.now_ns if self._before else self._began_ns

    def _scrape(self) -> None:
        pods = {name: tuple(pod for pod in self._cluster.pods(name) if pod.phase is not PodPhase.LOST) for name in self._services}
        routes = self._plane.route_tallies() if self._watches_routes else None
        seen, scraping = self._plane.glance(), self._cluster.scraping
        kept = {kind: self._histograms(seen, kind) for kind, watched in self._watched.items() if watched}
        scrape = _Scrape(seen, *self._places(seen, pods), pods, frozenset().union(*scraping.losses.values()), routes, kept)
        if lag_ns := self._lag_ns + sum(scraping.lags.values()):
            self._clock.after(lag_ns, ControlPhase.SCRAPE, self._name, partial(self._deliver, scrape))
        else:
            self._deliver(scrape)
        self._clock.after(self._interval_ns, ControlPhase.SCRAPE, self._name, self._scrape)

    def _places(self, seen: Glance, pods: dict[str, tuple[Pod, ...]]) -> tuple[Integers, list[int]]:
        """Where pods stand in a glance, which lists all that ever were ready, and where those of each service end."""
        known = len(self._place)
        if known < len(seen.pod_service):
            newer = zip(seen.pod_service[known:].tolist(), seen.pod_number[known:].tolist(), strict=True)
            self._place.update({pod: known + nth for nth, pod in enumerate(newer)})
        there: list[int] = []
        ends = []
        for service, name in enumerate(self._services):
            there.extend(place for pod in pods[name] if (place := self._place.get((service, pod.number))) is not None)
            ends.append(len(there))
        return np.array(there, dtype=np.int64), ends

    def _histograms(self, seen: Glance, kind: str) -> Integers:
        """(watched, BUCKETS), a copy."""
        rows, names = (seen.service_histogram, self._services) if kind == "service" else (seen.workload_histogram, self._workloads)
        watched: Integers = rows[[names.index(name) for name in self._watched[kind]]]
        return watched

    def _deliver(self, scrape: _Scrape) -> None:
        """A scrape is known; one that a later one has overtaken is not."""
        if self._last is None or scrape.seen.now_ns > self._last.seen.now_ns:
            self._before, self._last, self._samples, self._values, self._quantiles = self._last, scrape, {}, {}, {}
            self._between = _Between(scrape, self._before)
            self._grown = {kind: self._growth[kind].take(seen) for kind, seen in scrape.histograms.items()}

    def _is_missing(self, name: str, last: _Scrape) -> bool:
        """F6 Whether a mean over the interval is not to be had: it takes a scrape at either end."""
        return name in last.missing or (self._before is not None and name in self._before.missing)

    def _sampled(self, service: str, last: _Scrape) -> Iterator[CpuSample]:
        now_ns, index = last.seen.now_ns, self._services.index(service)
        if self._is_missing(service, last):
            return
        assert self._between is not None
        areas, since_ns = self._between.millicore_ns(index), self._since_ns
        for pod in last.pods[service]:
            if pod.number is None or pod.scheduled_ns is None or pod.scheduled_ns >= now_ns:
                continue  # it was not running then, though it may now
            window_ns = now_ns - max(since_ns, pod.scheduled_ns)
            yield CpuSample(pod.number, -(-areas.get(pod.number, 0) // window_ns), now_ns, window_ns)

    def _said(self, service: str, last: _Scrape) -> Iterator[PodMetrics]:
        for number, (visits, rejected, present, waiting, throttled, _), window_ns in self._listening(service, last):
            yield PodMetrics(number, (visits + rejected) * MILLI_NS // window_ns, present * 1000 // window_ns,
                             waiting * 1000 // window_ns, throttled * MILLI_NS // window_ns, last.seen.now_ns, window_ns)  # fmt: skip

    def _listening(self, service: str, last: _Scrape) -> Iterator[tuple[int, list[int], int]]:
        """(number, what it COUNTED, ns of its window) of each pod that was ready before the last scrape."""
        now_ns, index = last.seen.now_ns, self._services.index(service)
        if self._is_missing(service, last):
            return
        assert self._between is not None
        counts, since_ns = self._between.counts(index), self._since_ns
        for pod in last.pods[service]:
            if pod.number is None or pod.number not in counts or pod.ready_ns is None:
                continue  # nothing listened there yet
            counted = counts[pod.number]
            window_ns = now_ns - (since_ns if counted[-1] else max(since_ns, pod.ready_ns))
            if window_ns > 0:
                yield pod.number, counted, window_ns

    def _latency(self, series: Series) -> int | None:
        of = series.kind, series.metric
        if of not in self._quantiles:
            grown, rows = self._grown[series.kind], len(self._watched[series.kind])
            self._quantiles[of] = grown.quantiles_ns(rows, QUANTILES[series.metric])[0].tolist()
        found_ns = self._quantiles[of][self._watched[series.kind].index(series.of)]
        return None if math.isnan(found_ns) else round(found_ns / 1e6)

    def _counted(self, series: Series, scrape: _Scrape | None) -> int:
        """How many requests, so far, had been sent to a service, or had come to a workload's gateway; what was counted of a route."""
        if scrape is None:
            return 0
        if series.kind == "workload":
            return int(scrape.seen.workloads["offered"][self._workloads.index(series.of)])
        assert scrape.routes is not None, f"nobody watches {series}"
        layout = self._plane.layout
        if series.kind == "route":
            return int(scrape.routes[ROUTE_RATES.get(series.metric, series.metric)][layout.route_named(series.of)])
        return sum(int(scrape.routes["attempts"][index]) for index, route in enumerate(layout.routes) if route.callee == series.of)
