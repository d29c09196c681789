"""A pool whose rounds divide flow from end to end."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from agents.negotiation.leases import EPOCH_SHIFT, MILLI, Lease
from agents.negotiation.machine import NOTHING
from agents.negotiation.messages import Content
from agents.negotiation.parties.flows.flow_plan import Plan, taken
from agents.negotiation.parties.knowing import FlowClass, Trade
from agents.negotiation.parties.pools.clearing import Division
from agents.negotiation.parties.pools.pool import PoolAgent
from agents.negotiation.protocols import leasing
from scenarios.schema.negotiating import Negotiation, Pool


@dataclass
class Intended:
    """What a round came to, and how much of it was told so far."""

    plan: Plan
    pays: Mapping[str, float]  # of a class, an hour, for all of its flow
    until_ns: int
    workloads: tuple[str, ...]  # who are to be told
    told: dict[str, Lease] = field(default_factory=dict)  # by class


class FlowPool(PoolAgent):
    """A pool whose rounds divide flow from end to end: classes get leases of rates, members the pods that these take.

    Flow is leased as far as pods are sure: the floors, and what members keep to. Who is to have less hears it at once; who is to have
    more, when the members have confirmed, or the round is closed.
    """

    def __init__(self, model: Any, name: str, described: Negotiation, pool: Pool, trades: Mapping[str, Trade],
                 classes: Mapping[str, FlowClass]) -> None:  # fmt: skip
        super().__init__(model, name, described, pool, trades)
        self.classes = dict(classes)
        self._tokens = 0
        self._flowing: dict[str, tuple[float, int]] = {}  # the newest lease of each class: its rate and its end
        self._intended: Intended | None = None  # of the newest round
        self._is_closed = False

    def begin(self) -> None:
        """Come to life without a plan."""
        self._intended = None
        super().begin()

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
        self.carry_out_pods(plan, pays, plan.rates)
        closed_ns = self.now_ns + 2 * self.described.deadline
        for workload in plan.rates:
            rate, until_ns = self._sure(workload)
            flowing, ends_ns = self._flowing.get(workload, (0.0, 0))
            if rate < flowing or ends_ns < closed_ns:
                self._tell_flow(workload, self._award(workload, rate, until_ns))

    def carry_out_pods(self, plan: Plan, pays: Mapping[str, float], workloads: Iterable[str]) -> None:
        """Grant the pods of a plan; `workloads`: the classes that hear of their flow besides."""
        self._intended, self._is_closed = Intended(plan, pays, self.now_ns + self.described.lease, tuple(workloads)), False
        self.settle(Division({name: (count - self.trades[name].described.floor) * self.trades[name].described.units
                              for name, count in plan.pods.items()}))  # fmt: skip

    def awards(self, workloads: Iterable[str]) -> dict[str, Content]:
        """Leases of the plan's flows for some classes, as far as pods are sure now, as messages carry them."""
        return {workload: self._award(workload, *self._sure(workload)) for workload in workloads}

    def keeps_to(self, holder: str, token: int) -> None:
        """A member keeps to a lease: there may be pods for more flow now."""
        super().keeps_to(holder, token)
        if self._is_closed or (self.office is not None and self.office.is_settled):
            self._tell_rest()

    def close(self) -> None:
        """Who has not confirmed by now may never do: flow for the pods that are sure."""
        super().close()
        self._is_closed = True
        self._tell_rest()

    def _tell_rest(self) -> None:
        """Tell classes anew for which more is sure than they were told of, or for longer."""
        if self._intended is None:
            return
        for workload in self._intended.workloads:
            (rate, until_ns), told = self._sure(workload), self._intended.told.get(workload)
            amount = math.floor(rate * MILLI)
            if told is None or amount > told.amount or (amount == told.amount and until_ns > told.expires_ns):
                self._tell_flow(workload, self._award(workload, rate, until_ns))

    def _sure(self, workload: str) -> tuple[float, int]:
        """(requests a second of a class that there are pods for, until when): where pods are short, all that needs them gets less alike."""
        assert self.office is not None and self._intended is not None, "a plan is made while the office is open"
        factor, until_ns = 1.0, self._intended.until_ns
        for service in self.classes[workload].pods:
            trade, needed = self.trades[service], taken(self._intended.plan.rates, self.classes, service)
            units, ends_ns = self.office.surely_held(service, self.now_ns)
            held = trade.described.floor + units // trade.described.units
            if needed > trade.described.floor:
                until_ns = min(until_ns, ends_ns) if units else until_ns
                factor = min(factor, held / needed)
        return self._intended.plan.rates[workload] * factor, until_ns

    def _award(self, workload: str, rate: float, until_ns: int) -> Content:
        """A lease of flow, as a message carries it. It is in no ledger: its pods are."""
        assert self._intended is not None, "what is awarded was planned"
        self._tokens += 1
        self._flowing[workload] = (rate, until_ns)
        lease = Lease(workload, math.floor(rate * MILLI), (self._epoch << EPOCH_SHIFT) | self._tokens, until_ns)
        self._intended.told[workload] = lease
        self.note({workload: lease})
        whole = self._intended.plan.rates[workload]
        pay = self._intended.pays.get(workload, 0.0) * (rate / whole if whole else 0.0)
        return lease.content() | {"pool": self.name, "pay": round(pay, 9), "round": self._divided}

    def _tell_flow(self, workload: str, award: Content) -> None:
        """Bring a class the lease of its flow."""
        name = f"{self.name}/{self._epoch}.{self.round}/flow/{workload}/{award['token']}"
        self.converse(leasing.Teller(self.name, name, workload, award, self.now_ns + self.described.deadline))
