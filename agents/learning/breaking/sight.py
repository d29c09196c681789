"""What a learned mind's features of a route are made of: figures of its callers' proxies and of its callee, and what is set."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from agents.learning.breaking.actions import Setting
from agents.learning.watched import GROWTH_TICKS
from scenarios.schema.routing import ResolvedRoute
from sim.platform.metrics import QUANTILES, ROUTE_RATES, MetricsServer, Series


@dataclass(frozen=True, slots=True)
class Sight:
    """One look at one route. Figures are in units of their own, None where they are not known; `before` are those of some ticks ago."""

    route: ResolvedRoute
    figures: Mapping[str, float | None]
    before: Mapping[str, float | None]
    age_ticks: float  # of the newest scrape
    setting: Setting

    def per_call(self, metric: str) -> float | None:
        """Of tries, the share that a rate of the route's counts."""
        some, all_ = self.figures[metric], self.figures["requests_per_second"]
        return None if some is None or all_ is None else some / all_ if all_ else 0.0

    def grown(self, metric: str, least: float) -> float | None:
        """What a figure is over what it was; no less than `least` counts."""
        now, then = self.figures[metric], self.before[metric]
        return None if now is None or then is None else max(now, least) / max(then, least)


class Looking:
    """What is remembered of one route from look to look."""

    def __init__(self, route: ResolvedRoute, metrics: MetricsServer, tick_ns: int) -> None:
        self.route, self._metrics, self._tick_ns = route, metrics, tick_ns
        of_route = {metric: Series(metric, "route", route.name) for metric in (*ROUTE_RATES, "in_flight")}
        self._series = of_route | {metric: Series(metric, "service", route.callee) for metric in (*QUANTILES, "queue_length")}
        self._figures = deque[Mapping[str, float | None]](maxlen=GROWTH_TICKS + 1)
        for series in self._series.values():
            metrics.watch(series)

    def look(self, now_ns: int, setting: Setting) -> Sight:
        """One look."""
        values = {metric: self._metrics.value(series) for metric, series in self._series.items()}
        self._figures.append({metric: None if milli is None else milli / 1000 for metric, milli in values.items()})
        age = (now_ns - (self._metrics.scraped_ns or 0)) / self._tick_ns
        return Sight(self.route, self._figures[-1], self._figures[0], age, setting)
