"""Planners: by the clock, by queueing theory, by a forecast, and with the scenario in their hands."""

from __future__ import annotations

import math

from agents.autoscaling.cron import Schedule, scheduled
from agents.autoscaling.forecasting import HoltWinters, ahead, followed, season_ago
from agents.autoscaling.lookahead import Offered, cores_needed
from agents.autoscaling.minds.hpa import series_named
from agents.autoscaling.staffing import exact_servers_for, servers_for
from agents.policy import Needs, View
from scenarios.flow import cores
from scenarios.schema.planning import Forecast, Lookahead, Staffing, Timetable
from scenarios.schema.scenario import Scenario
from scenarios.schema.units import NS_PER_S
from sim.platform.metrics import Series


class CronPlanner:
    """Pods by the time of the day."""

    mind, needs = "cron", Needs()

    def __init__(self, described: Timetable) -> None:
        self._schedules = [Schedule(one.start, one.end, one.period, one.desiredReplicas) for one in described.schedules]
        self._otherwise = described.replicas

    def want(self, view: View) -> tuple[int, str]:
        """What the timetable says."""
        return scheduled(self._schedules, self._otherwise, view.now_ns)


class StaffingPlanner:
    """Square-root staffing of the service's cores."""

    mind = "staffing"

    def __init__(self, described: Staffing, service: str, world: Scenario) -> None:
        self._described, self._cores_a_pod = described, cores(world.services[service])
        self._rate = Series("requests_per_second", "service", service)
        self.needs = Needs(series=(self._rate,) if described.service_time is not None else ())

    def want(self, view: View) -> tuple[int | None, str]:
        """Servers for the load offered, and pods for the servers."""
        load = self._load(view)
        if load is None:
            return None, "offered load unknown: stays"
        rule = exact_servers_for if self._described.method == "erlang_c" else servers_for
        servers = rule(load, self._described.target_wait)
        pods = math.ceil(servers / self._cores_a_pod)
        return pods, f"load {load:.4g} Erlang, {servers} cores for {self._described.target_wait:.3g} to wait -> {pods}"

    def _load(self, view: View) -> float | None:
        time_ns = self._described.service_time
        if time_ns is None:
            used = [pod.usage_millicores for pod in view.pods if pod.usage_millicores is not None]
            return sum(used) / 1000 if used else None
        rate = view.values_milli.get(self._rate)
        return None if rate is None else rate / 1000 * time_ns / NS_PER_S


class ForecastPlanner:
    """Pods for the requests expected a lead ahead; for those of now until a season has been seen."""

    mind = "forecast"

    def __init__(self, described: Forecast, service: str) -> None:
        self._described, self._series = described, series_named("requests_per_second", described.of, service)
        self._period, self._steps = described.season // described.interval, max(1, -(-described.lead // described.interval))
        self.needs = Needs(series=(self._series,))
        self.model = HoltWinters(self._period, described.alpha, described.beta, described.gamma)
        self.values: tuple[float, ...] = ()  # of the last season

    def want(self, view: View) -> tuple[int | None, str]:
        """One observation, and a forecast."""
        milli = view.values_milli.get(self._series)
        if milli is None:
            return None, f"{self._series} unknown: stays"
        now = milli / 1000
        self.model, self.values = followed(self.model, now), (*self.values, now)[-self._period :]
        expected = self._expected()
        value = now if expected is None else max(0.0, expected)
        pods = math.ceil(value * 1000 / self._described.averageValue)
        told = "no season yet" if expected is None else f"{value:.4g} expected in {self._steps * self._described.interval / NS_PER_S:g}s"
        return pods, f"{self._series} {now:g}, {told}, {self._described.averageValue / 1000:g} a pod -> {pods}"

    def _expected(self) -> float | None:
        if self._described.method == "seasonal_naive":
            return season_ago(self.values, self._period, self._steps) if len(self.values) == self._period else None
        return ahead(self.model, self._steps) if self.model.is_ready else None


class LookaheadPlanner:
    """Pods for the most that the scenario will offer until the next decision's pods are ready."""

    mind, needs = "lookahead", Needs()

    def __init__(self, described: Lookahead, service: str, world: Scenario) -> None:
        self._described, self._cores_a_pod, self._offered = described, cores(world.services[service]), Offered(world, service)

    def want(self, view: View) -> tuple[int, str]:
        """What the future will ask for."""
        until_ns = view.now_ns + self._described.lead + self._described.interval
        most = float(self._offered.most(view.now_ns, until_ns)[0])
        pods = math.ceil(cores_needed(most, self._described.target_utilization) / self._cores_a_pod)
        return pods, f"clairvoyant: at most {most:.4g} cores of work until {until_ns / NS_PER_S:g}s -> {pods}"
