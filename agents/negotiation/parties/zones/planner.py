"""A central planner in the chair of the zones: it asks nobody, and tells each zone where its calls go. Delayed view, or the truth."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial
from typing import Any

from agents.negotiation.leases import EPOCH_SHIFT, MILLI, Holding, Lease
from agents.negotiation.machine import Conversation
from agents.negotiation.messages import Content, Message
from agents.negotiation.parties.party import Party
from agents.negotiation.parties.truth import TrueRates
from agents.negotiation.parties.valuing import Outlook
from agents.negotiation.parties.zones.crossing import Crossing, percents
from agents.negotiation.parties.zones.plan import planned
from agents.negotiation.parties.zones.zone import ZoneAgent, ready_pods, rest_ns
from agents.negotiation.protocols import leasing
from scenarios.schema.negotiating import Negotiation
from scenarios.schema.spill_rules import zone_agent
from scenarios.schema.units import NS_PER_S
from sim.clock import ControlPhase
from sim.platform.metrics import Series


class ToldZone(ZoneAgent):
    """Keeps to what the planner tells it, for as long as that holds."""

    def __init__(self, model: Any, crossing: Crossing, zone: str, described: Negotiation, planner: str) -> None:
        """`planner`: its name."""
        super().__init__(model, crossing, zone, described)
        self.planner = planner
        self.holding = Holding(self.name, model.network.clock_skew_ns)

    def decide(self) -> None:
        """Nothing: it waits to be told."""

    def answering(self, message: Message, /) -> Conversation | None:
        """Listen to the planner."""
        if message.sender != self.planner or message.protocol != leasing.PROTOCOL:
            return None
        return leasing.Holder(self.name, message.conversation_id, message.sender, self.keep)

    def keep(self, content: Content, now_ns: int) -> bool:
        """Spread calls as told, unless a newer word was heard; when it is over they go home, whoever lives."""
        lease = Lease(self.name, content["amount"], content["token"], content["expires_ns"])
        if not self.holding.take(lease):
            return False
        self.spread(content["shares"], f"the plan until {lease.expires_ns / NS_PER_S:g}s")
        over_ns = max(0, lease.expires_ns - self.holding.skew_ns - now_ns)
        self.clock.after(over_ns, ControlPhase.PLATFORM, f"lease/{self.name}", self._look_at_lease)
        return True

    def _look_at_lease(self) -> None:
        if self.holding.drop_if_over(self.now_ns):
            self.spread(self.at_home(), "the plan is over")


class CrossingPlanner(Party):
    """Solves for all zones at once (zone_plan.planned)."""

    def __init__(self, model: Any, name: str, crossing: Crossing, described: Negotiation) -> None:
        super().__init__(model, name)
        assert crossing.spill.by.planner is not None
        self.crossing, self.described = crossing, described
        self.round, self._epoch, self._tokens = 0, 0, 0  # all are kept where a crash does not reach
        self._truth = TrueRates(crossing.flow.arrivals) if crossing.spill.by.planner.view == "clairvoyant" else None
        for routes in crossing.routes.values():
            for route in routes:
                model.mesh.metrics.watch(Series("requests_per_second", "route", route))

    def begin(self) -> None:
        """Plan every so often, at times of its own, as zones decide at theirs."""
        super().begin()
        self._epoch += 1
        self.wake_after(rest_ns(self.around.mesh.seed, self.name, self.described.every), self._wake)

    def heard_out(self, conversation: Conversation) -> None:
        """A zone keeps to the plan, or was not heard."""
        if isinstance(conversation, leasing.Teller) and conversation.state == leasing.CONFIRMED:
            self.rounds.confirm(conversation.holder, conversation.lease["token"], int(self.clock.now_ns))

    def _wake(self) -> None:
        self.round += 1
        self.rounds.begin(int(self.clock.now_ns), int(self.clock.now_ns) + self.described.deadline)
        self.wake_after(self.described.every, self._wake)
        outlooks = {zone: self._outlook(zone) for zone in self.crossing.zones}
        known = {zone: outlook for zone, outlook in outlooks.items() if outlook is not None}
        if len(known) < len(outlooks):
            return
        pods = ready_pods(self.around.mesh, self.crossing.service)
        flows = planned(self.crossing, known, {zone: self.crossing.per_pod * pods.get(zone, 0) for zone in self.crossing.zones})
        self.rounds.tell({}, int(self.clock.now_ns), int(self.clock.now_ns))
        for zone, routes in self.crossing.routes.items():
            if routes and sum(flows[zone].values()) > 0:
                self._tell(zone, flows[zone])

    def _tell(self, zone: str, flows: Mapping[str, float]) -> None:
        """A lease of what may leave the zone, and how its calls are to be spread."""
        self._tokens += 1
        holder, away = zone_agent(self.crossing.service, zone), sum(flows.values()) - flows[zone]
        token = (self._epoch << EPOCH_SHIFT) | self._tokens
        lease = Lease(holder, math.floor(MILLI * away), token, self.now_ns + self.described.lease)
        said = lease.content() | {"pool": self.name, "shares": percents(flows)}
        name = f"{self.name}/{self._epoch}.{self.round}/{zone}"
        self.rounds.tell({holder: token}, int(self.clock.now_ns), int(self.clock.now_ns) + self.described.deadline)
        self.converse(leasing.Teller(self.name, name, holder, said, self.now_ns + self.described.deadline))

    def _outlook(self, zone: str) -> Outlook | None:
        """Demand of a zone's callers: as scrapes have it, or as the file will offer it until the next plan."""
        routes = self.crossing.routes[zone]
        if self._truth is not None:
            now_ns = int(self.clock.now_ns)
            rate = sum(map(partial(self._truth.mean, start_ns=now_ns, end_ns=now_ns + self.described.every),
                           {route.caller: None for route in routes.values()}))  # fmt: skip
            return Outlook.known(rate)
        seen = [self.sees(Series("requests_per_second", "route", route)) for route in routes]
        known = [milli for milli in seen if milli is not None]
        rate = sum(known) / 1000
        return Outlook.around(rate, self.crossing.spill.spread) if len(known) == len(seen) else None
