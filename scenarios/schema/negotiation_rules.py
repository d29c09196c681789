"""Rules that hold between what is bargained for and the rest of a world."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from scenarios.errors import Mistake
from scenarios.naming import suggestion
from scenarios.schema.calls import sites
from scenarios.schema.misreporting import TRUTH
from scenarios.schema.negotiating import ASKING_CLASSES, FLOW_MECHANISMS, PAYING, UNARRANGED, Pool
from scenarios.schema.placed import Path
from scenarios.schema.relief_rules import credit_agents, credit_mistakes
from scenarios.schema.spill_rules import agents_of, spill_mistakes
from scenarios.schema.units import format_duration

if TYPE_CHECKING:
    from scenarios.schema.scenario import Scenario


def negotiation_mistakes(world: Scenario) -> Iterator[Mistake]:
    """Every such rule that a world breaks."""
    chairs: dict[str, Path] = {}  # by whom pods are decided
    crossed: dict[str, Path] = {}  # by whom traffic is spread
    for name, described in world.negotiations.items():
        if name in world.services or name in world.workload:
            yield Mistake(("negotiations", name), "bears the name of a service or a workload; agents could not tell them apart")
        if described.lease <= 2 * world.control_network.clock_skew:
            skew = format_duration(world.control_network.clock_skew)
            yield Mistake(("negotiations", name, "lease"), f"is over before anybody may use it: clocks differ by {skew} from true time")
        if described.pool is not None:
            yield from _pool(world, ("negotiations", name, "pool"), described.pool, chairs)
        if described.spill is not None:
            yield from spill_mistakes(world, ("negotiations", name, "spill"), described.spill, crossed)
        if described.credits is not None:
            yield from credit_mistakes(world, ("negotiations", name, "credits"), described.credits)
    yield from _doubled(world)
    yield from _struck(world)


def agent_names(world: Scenario) -> list[str]:
    """Everybody who bargains in a world, by the name that messages and faults have for them."""
    return [*dict.fromkeys(agent for name in world.negotiations for agent in _agents(world, name))]


def _agents(world: Scenario, name: str) -> list[str]:
    """Those of one negotiation."""
    described = world.negotiations[name]
    if described.credits is not None:
        return credit_agents(world, name, described.credits)
    if described.spill is not None:
        return agents_of(world, name, described.spill)
    assert described.pool is not None, "what is bargained for is one of the three"
    found = [*described.pool.members]
    if described.pool.by.kind in FLOW_MECHANISMS:
        found += [name for name in world.workload if not _reached(world, name).isdisjoint(described.pool.members)]
    return found if described.pool.by.kind in UNARRANGED else [*found, name]


def _reached(world: Scenario, workload: str) -> set[str]:
    """The services that a class comes to, but for those that only failures lead to."""
    called: dict[str, list[str]] = {}
    for site in sites(world.services):
        if not site.only_on_failure and site.expected > 0:
            called.setdefault(site.caller, []).append(site.callee)
    seen, ahead = set[str](), [target for target, weight in world.workload[workload].entries.items() if weight > 0]
    while ahead:
        target = ahead.pop()
        if target not in seen:
            seen.add(target)
            ahead += called.get(target, [])
    return {target.split(".", maxsplit=1)[0] for target in seen}


def _doubled(world: Scenario) -> Iterator[Mistake]:
    """An agent has one name on the network, and sits in one chair."""
    seats: dict[str, str] = {}
    for name, described in world.negotiations.items():
        for agent in _agents(world, name):
            other = seats.setdefault(agent, name)
            is_told = agent not in world.workload and not described.credits and not world.negotiations[other].credits
            if other != name and not is_told:  # of pools and zones it is told above
                yield Mistake(("negotiations", name), f"has {agent} for an agent, who bargains in {other} already")


def _struck(world: Scenario) -> Iterator[Mistake]:
    """Faults of agents name agents."""
    known = agent_names(world)
    for name, fault in world.faults.items():
        named = [fault.agent_crash.agent] if fault.agent_crash else fault.control_partition.agents if fault.control_partition else ()
        for agent in named:
            if agent not in known:
                there = suggestion(agent, known) or (f"; there are {', '.join(known[:12])}" if known else "; nobody bargains here")
                yield Mistake(("faults", name, fault.kind), f"strikes {agent!r}, which is no agent that bargains{there}")


def _pool(world: Scenario, place: Path, pool: Pool, chairs: dict[str, Path]) -> Iterator[Mistake]:
    unknown = [service for service in pool.members if service not in world.services]
    for service in unknown:
        yield Mistake((*place, "members", service), f"is not a service{suggestion(service, world.services)}")
    for name in pool.worth:
        if name not in world.workload:
            yield Mistake((*place, "worth", name), f"is not a workload{suggestion(name, world.workload)}")
    if unknown:
        return
    yield from _lies(world, place, pool)
    for service in pool.members:
        scaling = world.minds(service).scaling
        if scaling is not None and scaling.fixed is None:
            yield Mistake((*place, "members", service), f"has its pods decided by {scaling.kind}, too; take agents.{service}.scaling away")
        if service in chairs:
            other = ".".join(map(str, chairs[service]))
            yield Mistake((*place, "members", service), f"is a member of two pools; it is one of {other} already")
        chairs[service] = place
    yield from _amounts(world, place, pool)
    yield from _mechanism(place, pool)


def _amounts(world: Scenario, place: Path, pool: Pool) -> Iterator[Mistake]:
    floors = sum(one.floor * one.units for one in pool.members.values())
    begun = sum(world.services[service].replicas * one.units for service, one in pool.members.items())
    if floors > pool.capacity:
        yield Mistake((*place, "capacity"), f"is less than the floors of its members, which take {floors} units together")
    elif begun > pool.capacity:
        yield Mistake((*place, "capacity"), f"is less than the {begun} units that the replicas of its members take at the start")
    for service, one in pool.members.items():
        if world.services[service].replicas < one.floor:
            yield Mistake((*place, "members", service, "floor"),
                          f"is more than the {world.services[service].replicas} replicas that {service} begins with")


def _lies(world: Scenario, place: Path, pool: Pool) -> Iterator[Mistake]:
    """A lie of a class is told where classes are asked."""
    kind = pool.by.kind
    for name, lie in pool.misreport.items():
        at = (*place, "misreport", name)
        if name not in world.workload:
            yield Mistake(at, f"is not a workload{suggestion(name, world.workload)}")
        elif _reached(world, name).isdisjoint(pool.members):
            yield Mistake(at, f"has no effect: {name} comes to no member of the pool, so nobody asks it")
        elif kind not in ASKING_CLASSES and lie != TRUTH:
            asked = "nobody is asked anything" if kind == "planner" else "services are asked, not classes: see members.SERVICE.misreport"
            yield Mistake(at, f"has no effect: under {kind} {asked}")


def _mechanism(place: Path, pool: Pool) -> Iterator[Mistake]:
    kind, by = pool.by.kind, (*place, "by")
    if kind == "concession" and len(pool.members) != 2:
        yield Mistake(by, f"is between two members, and there are {len(pool.members)}")
    for service, one in pool.members.items():
        if one.budget is not None and kind not in PAYING:
            yield Mistake((*place, "members", service, "budget"),
                          f"has no effect: under {kind} no service pays; they do under {', '.join(PAYING)}")
        if one.misreport != 1.0 and kind in FLOW_MECHANISMS:
            classes = "; classes are asked: see pool.misreport" if kind in ASKING_CLASSES else ""
            yield Mistake((*place, "members", service, "misreport"), f"has no effect: under {kind} nobody asks {service}{classes}")
        if one.priority and kind != "strict_priority":
            yield Mistake((*place, "members", service, "priority"), f"has no effect under {kind}; strict_priority goes by it")
        if one.weight != 1.0 and kind not in ("proportional", "k_double", "mcafee", "nash"):
            yield Mistake((*place, "members", service, "weight"), f"has no effect under {kind}")
