"""The HPA with foresight: its one External metric is where a straight line through the last minutes leads."""

from __future__ import annotations

from dataclasses import replace

from agents.autoscaling import hpa
from agents.autoscaling.forecasting import NO_POINTS, line_at, with_newest
from agents.autoscaling.minds.hpa import behavior_of, observed
from agents.autoscaling.minds.planners import rate_of
from agents.policy import Needs, Verdict, View
from scenarios.schema.planning import Trend
from sim.commands import Command, Scale


class TrendPolicy:
    """Keeps the values of its window, and shows the HPA the larger of the latest and the extrapolated one."""

    mind = "trend"

    def __init__(self, described: Trend, service: str) -> None:
        self._described, self._series = described, rate_of(described.of, service)
        self.cadence_ns, self.needs = described.sync_period, Needs(series=(self._series,))
        self._name = f"{self._series} ahead"
        self.spec = hpa.HpaSpec(
            min_replicas=described.min, max_replicas=described.max,
            metrics=(hpa.SourceAverageValue(self._name, described.averageValue),),
            behavior=None if described.behavior is None else behavior_of(described.behavior),
            flags=hpa.ControllerFlags(tolerance=described.tolerance, sync_period_ns=described.sync_period),
        )  # fmt: skip
        self.state = hpa.HpaState()
        self.points = NO_POINTS  # (ns, thousandths) of the window

    def decide(self, view: View) -> Verdict:
        """One observation, and one sync."""
        value = view.values_milli.get(self._series)
        values = {}
        if value is not None:
            self.points = with_newest(self.points, view.now_ns, value, self._described.window)
            values = {self._name: max(value, round(line_at(self.points, view.now_ns + self._described.horizon)))}
        decision, self.state = hpa.decide(self.spec, self.state, replace(observed(view), values_milli=values), view.now_ns)
        commands = () if decision.desired == view.replicas else (Scale(view.service, decision.desired),)
        return Verdict(decision.reason, commands, decision.recommended)

    def carried_out(self, command: Command, view: View) -> None:
        """Remember the scale event, which counts against the rate limits."""
        self.state = hpa.scaled(self.state, self.spec, view.replicas, command.replicas, view.now_ns)
