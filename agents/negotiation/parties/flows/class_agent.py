"""Classes of requests: an agent at the gateway of each, which sees what comes and keeps what goes in to its lease."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from agents.negotiation.leases import MILLI, Lease
from agents.negotiation.machine import Conversation
from agents.negotiation.messages import Content, Message, Performative
from agents.negotiation.parties.kept import KeptLease, Leaseholder
from agents.negotiation.parties.knowing import FlowClass
from agents.negotiation.parties.valuing import SURE, Outlook
from agents.negotiation.protocols import contract_net, dual_decomposition, leasing
from scenarios.schema.misreporting import TRUTH
from scenarios.schema.negotiating import Negotiation, Pool
from scenarios.schema.routing import Edge, ResolvedRoute, resolve
from scenarios.schema.scenario import Scenario
from scenarios.schema.units import NS_PER_S
from sim.commands import RateLimited
from sim.platform.metrics import Series


def gates(world: Scenario, workload: str) -> dict[str, tuple[ResolvedRoute, float]]:
    """The limited routes by which a class comes in, and the share of it that takes each."""
    entries, found = world.workload[workload].entries, dict[str, tuple[ResolvedRoute, float]]()
    for target, weight in entries.items():
        service, endpoint = target.split(".")
        route = resolve(world.routes, Edge(workload, "", service, endpoint))
        if route.local_rate_limit is not None:
            share = weight / sum(entries.values())
            found[route.name] = (route, share + (found[route.name][1] if route.name in found else 0.0))
    return found


def whole_tokens(rate: float, fill_interval_ns: int) -> int:
    """Tokens a fill for so many requests a second: rounded up, for a slow class would be shut out; a millionth is not one more."""
    return math.ceil(round(rate * fill_interval_ns / NS_PER_S, 6))


class ClassAgent(Leaseholder):
    """The agent of one class of requests; its leases are of thousandths of a request a second."""

    def __init__(self, model: Any, flow: FlowClass, name: str, described: Negotiation, pool: Pool, floor_rate: float,
                 units: float) -> None:  # fmt: skip
        """`name` is the pool's; `floor_rate`: requests a second that go in without a lease; `units`: of the pool, for one of them."""
        super().__init__(model, flow.workload)
        self.flow, self.pool_name, self.described, self.pool, self.floor_rate = flow, name, described, pool, floor_rate
        self.units = units
        self.lie = pool.misreport.get(flow.workload, TRUTH)
        self.mind = pool.by.kind
        self._rate = Series("requests_per_second", "workload", flow.workload)
        self.kept = KeptLease(self, described.every, self._fall_back)
        self._gates = gates(self.world, flow.workload)
        self._tokens = {name: route.local_rate_limit.token_bucket.tokens_per_fill for name, (route, _) in self._gates.items()
                        if route.local_rate_limit is not None}  # a fill, by route

    def outlook(self) -> Outlook | None:
        """Demand to come, as far as it can be told, and as it tells it; None before the first scrape."""
        milli = self.sees(self._rate)
        return None if milli is None else Outlook.around(self.lie.rate * milli / 1000, self.pool.spread)

    def answering(self, message: Message, /) -> Conversation | None:
        """Take part in its pool's conversations."""
        if message.sender != self.pool_name:
            return None
        if message.protocol == leasing.PROTOCOL:
            return leasing.Holder(self.name, message.conversation_id, message.sender, self.keep)
        if message.protocol == dual_decomposition.PROTOCOL:
            if self.outlook() is None:
                return None  # who has seen nothing yet has nothing to say
            done_by_ns = self.now_ns + 2 * self.described.deadline
            return dual_decomposition.RateSetter(self.name, message.conversation_id, {self.pool_name: self.pool.price}, self.rate_at,
                                                 self.described.deadline, done_by_ns)  # fmt: skip
        if message.performative in (Performative.CFP, Performative.ACCEPT_PROPOSAL):
            return contract_net.Participant(self.name, message.protocol, message.conversation_id, message.sender,
                                            self.bid, self.perform, self.described.deadline)  # fmt: skip
        return None

    def bid(self, call: Content, _: int) -> Content | None:
        """What flow from end to end is worth to it, step by step, as it would say: an offer for one of these bundles."""
        outlook, an_hour = self.outlook(), 3.6 * self.lie.worth * self.eagerness * self.flow.worth
        if outlook is None:
            return None
        steps = max(1, math.ceil(outlook.exceeded_by(SURE) / call["step"]))
        nothing = outlook.served(0.0)
        return {"values": [round(an_hour * (outlook.served(n * call["step"]) - nothing), 9) for n in range(steps + 1)]}

    def rate_at(self, prices: Mapping[str, float]) -> float:
        """The flow it would say it wants at a price of units: where one more request a second is used just often enough to pay."""
        outlook, an_hour = self.outlook(), 3.6 * self.lie.worth * self.eagerness * self.flow.worth
        if outlook is None or an_hour <= 0:
            return 0.0
        return outlook.exceeded_by(max(SURE, prices[self.pool_name] * self.units / an_hour))

    def keep(self, content: Content, _: int) -> bool:
        """Keep to a lease and pay for it, unless a newer one was seen."""
        lease = Lease(self.name, content["amount"], content["token"], content["expires_ns"])
        if not self.kept.take(lease):
            return False
        self.kept.pay(content)
        self._obey(f"lease until {lease.expires_ns / NS_PER_S:g}s", lease.amount / MILLI)
        return True

    def _fall_back(self) -> None:
        self._obey("lease is over: what the floors serve", self.floor_rate)

    def _obey(self, why: str, rate: float) -> None:
        """Let so many requests a second in, where there is a gate."""
        for name, (route, share) in self._gates.items():
            assert route.local_rate_limit is not None, "only limited routes are gates"
            bucket = route.local_rate_limit.token_bucket
            tokens = whole_tokens(rate * share, bucket.fill_interval)
            before, self._tokens[name] = self._tokens[name], tokens
            applied = self.around.carry_out(RateLimited(name, tokens, max(1, tokens)))
            self.decided(self.name, self.mind, before, None, tokens, f"{why}: {rate:.4g}/s on {name}", applied=applied)
