"""Rules that hold between traffic that may cross borders and the rest of a world."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from scenarios.errors import Mistake
from scenarios.naming import suggestion
from scenarios.schema.calls import edges
from scenarios.schema.misreporting import TRUTH
from scenarios.schema.placed import Path
from scenarios.schema.routing import DEFAULTS, Edge, place_of, resolve
from scenarios.schema.spilling import Spill

if TYPE_CHECKING:
    from scenarios.schema.scenario import Scenario

_SPREAD = "locality_lb_setting: {distribute: [{from: '*', to: {'*': 100}}]}"


def agents_of(world: Scenario, name: str, spill: Spill) -> list[str]:
    """Everybody who has a part in it, by name: an agent in each zone, and the planner where there is one."""
    if spill.by.kind == "stay":
        return []
    zones = [zone_agent(spill.service, zone) for zone in world.cluster.zones]
    return [*zones, name] if spill.by.kind == "planner" else zones


def zone_agent(service: str, zone: str) -> str:
    """The name of a zone's agent."""
    return f"{service}@{zone}"


def spill_mistakes(world: Scenario, place: Path, spill: Spill, chairs: dict[str, Path]) -> Iterator[Mistake]:
    """Every such rule that a world breaks. `chairs`: whose traffic is bargained for already, and where that is said."""
    service = spill.service
    if service not in world.services:
        yield Mistake((*place, "service"), f"is not a service{suggestion(service, world.services)}")
        return
    if service in chairs:
        yield Mistake((*place, "service"), f"has its traffic spread already by {'.'.join(map(str, chairs[service]))}")
    chairs[service] = place
    if len(world.cluster.zones) < 2:
        yield Mistake((*place, "service"), "has nowhere to spill to: give cluster.zones two zones or more")
    calling = [edge for edge in edges(world.services, world.workload) if edge.callee == service]
    if not calling:
        yield Mistake((*place, "service"), "is called by nobody, so that there is nothing to spread")
    yield from _callers(world, place, calling)
    callers = dict.fromkeys(edge.caller for edge in calling)
    for name in spill.worth:
        if name not in world.workload:
            yield Mistake((*place, "worth", name), f"is not a workload{suggestion(name, world.workload)}")
        elif name not in callers:
            yield Mistake((*place, "worth", name), f"has no effect: {name} does not call {service}")
    yield from _lies(world, place, spill)


def _lies(world: Scenario, place: Path, spill: Spill) -> Iterator[Mistake]:
    """A lie is told to somebody."""
    kind = spill.by.kind
    for zone, lie in spill.misreport.items():
        at = (*place, "misreport", zone)
        if zone not in world.cluster.zones:
            yield Mistake(at, f"is not a zone{suggestion(zone, world.cluster.zones)}")
        elif kind not in ("contract_net", "gossip") and lie != TRUTH:
            yield Mistake(at, f"has no effect: under {kind} zones say nothing of themselves; they do under contract_net and gossip")
        elif kind == "gossip" and lie.worth != 1.0:
            yield Mistake((*at, "worth"), "has no effect: zones gossip of rates alone; say what rate is misreported by")


def _callers(world: Scenario, place: Path, calling: list[Edge]) -> Iterator[Mistake]:
    """Whoever calls must be somewhere, and be told by weights of zones where to go."""
    told: set[str] = set()
    for edge in calling:
        caller = edge.caller
        if caller in world.services:
            if caller not in told:
                yield Mistake((*place, "service"), f"is called by service {caller}, too, whose calls no agent could spread; "
                                                   "choose a service that only workloads call")  # fmt: skip
        elif world.workload[caller].zone is None:
            if caller not in told:
                yield Mistake(("workload", caller), f"calls {edge.callee}, whose traffic is spread by zones, and is nowhere; "
                                                    "give it a zone")  # fmt: skip
        else:
            yield from _unspread(world, edge)
        told.add(caller)


def _unspread(world: Scenario, edge: Edge) -> Iterator[Mistake]:
    setting = resolve(world.routes, edge).locality_lb_setting
    if setting is None or not setting.distribute:
        pattern, told = f"{edge.caller} -> {edge.callee}", place_of(world.routes, edge, "locality_lb_setting")
        is_written = setting is not None and told[1] != DEFAULTS
        yield Mistake(told if is_written else ("routes",), f"spread no calls of {pattern} by weights, so that none could be shifted; "
                                                           f"give that route {_SPREAD}, or weights to begin with")  # fmt: skip
