"""A central planner in the chair of a chain: it asks nobody, and tells every caller what it may send."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agents.negotiation.leases import MILLI
from agents.negotiation.parties.chains.chain import ChainAgent
from agents.negotiation.parties.chains.desk import foreseen
from agents.negotiation.parties.chains.legs import MICRO, Leg
from agents.negotiation.parties.flows.flow_plan import stretches_of
from agents.negotiation.parties.truth import TrueRates
from agents.solving import Row, cheapest
from scenarios.flow import Flow
from scenarios.schema.negotiating import Credits, Negotiation
from sim.platform.metrics import Series


class ChainPlanner(ChainAgent):
    """Holds all ledgers. It admits the flows that are worth most together, and grants every leg what these take."""

    def __init__(self, model: Any, name: str, described: Negotiation, terms: Credits, legs: Mapping[str, Leg]) -> None:
        super().__init__(model, name, name, described, terms, legs, terms.services)
        assert terms.by.planner is not None
        self._truth = TrueRates(Flow(self.world).arrivals) if terms.by.planner.view == "clairvoyant" else None

    def begin(self) -> None:
        """Plan every so often."""
        super().begin()
        self.wake_after(self.described.every, self.turn)

    def hold_round(self) -> None:
        """Plan for the demand that is seen, if it is: the end of the chain first, so that nobody is let in for nothing."""
        seen = {workload: self._demand(workload) for workload in self.world.workload}
        demand = {workload: rate for workload, rate in seen.items() if rate is not None}
        if len(demand) < len(seen):
            return
        admitted = self.admitted(demand)
        limits: dict[str, float] = {}
        for service in reversed(self.terms.services):
            desk, now_ns = self.desks[service], self.now_ns
            desk.wants = {name: sum(admitted[one] * count for one, count in leg.flows.items()) for name, leg in desk.legs.items()}
            self.tell(desk, desk.divide(self.mind, limits, now_ns, now_ns + self.described.lease), "told")
            limits |= {name: share.rate(desk.legs[name]) for name, share in desk.shares.items()}

    def admitted(self, demand: Mapping[str, float]) -> dict[str, float]:
        """Requests a second of each class that are worth most together, within every service's pods.

        Maximise sum_k worth_k E[min(D_k, x_k)]; the expectation is concave, and drawn straight between quantiles of demand.
        """
        window_ns = self.world.telemetry.scrape_interval
        parts = [(name, width, used) for name, rate in demand.items()
                 for width, used in stretches_of(foreseen(rate, self.terms, window_ns))]  # fmt: skip
        rates = dict.fromkeys(demand, 0.0)
        if not parts:  # nobody comes
            return rates
        rows: list[Row] = []
        for desk in self.desks.values():
            taken = {name: sum(leg.flows.get(name, 0.0) / leg.per_pod for leg in desk.legs.values()) for name in demand}
            rows.append(({at: -taken[name] for at, (name, *_) in enumerate(parts)}, -desk.capacity / MICRO))
        found = cheapest([-self.terms.worth.get(name, 1.0) * used for name, _, used in parts], rows, [0.0] * len(parts),
                         [width for _, width, _ in parts], [False] * len(parts))  # fmt: skip
        for (name, *_), rate in zip(parts, found, strict=True):
            rates[name] += rate
        return rates

    def _demand(self, workload: str) -> float | None:
        if self._truth is not None:
            now_ns = int(self.clock.now_ns)
            return self._truth.mean(workload, now_ns, now_ns + self.described.every)
        milli = self.sees(Series("requests_per_second", "workload", workload))
        return None if milli is None else milli / MILLI
