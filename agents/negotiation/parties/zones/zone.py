"""The agent of one zone of a service: it sees its own callers and its own pods, and says where its calls go."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agents.negotiation.parties.party import Party
from agents.negotiation.parties.valuing import Outlook
from agents.negotiation.parties.zones.crossing import PERCENTS, Crossing
from scenarios.schema.misreporting import TRUTH
from scenarios.schema.negotiating import Negotiation
from scenarios.schema.spill_rules import zone_agent
from sim.commands import WeightsShifted
from sim.draws import Seed, family_key, stream, unit
from sim.platform.metrics import Series

PHASE = stream("spill/phase")  # of an agent's own cadence


class ZoneAgent(Party):
    """What all zones do under every mechanism. How calls are to be spread is a subclass's own."""

    def __init__(self, model: Any, crossing: Crossing, zone: str, described: Negotiation) -> None:
        super().__init__(model, zone_agent(crossing.service, zone))
        self.crossing, self.zone, self.described, self.spill = crossing, zone, described, crossing.spill
        self.mind = crossing.spill.mind
        self.worth, self.prices = crossing.worth(zone), crossing.prices(zone)
        self.lie = crossing.spill.misreport.get(zone, TRUTH)
        self.shares: dict[str, int] = {other: PERCENTS * (other == zone) for other in crossing.zones}  # percent, as callers were told
        self._series = [Series("requests_per_second", "route", name) for name in crossing.routes[zone]]
        for one in self._series:
            model.mesh.metrics.watch(one)
        self._rest_ns = rest_ns(model.mesh.seed, self.name, described.every)

    def begin(self) -> None:
        """Agents are not in step with each other: each wakes at its own times."""
        super().begin()
        self.wake_after(self._rest_ns, self._wake)

    def decide(self) -> None:
        """What it does every so often."""
        raise NotImplementedError

    @property
    def rate(self) -> float | None:
        """Requests a second of its own callers, wherever they go, as the last scrape has it; None before."""
        seen = [self.sees(one) for one in self._series]
        known = [milli for milli in seen if milli is not None]
        return sum(known) / 1000 if len(known) == len(seen) else None

    @property
    def outlook(self) -> Outlook | None:
        """Its own callers' demand to come, as far as it can be told."""
        rate = self.rate
        return None if rate is None else Outlook.around(rate, self.spill.spread)

    @property
    def told(self) -> Outlook | None:
        """Demand to come, as it tells others."""
        rate = self.rate
        return None if rate is None else Outlook.around(self.lie.rate * rate, self.spill.spread)

    @property
    def told_worth(self) -> float:
        """Currency for a thousand good answers to its callers, as it tells others."""
        return self.lie.worth * self.worth

    @property
    def capacity(self) -> float:
        """Requests a second that the pods in its zone which are ready are counted on for."""
        return self.crossing.per_pod * ready_pods(self.around.mesh, self.crossing.service).get(self.zone, 0)

    def spread(self, shares: Mapping[str, int], why: str) -> None:
        """Tell its callers to go where these percents say, if that is anything new."""
        if shares == self.shares:
            return
        weights = tuple((zone, shares[zone]) for zone in self.crossing.zones if shares[zone])
        commands = [WeightsShifted(route, self.zone, weights) for route in self.crossing.routes[self.zone]]
        obeyed = [self.around.carry_out(command) for command in commands]
        for zone in self.crossing.zones:
            before, after = self.shares[zone], shares[zone]
            if before != after:
                self.decided(zone_agent(self.crossing.service, zone), self.mind, before, None, after, why, applied=any(obeyed))
        if any(obeyed):
            self.shares = dict(shares)

    def at_home(self) -> dict[str, int]:
        """All calls stay in the zone."""
        return {zone: PERCENTS * (zone == self.zone) for zone in self.crossing.zones}

    def _wake(self) -> None:
        self.wake_after(self.described.every, self._wake)
        self.decide()


def rest_ns(seed: Seed, name: str, every_ns: int) -> int:
    """Until an agent first wakes: no two wake in step, nor with the scrapes."""
    return int(unit(family_key(seed, "agent", name), PHASE, 0) * every_ns) + 1


def ready_pods(mesh: Any, service: str) -> dict[str, int]:
    """Pods that are ready by zone, as the API server has them."""
    found: dict[str, int] = {}
    for pod in mesh.cluster.pods(service):
        if pod.looks_ready and pod.zone is not None:
            found[pod.zone] = found.get(pod.zone, 0) + 1
    return found
