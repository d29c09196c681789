"""What a learned mind's features are made of: a view, what the rule in its chair proposes, and what it saw before."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from agents.learning.watched import Rates, Watched
from agents.policy import View
from scenarios.schema.units import NS_PER_S
from sim.platform.metrics import Series


class Sighted(Protocol):
    """What features and actions ask of a look, or of many at once: numbers, or arrays of them. What is not known is nan."""

    @property
    def now_ns(self) -> Any:
        """When."""

    @property
    def replicas(self) -> Any:
        """Pods asked for."""

    @property
    def asked(self) -> Any:
        """As many, at least one, to divide by."""

    @property
    def proposed(self) -> Any:
        """Pods that the rule asks for."""

    @property
    def ready(self) -> Any:
        """Pods, and not about to end."""

    @property
    def starting(self) -> Any:
        """Pods."""

    @property
    def used_millicores(self) -> Any:
        """CPU of ready pods with a sample and a request."""

    @property
    def request_millicores(self) -> Any:
        """Of a pod made now."""

    @property
    def utilization(self) -> Any:
        """CPU in use over CPU requested, of ready pods."""

    @property
    def rate(self) -> Any:
        """Requests a second."""

    @property
    def rate_before(self) -> Any:
        """GROWTH_TICKS ago."""

    @property
    def concurrency(self) -> Any:
        """Requests inside."""

    @property
    def latency_s(self) -> Any:
        """95th percentile of its own visits."""

    @property
    def objective_s(self) -> Any:
        """The strictest of a class that comes to it."""

    @property
    def lateness(self) -> Any:
        """99th percentile over the objective, of the class that is worst off."""

    @property
    def startup_s(self) -> Any:
        """That pods take to be ready: the fastest of those there are which had to start."""

    @property
    def age_ticks(self) -> Any:
        """Of the newest sample."""


class PodTotals(NamedTuple):
    """What the pods of a service come to. CPU is that of ready pods with a sample and a request."""

    ready: int  # and not about to end
    starting: int
    used_millicores: int
    requested_millicores: int
    sampled_ns: int  # when the newest sample was taken; 0 where there is none
    startup_ns: float  # of the ready pod that was fastest; nan where none had to start


class Sight:
    """One look of one agent (`Sighted`)."""

    def __init__(self, view: View, proposed: int, rates: Sequence[float], tick_ns: int, watched: Watched) -> None:
        """Rates are in requests a second, the latest last; `tick_ns` is from look to look."""
        self.view, self.proposed = view, proposed
        self.now_ns, self.replicas, self.asked = view.now_ns, view.replicas, max(1, view.replicas)
        self.rate, self.rate_before = rates[-1], rates[0]
        self.request_millicores = view.request_millicores or 0
        totals = _totals(view)
        self.ready, self.starting, self.used_millicores = totals[:3]
        self.utilization = totals.used_millicores / totals.requested_millicores if totals.requested_millicores else math.nan
        self.startup_s = totals.startup_ns / NS_PER_S
        self.age_ticks = (view.now_ns - totals.sampled_ns) / tick_ns
        self.concurrency, self.latency_s = self._value(watched.concurrency), self._value(watched.latency)
        self.objective_s = watched.strictest_s
        shares = (self._value(series) / under_s for series, under_s in watched.objectives.items())
        self.lateness = max((share for share in shares if share > 0), default=math.nan)

    def _value(self, series: Series) -> float:
        milli = self.view.values_milli.get(series)
        return math.nan if milli is None else milli / 1000


def _totals(view: View) -> PodTotals:
    ready = starting = used = requested = sampled_ns = 0
    startup_ns = math.inf
    for pod in view.pods:
        if pod.is_ready:
            ready += not pod.is_terminating
            if pod.start_ns is not None and pod.ready_changed_ns is not None and pod.ready_changed_ns > pod.start_ns:
                startup_ns = min(startup_ns, pod.ready_changed_ns - pod.start_ns)
            if pod.usage_millicores is not None and pod.request_millicores:
                used, requested = used + pod.usage_millicores, requested + pod.request_millicores
        elif not pod.is_terminating:
            starting += 1
        sampled_ns = max(sampled_ns, pod.sampled_ns)
    return PodTotals(ready, starting, used, requested, sampled_ns, math.nan if math.isinf(startup_ns) else startup_ns)


class Looking:
    """What one agent remembers from look to look."""

    def __init__(self, watched: Watched, tick_ns: int) -> None:
        self.watched, self._tick_ns = watched, tick_ns
        self._rates = Rates()

    def look(self, view: View, proposed: int) -> Sight:
        """One look; a rate that is not known is taken to be what it was."""
        rates = self._rates.take(view.values_milli.get(self.watched.rate))
        return Sight(view, proposed, rates, self._tick_ns, self.watched)
