"""What a learned mind's features are made of: a view, what the rule in its chair proposes, and what it saw before."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from agents.policy import View
from scenarios.flow import Flow
from scenarios.schema.units import NS_PER_S
from sim.platform.metrics import Series

GROWTH_TICKS = 4  # how far back the growth of a rate looks


class PodTotals(NamedTuple):
    """What the pods of a service come to. CPU is that of ready pods with a sample and a request."""

    ready: int  # and not about to end
    starting: int
    used_millicores: int
    requested_millicores: int
    sampled_ns: int  # when the newest sample was taken; 0 where there is none


@dataclass(frozen=True)
class Sight:
    """One look of one agent. Rates are in requests a second, the latest last."""

    view: View
    proposed: int  # pods that the rule asks for
    rates: tuple[float, ...]
    tick_ns: int  # between two looks
    watched: Watched

    @property
    def asked(self) -> int:
        """Pods asked for, at least one, to divide by."""
        return max(1, self.view.replicas)

    @property
    def age_ticks(self) -> float:
        """How old the newest sample is."""
        return (self.view.now_ns - self.pods.sampled_ns) / self.tick_ns

    @cached_property
    def pods(self) -> PodTotals:
        """All of them, counted once."""
        ready = starting = used = requested = sampled_ns = 0
        for pod in self.view.pods:
            if pod.is_ready:
                ready += not pod.is_terminating
                if pod.usage_millicores is not None and pod.request_millicores:
                    used, requested = used + pod.usage_millicores, requested + pod.request_millicores
            elif not pod.is_terminating:
                starting += 1
            sampled_ns = max(sampled_ns, pod.sampled_ns)
        return PodTotals(ready, starting, used, requested, sampled_ns)

    def value(self, series: Series) -> float | None:
        """A series in its own unit; None where it is not known."""
        milli = self.view.values_milli.get(series)
        return None if milli is None else milli / 1000


@dataclass(frozen=True)
class Watched:
    """The series of one service, and those of the classes of requests that come to it, with their objectives in seconds."""

    rate: Series
    concurrency: Series
    latency: Series
    objectives: Mapping[Series, float]

    @classmethod
    def of(cls, flow: Flow, service: str) -> Watched:
        """All that can be watched of a service in a world."""
        objectives = {}
        for name, workload in flow.world.workload.items():
            goal = workload.slo.latency
            if goal is not None and any(target.split(".")[0] == service for target in flow.visits_of_one(name)):
                objectives[Series("latency_p99", "workload", name)] = goal.under / NS_PER_S
        return cls(Series("requests_per_second", "service", service), Series("concurrency", "service", service),
                   Series("latency_p95", "service", service), objectives)  # fmt: skip

    @cached_property
    def series(self) -> tuple[Series, ...]:
        """All of them."""
        return (self.rate, self.concurrency, self.latency, *self.objectives)


class Looking:
    """What one agent remembers from look to look."""

    def __init__(self, watched: Watched, tick_ns: int) -> None:
        self.watched, self._tick_ns = watched, tick_ns
        self._rates = deque[float](maxlen=GROWTH_TICKS + 1)

    def look(self, view: View, proposed: int) -> Sight:
        """One look; a rate that is not known is taken to be what it was."""
        milli = view.values_milli.get(self.watched.rate)
        self._rates.append(milli / 1000 if milli is not None else self._rates[-1] if self._rates else 0.0)
        return Sight(view, proposed, tuple(self._rates), self._tick_ns, self.watched)
