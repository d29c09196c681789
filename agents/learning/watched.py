"""The series that minds of a service are shown, whatever they decide, and how rates are remembered."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from scenarios.flow import Flow
from scenarios.schema.units import NS_PER_S
from sim.platform.metrics import Series

GROWTH_TICKS = 4  # how far back the growth of a rate looks


class Rates:
    """What is remembered of a rate from look to look; one that is not known is taken to be what it was."""

    def __init__(self) -> None:
        self._seen = deque[float](maxlen=GROWTH_TICKS + 1)

    def take(self, milli: int | None) -> tuple[float, ...]:
        """With one more, in thousandths: requests a second, the latest last."""
        self._seen.append(milli / 1000 if milli is not None else self._seen[-1] if self._seen else 0.0)
        return tuple(self._seen)


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
    def strictest_s(self) -> float:
        """The strictest objective; nan where there is none."""
        return min(self.objectives.values(), default=math.nan)

    @cached_property
    def series(self) -> tuple[Series, ...]:
        """All of them."""
        return (self.rate, self.concurrency, self.latency, *self.objectives)
