"""From what a scenario says of traffic that crosses zones to the parties that spread it."""

from __future__ import annotations

from typing import Any

from agents.negotiation.parties.party import Party
from agents.negotiation.parties.zones.alone import ProportionalZone, SelfishZone
from agents.negotiation.parties.zones.crossing import Crossing
from agents.negotiation.parties.zones.gossip import GossipingZone
from agents.negotiation.parties.zones.net import BargainingZone
from agents.negotiation.parties.zones.planner import CrossingPlanner, ToldZone
from agents.negotiation.parties.zones.zone import ZoneAgent
from scenarios.schema.negotiating import Negotiation
from scenarios.schema.spilling import Spill

ZONES: dict[str, type[ZoneAgent]] = {
    "proportional": ProportionalZone, "selfish": SelfishZone, "gossip": GossipingZone, "contract_net": BargainingZone,
}  # fmt: skip


def spillers(model: Any, name: str, described: Negotiation, spill: Spill) -> list[Party]:
    """An agent in each zone, in the order of the file, and the planner where there is one; nobody under `stay`."""
    crossing, kind = Crossing(model.mesh.scenario, spill), spill.by.kind
    if kind == "planner":
        told: list[Party] = [ToldZone(model, crossing, zone, described, name) for zone in crossing.zones]
        return [*told, CrossingPlanner(model, name, crossing, described)]
    return [ZONES[kind](model, crossing, zone, described) for zone in crossing.zones] if kind in ZONES else []
