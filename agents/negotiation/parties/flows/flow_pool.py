"""A pool whose rounds divide flow from end to end."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from agents.negotiation.leases import EPOCH_SHIFT, MILLI, Lease
from agents.negotiation.machine import NOTHING
from agents.negotiation.messages import Content
from agents.negotiation.parties.flows.flow_plan import Plan
from agents.negotiation.parties.knowing import FlowClass, Trade
from agents.negotiation.parties.pools.clearing import Division
from agents.negotiation.parties.pools.pool import PoolAgent
from agents.negotiation.protocols import leasing
from scenarios.schema.negotiating import Negotiation, Pool


class FlowPool(PoolAgent):
    """A pool whose rounds divide flow from end to end: classes get leases of rates, members the pods that these take."""

    def __init__(self, model: Any, name: str, described: Negotiation, pool: Pool, trades: Mapping[str, Trade],
                 classes: Mapping[str, FlowClass]) -> None:  # fmt: skip
        super().__init__(model, name, described, pool, trades)
        self.classes = dict(classes)
        self._tokens = 0
        self._flowing: dict[str, tuple[float, int]] = {}  # the newest lease of each class: its rate and its end

    @property
    def is_quiet(self) -> bool:
        """Whether leases of before a crash may be live, so that nothing is granted."""
        return self.office is not None and self.office.ledger.is_quiet(self.now_ns)

    def flowing(self, workload: str) -> float:
        """Requests a second that a class may be sending, by the newest lease it was told of."""
        rate, until_ns = self._flowing.get(workload, (0.0, 0))
        return rate if self.now_ns < until_ns else 0.0

    def carry_out(self, plan: Plan, pays: Mapping[str, float] = NOTHING) -> None:
        """Grant what a plan says: pods from the ledger, and rates beside it; `pays`: what a class pays for its flow, an hour."""
        if self.is_quiet:
            return  # pods are not to be had either
        self.carry_out_pods(plan)
        for workload, rate in plan.rates.items():
            self.tell_rate(workload, rate, pays.get(workload, 0.0))

    def tell_rate(self, workload: str, rate: float, pay: float) -> None:
        """Bring a class the lease of its flow."""
        name = f"{self.name}/{self._epoch}.{self.round}/flow/{workload}"
        lease = self.rate_award(self.rate_lease(workload, rate), pay)
        self.converse(leasing.Teller(self.name, name, workload, lease, self.now_ns + self.described.deadline))

    def rate_award(self, lease: Lease, pay: float) -> Content:
        """A lease of flow as a message carries it."""
        return lease.content() | {"pool": self.name, "pay": round(pay, 9)}

    def carry_out_pods(self, plan: Plan) -> None:
        """Grant the pods of a plan."""
        self.settle(Division({name: (count - self.trades[name].described.floor) * self.trades[name].described.units
                              for name, count in plan.pods.items()}))  # fmt: skip

    def rate_lease(self, workload: str, rate: float) -> Lease:
        """A lease of flow. It is in no ledger: its pods are."""
        self._tokens += 1
        self._flowing[workload] = (rate, self.now_ns + self.described.lease)
        token = (self._epoch << EPOCH_SHIFT) | self._tokens
        lease = Lease(workload, math.floor(rate * MILLI), token, self.now_ns + self.described.lease)
        self.note({workload: lease})
        return lease
