"""What the program of an endpoint tells of a visit beside its spans: what may make it wait, and which branches race."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from scenarios.flow import Flow
from scenarios.schema.calls import walk
from scenarios.schema.programs import Cache, Call, Lock, Parallel, Step, Wait, Work
from scenarios.schema.routing import ResolvedRoute
from scenarios.schema.scenario import Scenario

UNCERTAIN = {"parallel", "branch", "cache", "fallback", "ladder"}  # on the path of a step that not every visit takes in turn


@dataclass(frozen=True)
class Race:
    """Branches of which some are enough: the targets that each calls."""

    needed: int
    branches: tuple[frozenset[str], ...]


@dataclass(frozen=True)
class Traits:
    """Of an endpoint's program."""

    begins_with_work: bool = False  # so what comes before the first work is queueing
    certain_wait_ns: int = 0  # of wait steps of constant length that every visit takes
    waits_for: tuple[str, ...] = ()  # what else may make it wait: locks, caches, connections, ...
    races: tuple[Race, ...] = ()


def traits_of(world: Scenario) -> dict[str, Traits]:
    """By `service.endpoint`."""
    flow = Flow(world)
    return {
        f"{service}.{name}": _traits(world, flow, f"{service}.{name}", program)
        for service, spec in world.services.items()
        for name, program in spec.endpoints.items()
    }


def _traits(world: Scenario, flow: Flow, target: str, program: tuple[Step, ...]) -> Traits:
    service, name = target.split(".")
    certain, uncertain = 0, []
    for step, path, *_ in walk(program, ()):
        match step:
            case Wait(wait=length) if not UNCERTAIN.intersection(path) and length.kind == "constant":
                certain += int(length.chosen)
            case Wait():
                uncertain.append("wait steps")
            case Lock():
                uncertain.append("locks")
            case Cache() if step.cache.coalesce:
                uncertain.append("a fill of the cache")
    routes = [route for (caller, _), route in flow.routes.items() if caller == target]
    uncertain += [what for route in routes for what in _made_wait(route)]
    replication = world.services[service].replication
    if replication is not None and name in replication.writes:
        uncertain.append("standbys")
    return Traits(bool(program) and isinstance(program[0], Work), certain, tuple(dict.fromkeys(uncertain)), tuple(_races(program)))


def _made_wait(route: ResolvedRoute) -> Iterator[str]:
    """What makes a call wait before it leaves, or at its caller."""
    if route.is_pooled:
        yield "connections" if route.connection_pool is not None else "a bulkhead"
    if route.fault is not None:
        yield "injected delays"


def _races(program: tuple[Step, ...]) -> Iterator[Race]:
    for step, *_ in walk(program, ()):
        if isinstance(step, Parallel) and step.join != "all":
            targets = tuple(frozenset(one.call for one, *_ in walk(branch, ()) if isinstance(one, Call)) for branch in step.parallel)
            needed = 1 if step.join == "first" else int(step.join)
            if all(targets) and len(frozenset().union(*targets)) == sum(map(len, targets)):
                yield Race(needed, targets)
