"""A service that takes its pods from a pool: it says what it wants or what more would be worth to it, and keeps to its lease."""

from __future__ import annotations

from typing import Any

from agents.negotiation.leases import Lease
from agents.negotiation.machine import Conversation
from agents.negotiation.messages import Content, Message, Performative
from agents.negotiation.parties.kept import KeptLease, Leaseholder
from agents.negotiation.parties.knowing import Trade
from agents.negotiation.parties.party import Party
from agents.negotiation.parties.valuing import Outlook, values, wanted
from agents.negotiation.protocols import contract_net, leasing
from scenarios.schema.negotiating import Negotiation, Pool
from scenarios.schema.units import HOUR_NS, NS_PER_S
from sim.commands import Scale
from sim.platform.metrics import Series

BEGUN_TOKEN = 0  # of the lease that the file stands for: older than all that are granted
PURSE_ROUNDS = 20  # what a purse holds at most: its budget of so many rounds


class Wanting(Party):
    """One service's agent, and what it wants of the pool."""

    def __init__(self, model: Any, trade: Trade, name: str, described: Negotiation, pool: Pool) -> None:
        """`name` is the pool's."""
        super().__init__(model, trade.service)
        self.trade, self.pool_name, self.described, self.pool = trade, name, described, pool
        self.mind = pool.by.kind
        self._rate = Series("requests_per_second", "service", trade.service)
        model.mesh.metrics.watch(self._rate)

    eagerness = 1.0

    @property
    def pods(self) -> int:
        """Pods of its service that are asked for."""
        return self.around.mesh.cluster.replicas(self.name)

    def outlook(self) -> Outlook | None:
        """Demand to come, as far as it can be told; None before the first scrape."""
        milli = self.sees(self._rate)
        return None if milli is None else Outlook.around(milli / 1000, self.pool.spread)

    def wants(self, most: int, price: float) -> int | None:
        """Units beyond its floor that it would take at a price, as it would say."""
        outlook, own = self.outlook(), self.trade.described
        if outlook is None:
            return None
        floor = own.floor * own.units
        worths = values(outlook, self.trade.per_pod, self.trade.worth * self.eagerness, floor + most, own.units)[floor:]
        return min(most, round(own.misreport * wanted(worths, price) / own.units) * own.units)


class MemberAgent(Leaseholder, Wanting):
    """And who keeps to leases, in the chair of its pool.

    The lease it keeps to is kept by the platform, too, as Kubernetes keeps Lease objects: while the agent is dead its pods stay,
    and when the lease is over they go, whoever lives.
    """

    def __init__(self, model: Any, trade: Trade, name: str, described: Negotiation, pool: Pool) -> None:
        super().__init__(model, trade, name, described, pool)
        self.kept = KeptLease(self, described.every, self._fall_back)
        self.kept.take(Lease(trade.service, trade.begun, BEGUN_TOKEN, self.now_ns + described.lease))
        self.purse: float | None = None if trade.described.budget is None else self._full_purse
        self._filled_ns = 0  # by true time

    def worths(self, most: int) -> list[float] | None:
        """What each number of units beyond its floor is worth to it an hour, as it would say: 0 to `most` units."""
        outlook, own = self.outlook(), self.trade.described
        if outlook is None:
            return None
        floor = own.floor * own.units
        told = values(outlook, self.trade.per_pod, self.trade.worth, floor + most, own.units)[floor:]
        bids = [own.misreport * self.eagerness * (worth - told[0]) for worth in told]
        if self.purse is None:
            return bids
        most_paid = max(0.0, self.purse) * HOUR_NS / self.described.every  # who was topped up late may be in debt
        return [min(bid, most_paid) for bid in bids]

    def answering(self, message: Message, /) -> Conversation | None:
        """Take part in its pool's conversations."""
        if message.sender != self.pool_name:
            return None
        if message.protocol == leasing.PROTOCOL:
            return leasing.Holder(self.name, message.conversation_id, message.sender, self.keep)
        if message.performative in (Performative.CFP, Performative.ACCEPT_PROPOSAL):
            return contract_net.Participant(self.name, message.protocol, message.conversation_id, message.sender,
                                            self.bid, self.perform, self.described.deadline)  # fmt: skip
        return None

    def bid(self, call: Content, _: int, /) -> Content | None:
        """What it is asked for: what units are worth to it, or how many it wants."""
        self._fill_purse()
        if "asks" not in call:
            return self._at_price(call["price"])
        worths = self.worths(call["units"])
        if worths is None:
            return None
        if call["asks"] == "values":
            return {"values": [round(worth, 9) for worth in worths]}
        return {"amount": self.wants(call["units"], call["price"])}

    def _at_price(self, price: float) -> Content | None:
        """Units it would take at a price that is called, as it would say, and could pay for."""
        worths = self.worths(self.pool.capacity)
        return None if worths is None else {"units": wanted(worths, price) // self.trade.described.units * self.trade.described.units}

    def keep(self, content: Content, now_ns: int) -> bool:
        """Keep to a lease and pay for it, unless a newer one was seen."""
        lease = Lease(self.name, content["amount"], content["token"], content["expires_ns"])
        if not self.kept.take(lease):
            return False
        due = self.kept.pay(content)
        if self.purse is not None:
            self.purse -= due
        price = f", pays {content['pay']:.4g}/h" if content.get("pay") else ""
        self.obey(f"lease of {lease.amount} units until {lease.expires_ns / NS_PER_S:g}s{price}", now_ns)
        return True

    def obey(self, why: str, now_ns: int) -> None:
        """Ask for as many pods as its floor and its lease allow."""
        own, cluster = self.trade.described, self.around.mesh.cluster
        pods, before = own.floor + self.holding.usable(now_ns) // own.units, cluster.replicas(self.name)
        applied = pods != before and self.around.carry_out(Scale(self.name, pods))
        self.decided(self.name, self.mind, before, None, pods, f"{why} -> {pods}", applied=applied)

    def _fall_back(self) -> None:
        self.obey("lease is over: its floor", self.now_ns)

    @property
    def _full_purse(self) -> float:
        return (self.trade.described.budget or 0.0) * PURSE_ROUNDS * self.described.every / HOUR_NS

    def _fill_purse(self) -> None:
        """By as much as its budget brings since the last time."""
        now_ns = int(self.clock.now_ns)
        if self.purse is not None and self.trade.described.budget is not None:
            self.purse = min(self._full_purse, self.purse + self.trade.described.budget * (now_ns - self._filled_ns) / HOUR_NS)
        self._filled_ns = now_ns
