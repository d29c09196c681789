"""Baselines without any arrangement between zones: in proportion to pods, and to wherever it looks cheapest now."""

from __future__ import annotations

from agents.negotiation.parties.zones.crossing import PERCENTS, percents
from agents.negotiation.parties.zones.zone import ZoneAgent, ready_pods


class ProportionalZone(ZoneAgent):
    """Spreads its calls as pods are spread, as a mesh without localities does."""

    def decide(self) -> None:
        """Follow the pods."""
        pods = ready_pods(self.around.mesh, self.crossing.service)
        if pods:
            self.spread(percents({zone: float(pods.get(zone, 0)) for zone in self.crossing.zones}), "as pods are")


class SelfishZone(ZoneAgent):
    """Sends all it has to the zone that telemetry says is cheapest for it now. What all others do meanwhile it does not ask.

    Cheapest is what a thousand requests cost on their way, while they wait, and by what is turned away: the mean time inside
    is what Little's law makes of the pods' own figures, and more than pods can serve is turned away.
    """

    def decide(self) -> None:
        """Look, and follow."""
        costs = {zone: self.prices[zone] + cost for zone, cost in self._seen().items()}
        if costs and self.rate:
            best = min(costs, key=lambda zone: (costs[zone], zone != self.zone, zone))
            told = ", ".join(f"{zone} {costs[zone]:.3g}" for zone in self.crossing.zones if zone in costs)
            self.spread({zone: PERCENTS * (zone == best) for zone in self.crossing.zones}, f"a thousand cost {told}")

    def _seen(self) -> dict[str, float]:
        """By zone with pods that are ready, what a thousand requests cost there at the last scrape, the way apart."""
        mesh, service = self.around.mesh, self.crossing.service
        zones = {pod.number: pod.zone for pod in mesh.cluster.pods(service) if pod.looks_ready}
        rates, inside, pods = dict[str, float](), dict[str, float](), dict[str, int]()
        for said in mesh.metrics.pod_metrics(service):
            zone = zones.get(said.number)
            if zone is not None:
                rates[zone] = rates.get(zone, 0.0) + said.requests_per_second / 1000
                inside[zone] = inside.get(zone, 0.0) + said.concurrency / 1000
                pods[zone] = pods.get(zone, 0) + 1
        found = {}
        for zone, count in pods.items():
            capacity = self.crossing.full_per_pod * count
            served = min(rates[zone], capacity)
            wait_s = inside[zone] / served if served > 0 else self.crossing.visit_s
            lost = 1 - served / rates[zone] if rates[zone] > 0 else 0.0
            found[zone] = self.spill.latency_price * wait_s + self.worth * lost
        return found
