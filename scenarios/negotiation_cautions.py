"""Warnings about what is bargained for: settings that nobody heeds, prices that bind nobody, clocks too slow and gates too coarse."""

from __future__ import annotations

import math
from collections.abc import Iterator

from scenarios.flow import Flow
from scenarios.saturation import capacity_per_pod
from scenarios.schema.cluster import NodePool
from scenarios.schema.control_network import ControlNetwork
from scenarios.schema.negotiating import CLOCK_CALLS_MAX, FLOW_MECHANISMS, UNARRANGED, Credits, Negotiation, Pool
from scenarios.schema.routing import ResolvedRoute
from scenarios.schema.scenario import Scenario
from scenarios.schema.units import NS_PER_S, format_duration
from scenarios.worth import mean_worth, visits_by_service

UNHEEDED = {  # by what decides: what it does not go by
    **dict.fromkeys((f"pool.{kind}" for kind in UNARRANGED), ("deadline", "lease")),
    "spill.stay": ("every", "deadline", "lease"), "spill.proportional": ("deadline", "lease"), "spill.selfish": ("deadline", "lease"),
    "spill.gossip": ("lease",), "credits.none": ("every", "deadline", "lease"),
}  # fmt: skip
_CHANCE = ("spread", "target_utilization")
UNREAD = {  # and which terms; worths are left out, for summaries go by them whoever decides
    "pool.selfish": ("price",), "spill.stay": ("latency_price", *_CHANCE), "spill.proportional": ("latency_price", *_CHANCE),
    "spill.selfish": _CHANCE, "spill.gossip": ("latency_price",), "credits.none": ("floor", *_CHANCE),
}  # fmt: skip
FORESEEN = ("pool", "spill")  # under a clairvoyant planner the load to come has no spread; of credits chance stays, and so does spread
CALLS_DEADLINES = 1.5  # for how many deadlines an English clock goes on calling
TOKENS_FEW = 5  # in a fill: whole tokens miss a rate by up to one of them
SPEAKS = frozenset({"spill.gossip"})  # of those: all the others say nothing to anybody


def negotiation_cautions(flow: Flow) -> Iterator[str]:
    """Every warning about the negotiations of a world."""
    world = flow.world
    for name, described in world.negotiations.items():
        place = f"negotiations.{name}"
        yield from _unheeded(place, described)
        if described.pool is not None:
            yield from _absent(flow, f"{place}.pool", described.pool.worth, set(described.pool.members), "no member of the pool")
            yield from _pool(flow, f"{place}.pool", described.pool)
            yield from _slow_clock(flow, name, described, described.pool)
            yield from _coarse_gates(flow, name, described.pool)
        if described.credits is not None:
            granting = set(described.credits.services)
            yield from _absent(flow, f"{place}.credits", described.credits.worth, granting, "no service that grants credits")
            yield from _coarse_credits(flow, name, described.credits)
    if world.control_network != ControlNetwork() and not any(_speaks(one) for one in world.negotiations.values()):
        yield "control_network: carries no message, for nobody says anything to anybody here"


def _decider(described: Negotiation) -> str:
    return f"{described.kind}.{described.chosen.by.kind}"


def _speaks(described: Negotiation) -> bool:
    who = _decider(described)
    return who not in UNHEEDED or who in SPEAKS


def _unheeded(place: str, described: Negotiation) -> Iterator[str]:
    """Times and terms that were given and that nobody looks at."""
    who, terms = _decider(described), described.chosen
    for key in UNREAD.get(who, ()):
        if getattr(terms, key) != type(terms).model_fields[key].default:
            yield f"{place}.{described.kind}.{key}: has no effect under {terms.by.kind}"
    planner = terms.by.planner
    knows_all = planner is not None and planner.view == "clairvoyant" and described.kind in FORESEEN
    if knows_all and terms.spread != type(terms).model_fields["spread"].default:
        yield f"{place}.{described.kind}.spread: has no effect under a clairvoyant planner, which knows the load to come"
    for key in UNHEEDED.get(who, ()):
        if getattr(described, key) != Negotiation.model_fields[key].default:
            what = {"every": "nobody does anything", "deadline": "nobody waits for an answer", "lease": "nothing is leased"}[key]
            yield f"{place}.{key}: has no effect, for under {who.split('.')[1]} {what}"


def _absent(flow: Flow, place: str, worth: dict[str, float], services: set[str], whom: str) -> Iterator[str]:
    """A class that nobody who bargains ever sees."""
    for name in worth:
        if _visited(flow, name).isdisjoint(services):
            yield f"{place}.worth.{name}: moves nobody, for {name} comes to {whom}; only the summary's figures count it"


def _pool(flow: Flow, place: str, pool: Pool) -> Iterator[str]:
    if pool.price == 0 and pool.by.kind != "selfish":
        yield (f"{place}.price: is 0, so units are wanted as long as they might be of any use, and where they are not scarce nobody "
               "pays; give what one costs, or would earn elsewhere")  # fmt: skip
    if pool.by.kind in FLOW_MECHANISMS:
        yield from _without_gates(flow, place, pool)
    most = _units_with_room(flow.world, pool)
    if pool.capacity > most:
        yield f"{place}.capacity: is {pool.capacity}, and by what its members request the cluster's nodes hold {most} units at most"


