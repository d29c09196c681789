"""Rules that hold between what is bargained for and the rest of a world."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from scenarios.errors import Mistake
from scenarios.naming import suggestion
from scenarios.schema.negotiating import FLOW_MECHANISMS, UNARRANGED, Pool
from scenarios.schema.placed import Path
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
    yield from _one_price_of_flow(world)
    yield from _struck(world)


def _one_price_of_flow(world: Scenario) -> Iterator[Mistake]:
    """A class has one agent at its gateway, which keeps to one lease."""
    flowing = [name for name, one in world.negotiations.items() if one.pool is not None and one.pool.by.kind in FLOW_MECHANISMS]
    for name in flowing[1:]:
        kind = world.negotiations[name].chosen.by.kind
        yield Mistake(("negotiations", name, "pool", "by"), f"decides on flow by {kind}, and so does negotiations.{flowing[0]}; one of all pools may")


def agent_names(world: Scenario) -> list[str]:
    """Everybody who bargains in a world, by the name that messages and faults have for them."""
    found: dict[str, None] = {}
    for name, described in world.negotiations.items():
        if described.pool is not None:
            found.update(dict.fromkeys(described.pool.members))
            if described.pool.by.kind in FLOW_MECHANISMS:
                found.update(dict.fromkeys(world.workload))
            if described.pool.by.kind not in UNARRANGED:
                found[name] = None
        if described.spill is not None:
            found.update(dict.fromkeys(agents_of(world, name, described.spill)))
    return list(found)


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


def _mechanism(place: Path, pool: Pool) -> Iterator[Mistake]:
    kind, by = pool.by.kind, (*place, "by")
    if kind == "concession" and len(pool.members) != 2:
        yield Mistake(by, f"is between two members, and there are {len(pool.members)}")
    bids = kind not in ("first_come", "selfish", "planner", "proportional", "strict_priority", "dual", "bundles")
    for service, one in pool.members.items():
        if one.budget is not None and not bids:
            yield Mistake((*place, "members", service, "budget"), f"has no effect: nobody bids under {kind}")
        if one.misreport != 1.0 and kind in ("planner", *FLOW_MECHANISMS):
            yield Mistake((*place, "members", service, "misreport"), f"has no effect: under {kind} nobody asks {service}")
        if one.priority and kind != "strict_priority":
            yield Mistake((*place, "members", service, "priority"), f"has no effect under {kind}; strict_priority goes by it")
        if one.weight != 1.0 and kind not in ("proportional", "k_double", "mcafee", "nash"):
            yield Mistake((*place, "members", service, "weight"), f"has no effect under {kind}")
