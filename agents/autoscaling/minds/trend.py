"""The HPA with foresight: its one External metric is where a straight line through the last minutes leads."""

from __future__ import annotations

from agents.autoscaling import hpa
from agents.autoscaling.forecasting import NO_POINTS, line_at, with_newest
from agents.autoscaling.minds.hpa import Controller, behavior_of, series_named
from agents.policy import Needs, Verdict, View
from scenarios.schema.planning import Trend


class TrendPolicy(Controller):
    """Keeps the values of its window, and shows the HPA the larger of the latest and the extrapolated one."""

    mind = "trend"

    def __init__(self, described: Trend, service: str) -> None:
        self._described, self._series = described, series_named("requests_per_second", described.of, service)
        self.cadence_ns, self.needs = described.sync_period, Needs(series=(self._series,))
        self._name = f"{self._series} ahead"
        super().__init__(hpa.HpaSpec(
            min_replicas=described.min, max_replicas=described.max,
            metrics=(hpa.SourceAverageValue(self._name, described.averageValue),),
            behavior=None if described.behavior is None else behavior_of(described.behavior),
            flags=hpa.ControllerFlags(tolerance=described.tolerance, sync_period_ns=described.sync_period),
        ))  # fmt: skip
        self.points = NO_POINTS  # (ns, thousandths) of the window

    def decide(self, view: View) -> Verdict:
        """One observation, and one sync."""
        value = view.values_milli.get(self._series)
        values = {}
        if value is not None:
            self.points = with_newest(self.points, view.now_ns, value, self._described.window)
            values = {self._name: max(value, round(line_at(self.points, view.now_ns + self._described.horizon)))}
        return self.sync(view, values)
