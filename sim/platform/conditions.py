"""What ails each pod: every cause says its part, and the data plane is told what they come to together."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from sim.commands import PodFailing, PodSlowed
from sim.plane import DataPlane
from sim.platform.pods import Pod


@dataclass(frozen=True)
class Ailment:
    """What one cause does to a pod."""

    slow: float = 1.0  # how many times longer its work takes
    errors: float = 0.0  # share of calls that fail


@dataclass
class Scraping:
    """What ails the scrapes of metrics, by cause."""

    lags: dict[str, int] = field(default_factory=dict)  # how much longer a scrape takes to be known, in ns
    losses: dict[str, frozenset[str]] = field(default_factory=dict)  # services that cannot be scraped


Cause = Callable[[Pod], Iterable[Ailment]]


class Conditions:
    """Slowdowns multiply and failures are independent, in the order in which the causes were made known."""

    def __init__(self, plane: DataPlane) -> None:
        self.causes: list[Cause] = []
        self._plane = plane

    def refresh(self, pods: Iterable[Pod]) -> None:
        """Bring pods to what ails them now; those that serve nobody are passed over."""
        for pod in pods:
            if pod.is_serving:
                self._refresh(pod)

    def _refresh(self, pod: Pod) -> None:
        slowdown, error_rate = 1.0, 0.0
        for cause in self.causes:
            for one in cause(pod):
                slowdown *= one.slow
                error_rate += one.errors - error_rate * one.errors  # 1 - (1 - a)(1 - b), and exactly a where b is 0
        assert pod.number is not None
        if slowdown != pod.slowdown:
            pod.slowdown = slowdown
            self._plane.apply(PodSlowed(pod.service, pod.number, slowdown))
        if error_rate != pod.error_rate:
            pod.error_rate = error_rate
            self._plane.apply(PodFailing(pod.service, pod.number, error_rate))
