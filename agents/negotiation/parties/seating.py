"""From what a scenario says is bargained for to the parties that do it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from agents.negotiation.parties.chains.chain import CalleeAgent, ChainAgent
from agents.negotiation.parties.chains.legs import legs
from agents.negotiation.parties.chains.planner import ChainPlanner
from agents.negotiation.parties.flows.bundling import BundleAuctioneer
from agents.negotiation.parties.flows.class_agent import ClassAgent
from agents.negotiation.parties.flows.dual import PriceAgent
from agents.negotiation.parties.flows.flow_plan import served_by_floors
from agents.negotiation.parties.flows.planner import ClairvoyantAgent, PlannerAgent
from agents.negotiation.parties.knowing import FlowClass, Trade, classes, trades
from agents.negotiation.parties.party import Party
from agents.negotiation.parties.pools.clocking import ClockAuctioneer
from agents.negotiation.parties.pools.conceding import ConcedingMember, Notary
from agents.negotiation.parties.pools.member import MemberAgent
from agents.negotiation.parties.pools.pool import Auctioneer, PoolAgent
from agents.negotiation.parties.pools.unarranged import UnarrangedAgent
from agents.negotiation.parties.zones.seating import spillers
from scenarios.schema.negotiating import FLOW_MECHANISMS, UNARRANGED, Credits, Negotiation, Pool

Arranger = Callable[[Any, str, Negotiation, Pool, Mapping[str, Trade], Mapping[str, FlowClass]], PoolAgent]


def parties(model: Any) -> list[Party]:
    """Everybody who bargains in a control plane's scenario, in the order of the file."""
    found: list[Party] = []
    for name, described in model.mesh.scenario.negotiations.items():
        if described.pool is not None:
            found += _of_pool(model, name, described, described.pool)
        if described.spill is not None:
            found += spillers(model, name, described, described.spill)
        if described.credits is not None and described.credits.by.kind != "none":
            found += _of_credits(model, name, described, described.credits)
    return found


def _of_pool(model: Any, name: str, described: Negotiation, pool: Pool) -> list[Party]:
    world = model.mesh.scenario
    known = trades(world, pool)
    if pool.by.kind in UNARRANGED:
        return [UnarrangedAgent(model, one, name, described, pool, [*known.values()]) for one in known.values()]
    if pool.by.kind == "concession":
        return [*(ConcedingMember(model, one, name, described, pool, known) for one in known.values()),
                Notary(model, name, described, pool, known)]  # fmt: skip
    found: list[Party] = [MemberAgent(model, one, name, described, pool) for one in known.values()]
    flows = classes(world, pool, known)
    if pool.by.kind not in FLOW_MECHANISMS:
        return [*found, AUCTIONEERS.get(pool.by.kind, Auctioneer)(model, name, described, pool, known)]
    least = served_by_floors(flows, known)
    found += [ClassAgent(model, one, name, described, pool, least[one.workload], one.units(known)) for one in flows.values()]
    knows_all = pool.by.planner is not None and pool.by.planner.view == "clairvoyant"
    arranger = ClairvoyantAgent if knows_all else ARRANGERS[pool.by.kind]
    return [*found, arranger(model, name, described, pool, known, flows)]


def _of_credits(model: Any, name: str, described: Negotiation, terms: Credits) -> list[Party]:
    known = legs(model.mesh.scenario, terms)
    granting = () if terms.by.kind == "planner" else terms.services
    found: list[Party] = [CalleeAgent(model, service, name, described, terms, known) for service in granting]
    found += [ChainAgent(model, caller, name, described, terms, known)
              for caller in dict.fromkeys(leg.caller for leg in known.values()) if caller not in granting]  # fmt: skip
    return [*found, *([] if granting else [ChainPlanner(model, name, described, terms, known)])]


AUCTIONEERS: dict[str, type[Auctioneer]] = {"english_clock": ClockAuctioneer}
ARRANGERS: dict[str, Arranger] = {"planner": PlannerAgent, "bundles": BundleAuctioneer, "dual": PriceAgent}