def _without_gates(flow: Flow, place: str, pool: Pool) -> Iterator[str]:
    """Classes whose flow is leased, and which could not keep to a lease."""
    told: set[str] = set()
    for (caller, _), route in flow.routes.items():
        comes = caller in flow.world.workload and not _visited(flow, caller).isdisjoint(pool.members)
        if comes and route.local_rate_limit is None and route.name not in told:
            told.add(route.name)
            yield (f"{place}.by.{pool.by.kind}: leases {caller} so much flow, and {route.name} has no local_rate_limit by which it could "
                   "keep to that, so all that comes goes in")  # fmt: skip


def _visited(flow: Flow, workload: str) -> set[str]:
    return {target.split(".", maxsplit=1)[0] for target, count in flow.visits_of_one(workload).items() if count}


def _units_with_room(world: Scenario, pool: Pool) -> float:
    """Units that nodes have room for, were they all of the member that takes least of what a node is short of; never too few."""
    if not world.cluster.nodes:
        return math.inf
    return sum(_units_within(world, pool, nodes) for nodes in world.cluster.nodes.values())


def _units_within(world: Scenario, pool: Pool, nodes: NodePool) -> float:
    let_in = [name for name in pool.members if set(nodes.taints) <= set(world.services[name].tolerations)]
    count = nodes.most * len(nodes.zones or world.cluster.zones)
    if not let_in or not count:
        return 0
    rooms = []
    for kind in ("cpu", "memory", "gpu"):
        least = min((getattr(world.services[name].resources.requests, kind) or 0) / pool.members[name].units for name in let_in)
        rooms.append(math.floor(getattr(nodes, kind) / least + 1e-9) if least else math.inf)
    return count * min(rooms)


def _slow_clock(flow: Flow, name: str, described: Negotiation, pool: Pool) -> Iterator[str]:
    """From its first price a clock may have to rise to what the first pod is worth to whoever needs it most."""
    if pool.by.english_clock is None:
        return
    mean, worths = flow.visits(), list[float]()
    for service, member in pool.members.items():
        per_pod = capacity_per_pod(flow, service, mean) * pool.target_utilization
        worth = 3.6 * mean_worth(flow, service, pool.worth) * member.misreport / member.units
        worths.append(worth * per_pod if math.isfinite(per_pod) else 0.0)
    there_and_back_ns = 2 * flow.world.control_network.latency.mean_ns
    fit = min(CLOCK_CALLS_MAX, CALLS_DEADLINES * described.deadline / there_and_back_ns if there_and_back_ns else math.inf)
    steps = (max(worths) - pool.price) / pool.by.english_clock.increment
    if steps > fit:
        yield (f"negotiations.{name}.pool.by.english_clock.increment: a unit may be worth {max(worths):.4g}/h, {steps:,.0f} calls away, "
               f"and about {fit:,.0f} fit into a round; what is there is then rationed at the last price")  # fmt: skip


def _coarse_gates(flow: Flow, name: str, pool: Pool) -> Iterator[str]:
    """A lease of flow sets buckets in whole tokens, rounded up."""
    if pool.by.kind not in FLOW_MECHANISMS:
        return
    for (caller, callee), route in flow.routes.items():
        if route.local_rate_limit is None or caller not in flow.world.workload:
            continue
        fill = route.local_rate_limit.token_bucket.fill_interval
        offered = flow.asked(caller, callee) * fill / NS_PER_S
        if 0 < offered < TOKENS_FEW and not visits_by_service(flow, caller).keys().isdisjoint(pool.members):
            yield (f"routes.{route.name}.local_rate_limit.token_bucket.fill_interval: {caller} offers {offered:.3g} requests "
                   f"in {format_duration(fill)}, and {name} leases whole tokens a fill, rounded up; a longer one is closer")  # fmt: skip


def _coarse_credits(flow: Flow, name: str, terms: Credits) -> Iterator[str]:
    """A lease of credits sets a bucket for each of a caller's views, in whole tokens, rounded down, but to one at least."""
    granted = {edge: route for edge, route in flow.routes.items() if route.callee in terms.services and terms.by.kind != "none"}
    for route in {route.name: route for route in granted.values()}.values():
        if route.local_rate_limit is None:
            continue
        fill = route.local_rate_limit.token_bucket.fill_interval
        rate = sum(flow.asked(*edge) for edge, one in granted.items() if one.name == route.name)
        each, whose = _buckets(flow.world, route)
        offered = rate * fill / NS_PER_S / each
        if 0 < offered < TOKENS_FEW:
            yield (f"routes.{route.name}.local_rate_limit.token_bucket.fill_interval: {whose} sends {offered:.3g} first tries in "
                   f"{format_duration(fill)}, and {name} grants whole tokens a fill, rounded down, and one at least; a longer one is "
                   "closer")  # fmt: skip


def _buckets(world: Scenario, route: ResolvedRoute) -> tuple[int, str]:
    """How many buckets a route has by the file, and whose one is."""
    if route.caller not in world.services or route.view == "service":
        return 1, route.caller
    if route.view == "zone":
        return len(world.cluster.zones), f"{route.caller} of a zone"
    return max(1, world.services[route.caller].replicas), f"a pod of {route.caller}"
