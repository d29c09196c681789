"""Who bids: services for pods, or classes of requests for flow, as the mechanism of the pool asks them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from agents.control_plane import ControlPlane
from agents.learning.bidding.sight import Sight, flow_worths
from agents.learning.watched import Rates
from agents.negotiation.parties.flows.class_agent import ClassAgent
from agents.negotiation.parties.kept import Leaseholder
from agents.negotiation.parties.pools.clearing import asks_for
from agents.negotiation.parties.pools.member import Wanting
from agents.negotiation.parties.valuing import values
from scenarios.errors import ScenarioError
from scenarios.flow import Flow
from scenarios.schema.negotiating import ASKING_CLASSES, FLOW_MECHANISMS, UNARRANGED, Negotiation, Pool
from scenarios.schema.scenario import Scenario
from scenarios.schema.units import NS_PER_S
from scenarios.worth import visits_by_service
from sim.platform.metrics import Series

MILLI = 1000


@dataclass(frozen=True)
class Auction:
    """The pool of a world for which bids are made."""

    name: str
    described: Negotiation
    pool: Pool
    bidders: Mapping[str, Mapping[str, float]]  # by name: its classes of requests, and how often one of each comes to it
    is_bid_for: bool  # whether the mechanism asks what more is worth


def auction(world: Scenario) -> Auction:
    """The first of the world. Raises ScenarioError where there is none.

    Under a mechanism that asks for no bids, rows are the members of the pool all the same: so may it be compared with one that does.
    """
    flow = Flow(world)
    visits = {workload: visits_by_service(flow, workload) for workload in world.workload}
    for name, described in world.negotiations.items():
        pool = described.pool
        if pool is None:
            continue
        if pool.by.kind in ASKING_CLASSES:
            return Auction(name, described, pool, {one: {one: 1.0} for one in sorted(world.workload)}, is_bid_for=True)
        asked = {one: {workload: some[one] for workload, some in visits.items() if some.get(one)} for one in sorted(pool.members)}
        return Auction(name, described, pool, asked, _asks_for_values(pool))
    raise ScenarioError("negotiations: there is no pool here, so there are no bids for a policy to multiply; describe one, as "
                        "negotiations.pods.pool: {capacity: 20, members: {front: {}, back: {}}, by: uniform_price}")  # fmt: skip


def _asks_for_values(pool: Pool) -> bool:
    return pool.by.kind not in (*UNARRANGED, *FLOW_MECHANISMS, "concession") and asks_for(pool.by.kind) == "values"


class Bidder:
    """One of them, in a mesh."""

    def __init__(self, plane: ControlPlane, place: Auction, name: str, tick_ns: int) -> None:
        party = plane.parties[name]
        assert isinstance(party, Wanting | ClassAgent), "rows are members, or classes"
        self.name, self.party, self._plane, self._auction, self._tick_ns = name, party, plane, place, tick_ns
        world, metrics = plane.mesh.scenario, plane.mesh.metrics
        self._rate, self._rates = Series("requests_per_second", "service" if name in world.services else "workload", name), Rates()
        metrics.watch(self._rate)
        self._objectives = {}
        for workload in place.bidders[name]:
            if (goal := world.workload[workload].slo.latency) is not None:
                self._objectives[series := Series("latency_p95", "workload", workload)] = goal.under / NS_PER_S
                metrics.watch(series)
        self._supply = place.pool.capacity - sum(one.floor * one.units for one in place.pool.members.values())
        self._paid = 0.0

    def look(self) -> Sight:
        """One look."""
        metrics, before = self._plane.mesh.metrics, self._paid
        self._paid = self.party.paid if isinstance(self.party, Leaseholder) else 0.0
        lateness = {series: milli / MILLI / under for series, under in self._objectives.items() if (milli := metrics.value(series))}
        age_ticks = (self._plane.clock.now_ns - (metrics.scraped_ns or 0)) / self._tick_ns
        hours = self._tick_ns / (3600 * NS_PER_S)
        rates = self._rates.take(metrics.value(self._rate))
        return Sight(rates, self._worths(), self._auction.pool.price, self._held, self._supply, (self._paid - before) / hours, self._ready,
                     lateness, self.party.eagerness, age_ticks)  # fmt: skip

    @property
    def _held(self) -> int:
        party = self.party
        if isinstance(party, ClassAgent):
            return round(party.holding.usable(party.now_ns) / MILLI * party.units)
        own = party.trade.described
        return (party.pods - own.floor) * own.units

    @property
    def _ready(self) -> float | None:
        if isinstance(self.party, ClassAgent):
            return None
        counts = self._plane.mesh.cluster.counts(self.name)
        return sum(pod.looks_ready for pod in self._plane.mesh.cluster.pods(self.name)) / max(1, counts.desired)

    def _worths(self) -> list[float] | None:
        party = self.party
        outlook = party.outlook()
        if outlook is None:
            return None
        if isinstance(party, ClassAgent):
            return flow_worths(outlook, party.flow.worth, party.units, self._supply)
        trade = party.trade
        floor = trade.described.floor * trade.described.units
        return values(outlook, trade.per_pod, trade.worth, floor + self._supply + 1, trade.described.units)[floor:]
