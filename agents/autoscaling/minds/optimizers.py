"""Planners that weigh what pods cost against what waiting costs: lazy capacity provisioning, and model predictive control."""

from __future__ import annotations

from agents.autoscaling.fluid import Fluid, planned
from agents.autoscaling.forecasting import NO_POINTS, line_at, with_newest
from agents.autoscaling.lazy import Costs, begun, bounds, followed, lazily, step_costs
from agents.autoscaling.minds.hpa import series_named
from agents.policy import Needs, View
from scenarios.schema.optimizing import LazyCapacity, Mpc, Optimizer
from scenarios.schema.units import NS_PER_S
from sim.platform.metrics import Series


class Foreseen:
    """The rate that comes, and where the straight line through the last of them leads."""

    def __init__(self, described: Optimizer, service: str) -> None:
        self.series = series_named("requests_per_second", described.of, service)
        self._described, self.points = described, NO_POINTS

    def rates(self, view: View, steps: int) -> list[float] | None:
        """Requests a second: now, and so many intervals on; None where there is no figure now."""
        milli = view.values_milli.get(self.series)
        if milli is None:
            return None
        self.points = with_newest(self.points, view.now_ns, milli, self._described.history)
        ahead = (line_at(self.points, view.now_ns + step * self._described.interval) for step in range(1, steps + 1))
        return [milli / 1000, *(max(0.0, value / 1000) for value in ahead)]


class LazyPlanner:
    """Lazy capacity provisioning, of which the steps are intervals."""

    mind = "lcp"

    def __init__(self, described: LazyCapacity, service: str) -> None:
        self._described, self._foreseen = described, Foreseen(described, service)
        self.needs = Needs(series=(self._foreseen.series,))
        self._steps, self._startup_cost = described.steps(described.window), described.startup_cost / described.interval
        self.course: Costs | None = None

    def want(self, view: View) -> tuple[int | None, str]:
        """The pods there are, or the nearer of the two bounds."""
        rates = self._foreseen.rates(view, self._steps)
        if rates is None:
            return None, f"{self._foreseen.series} unknown: stays"
        told, least, most = self._described, self._described.min, self._described.max
        step, *ahead = (step_costs(rate / told.service_rate, told.request_cost, least, most) for rate in rates)
        before = begun(view.replicas, least, most, self._startup_cost) if self.course is None else self.course
        self.course = followed(before, step, self._startup_cost)
        lower, upper = bounds(self.course, ahead, least, self._startup_cost)
        pods = lazily(view.replicas, lower, upper)
        work = f"{self._foreseen.series} {rates[0]:g} keeps {rates[0] / told.service_rate:.4g} pods busy"
        return pods, f"{work}, no optimal plan has fewer than {lower} or more than {upper} -> {pods}"


class MpcPlanner:
    """Model predictive control, of which the steps are intervals."""

    mind = "mpc"

    def __init__(self, described: Mpc, service: str) -> None:
        self._foreseen, self._steps = Foreseen(described, service), described.steps(described.horizon)
        self._interval_s = described.interval / NS_PER_S
        self._queue = Series("queue_length", "service", service)
        self.needs = Needs(series=(self._foreseen.series, self._queue))
        self.fluid = Fluid(
            service_rate=described.service_rate * self._interval_s, delay=described.delay / described.interval,
            excess_cost=described.excess_cost, startup_cost=described.startup_cost / described.interval,
            lead=described.steps(described.lead), least=described.min, most=described.max)  # fmt: skip
        self.asked: tuple[int, ...] = ()  # in the steps before, as far back as the lead

    def want(self, view: View) -> tuple[int | None, str]:
        """The first step of the plan."""
        rates, queue = self._foreseen.rates(view, self._steps - 1), view.values_milli.get(self._queue)
        back = max(1, self.fluid.lead)
        self.asked = (*(self.asked or (view.replicas,) * back), view.replicas)[-back:]
        if rates is None or queue is None:
            return None, f"{self._foreseen.series if rates is None else self._queue} unknown: stays"
        plan = planned(self.fluid, queue / 1000, self.asked, [rate * self._interval_s for rate in rates])
        return plan[0], f"{self._foreseen.series} {rates[0]:g}, {queue / 1000:g} waiting, plan {_told(plan)} -> {plan[0]}"


def _told(plan: tuple[int, ...]) -> str:
    """At which steps it changes: 2, 3 from step 4 on."""
    changes = [f"{pods} from step {k} on" for k, pods in enumerate(plan) if k and pods != plan[k - 1]]
    return ", ".join([str(plan[0]), *changes])
