"""A central planner in the chair of a pool: it asks nobody, and tells everyone what to have. With delayed telemetry, or the truth."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil
from typing import Any

from agents.negotiation.parties.flows.flow_ahead import Ahead, planned_ahead
from agents.negotiation.parties.flows.flow_plan import planned
from agents.negotiation.parties.flows.flow_pool import FlowPool
from agents.negotiation.parties.knowing import FlowClass, Trade
from agents.negotiation.parties.truth import TrueRates
from agents.negotiation.parties.valuing import Outlook
from scenarios.flow import Flow
from scenarios.schema.negotiating import Negotiation, Pool
from sim.platform.metrics import Series

ROUNDS_AHEAD = 4  # beyond the start of a pod: farther off, another plan is made before it matters


class PlannerAgent(FlowPool):
    """Solves for all at once, with what scrapes have brought (flow_plan.planned)."""

    def hold_round(self) -> None:
        """Plan for the demand that is seen, if it is."""
        outlooks = {workload: self._outlook(workload) for workload in self.classes}
        known = {workload: outlook for workload, outlook in outlooks.items() if outlook is not None}
        if len(known) == len(outlooks):
            self.carry_out(planned(self.classes, self.trades, known, self.pool.capacity, self.pool.price))

    def _outlook(self, workload: str) -> Outlook | None:
        milli = self.sees(Series("requests_per_second", "workload", workload))
        return None if milli is None else Outlook.around(milli / 1000, self.pool.spread)


class ClairvoyantAgent(FlowPool):
    """Knows what the file will offer, and plans the rounds to come (flow_ahead.planned_ahead): a reference, which nobody can be."""

    def __init__(self, model: Any, name: str, described: Negotiation, pool: Pool, trades: Mapping[str, Trade],
                 classes: Mapping[str, FlowClass]) -> None:  # fmt: skip
        super().__init__(model, name, described, pool, trades, classes)
        self._truth = TrueRates(Flow(self.world).arrivals)
        self._starts = {service: ceil(self.world.services[service].startup.mean_ns / described.every) for service in trades}

    def hold_round(self) -> None:
        """Plan for what will come; only its chance is not known."""
        now_ns, every_ns, cluster = int(self.clock.now_ns), self.described.every, self.around.mesh.cluster
        times_ns = [now_ns + at * every_ns for at in range(max(self._starts.values()) + ROUNDS_AHEAD)]
        outlooks = [{workload: Outlook.known(self._truth.mean(workload, time_ns, time_ns + every_ns)) for workload in self.classes}
                    for time_ns in times_ns]  # fmt: skip
        ahead = Ahead(outlooks, {service: cluster.replicas(service) for service in self.trades}, self._starts)
        self.carry_out(planned_ahead(self.classes, self.trades, ahead, self.pool.capacity, self.pool.price))
