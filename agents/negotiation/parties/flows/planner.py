"""A central planner in the chair of a pool: it asks nobody, and tells everyone what to have. With delayed telemetry, or the truth."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agents.negotiation.parties.flows.flow_plan import planned
from agents.negotiation.parties.flows.flow_pool import FlowPool
from agents.negotiation.parties.knowing import FlowClass, Trade
from agents.negotiation.parties.truth import TrueRates
from agents.negotiation.parties.valuing import Outlook
from scenarios.flow import Flow
from scenarios.schema.negotiating import Negotiation, Pool
from sim.platform.metrics import Series


class PlannerAgent(FlowPool):
    """Solves for all at once (flow_plan.planned)."""

    def __init__(self, model: Any, name: str, described: Negotiation, pool: Pool, trades: Mapping[str, Trade],
                 classes: Mapping[str, FlowClass]) -> None:  # fmt: skip
        super().__init__(model, name, described, pool, trades, classes)
        assert pool.by.planner is not None
        self._ahead_of_it_ns = described.every + max(round(self.world.services[service].startup.mean_ns) for service in trades)
        self._truth = TrueRates(Flow(self.world).arrivals) if pool.by.planner.view == "clairvoyant" else None

    def hold_round(self) -> None:
        """Plan for the demand that is seen, if it is."""
        outlooks = {workload: self._outlook(workload) for workload in self.classes}
        known = {workload: outlook for workload, outlook in outlooks.items() if outlook is not None}
        if len(known) == len(outlooks):
            self.carry_out(planned(self.classes, self.trades, known, self.pool.capacity, self.pool.price))

    def _outlook(self, workload: str) -> Outlook | None:
        if self._truth is not None:
            now_ns = int(self.clock.now_ns)
            rate = self._truth.mean(workload, now_ns, now_ns + self._ahead_of_it_ns)
            return Outlook.around(rate, self.pool.spread)
        milli = self.sees(Series("requests_per_second", "workload", workload))
        return None if milli is None else Outlook.around(milli / 1000, self.pool.spread)
