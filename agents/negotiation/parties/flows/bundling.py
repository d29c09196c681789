"""A combinatorial auction of flow: classes bid for bundles of capacity along their chains, and pods follow from who wins."""

from __future__ import annotations

import math
from collections.abc import Mapping

from agents.negotiation.leases import MILLI
from agents.negotiation.mechanisms.bundles import STATES_MAX, Bundle, exact, greedy
from agents.negotiation.messages import Content
from agents.negotiation.parties.flows.flow_plan import Plan, fitted
from agents.negotiation.parties.flows.flow_pool import FlowPool
from agents.negotiation.protocols import contract_net

UNITS = "units"
SMALL = 200_000  # ways to combine bids that are all looked at; beyond, the greedy rule decides


class BundleAuctioneer(FlowPool):
    """Calls the classes for bids on bundles of flow, one bundle each."""

    def hold_round(self) -> None:
        """Call for proposals."""
        assert self.pool.by.bundles is not None
        now_ns, step = self.now_ns, self.pool.by.bundles.step
        self.converse(contract_net.Initiator(
            self.name, f"{self.name}/{self._epoch}.{self.round}", self.classes, {"pool": self.name, "step": step},
            now_ns + self.described.deadline, self._choose, now_ns + 2 * self.described.deadline))  # fmt: skip

    def _choose(self, proposals: Mapping[str, Content]) -> dict[str, Content]:
        """Divide in whole pods: grant the pods to their services, and award the flows. Who is silent keeps what he may be sending."""
        if self.is_quiet:
            return {}
        plan, pays = self._cleared(proposals)
        self.carry_out_pods(plan, pays, proposals)
        return self.awards(proposals)

    def _cleared(self, proposals: Mapping[str, Content]) -> tuple[Plan, dict[str, float]]:
        """Who wins what, with so much of the capacity left out that whole pods fit in."""
        kept = {workload: self.flowing(workload) for workload in self.classes if workload not in proposals}
        taken = math.ceil(sum(rate * self.classes[workload].units(self.trades) for workload, rate in kept.items()))
        left_out = 0
        while True:
            won, pays = self._won(proposals, max(0, self.pool.capacity - taken - left_out))
            rates = won | kept
            plan = fitted(rates, self.classes, self.trades, self.pool.capacity)
            if plan.rates == rates or left_out >= sum(one.described.units for one in self.trades.values()):
                return plan, {workload: pay * plan.rates[workload] / rates[workload] for workload, pay in pays.items() if rates[workload]}
            left_out += 1

    def _won(self, proposals: Mapping[str, Content], capacity: int) -> tuple[dict[str, float], dict[str, float]]:
        assert self.pool.by.bundles is not None
        step, bids, combinations = self.pool.by.bundles.step, {}, 1
        for workload, one in proposals.items():
            taken, price = self.classes[workload].units(self.trades), self.pool.price
            ladder = [(math.ceil(n * step * taken * MILLI), value - price * n * step * taken) for n, value in enumerate(one["values"])]
            bids[workload] = [Bundle({UNITS: units}, worth) for units, worth in ladder[1:] if worth > 0 and units <= capacity * MILLI]
            combinations *= len(bids[workload]) + 1
        is_small = combinations <= SMALL and (capacity * MILLI + 1) * len(bids) <= STATES_MAX
        found = (exact if is_small else greedy)(bids, {UNITS: capacity * MILLI})
        rates = dict.fromkeys(self.classes, 0.0)
        pays = {}
        for workload, bundle in found.won.items():
            rates[workload] = bundle.units[UNITS] / MILLI / self.classes[workload].units(self.trades)
            pays[workload] = found.payments[workload] + self.pool.price * bundle.units[UNITS] / MILLI
        return rates, pays
