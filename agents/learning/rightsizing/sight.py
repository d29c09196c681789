"""What a learned mind's features of a service's pods are made of: a view, what the VPA recommends, and what it saw before."""

from __future__ import annotations

from dataclasses import dataclass

from agents.autoscaling.vpa import Recommendation
from agents.learning.watched import Rates, Watched
from agents.policy import PodView, View
from sim.platform.metrics import Series


@dataclass(frozen=True, slots=True)
class Sight:
    """One look of one agent. Rates are in requests a second, the latest last."""

    view: View
    advice: Recommendation | None
    rates: tuple[float, ...]
    tick_ns: int  # between two looks
    watched: Watched

    @property
    def request(self) -> int:
        """Milli-cores that a pod created now requests, at least one."""
        return max(1, self.view.request_millicores or 0)

    @property
    def target(self) -> int:
        """What the VPA recommends; what pods request where it has seen nothing."""
        return self.request if self.advice is None else self.advice.target

    @property
    def sampled(self) -> list[PodView]:
        """Ready pods of which there is a sample."""
        return [pod for pod in self.view.pods if pod.is_ready and pod.usage_millicores is not None and pod.request_millicores]

    @property
    def age_ticks(self) -> float:
        """How old the newest sample is."""
        return (self.view.now_ns - max((pod.sampled_ns for pod in self.view.pods), default=0)) / self.tick_ns

    def value(self, series: Series) -> float | None:
        """A series in its own unit; None where it is not known."""
        milli = self.view.values_milli.get(series)
        return None if milli is None else milli / 1000


class Looking:
    """What one agent remembers from look to look."""

    def __init__(self, watched: Watched, tick_ns: int) -> None:
        self.watched, self._tick_ns = watched, tick_ns
        self._rates = Rates()

    def look(self, view: View, advice: Recommendation | None) -> Sight:
        """One look."""
        return Sight(view, advice, self._rates.take(view.values_milli.get(self.watched.rate)), self._tick_ns, self.watched)
