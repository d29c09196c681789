"""Rules that hold between credits that are bargained for and the routes, services and classes that they are for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from scenarios.errors import Mistake
from scenarios.naming import suggestion
from scenarios.schema.calls import edges
from scenarios.schema.negotiating import Credits
from scenarios.schema.placed import Path
from scenarios.schema.references import dangling
from scenarios.schema.routing import Edge, place_of, resolve

if TYPE_CHECKING:
    from scenarios.schema.scenario import Scenario


def credit_agents(world: Scenario, name: str, terms: Credits) -> list[str]:
    """Who bargains for credits: those who grant them, or the planner, and those who send."""
    if terms.by.kind == "none":
        return []
    granting = [name] if terms.by.kind == "planner" else terms.services
    return [*dict.fromkeys([*granting, *(edge.caller for edge in _into(world, terms))])]


def credit_mistakes(world: Scenario, place: Path, terms: Credits) -> Iterator[Mistake]:
    """Every rule that these credits break."""
    for index, service in enumerate(terms.services):
        if service not in world.services:
            yield Mistake((*place, "services", index), f"is not a service{suggestion(service, world.services)}")
        elif service in terms.services[:index]:
            yield Mistake((*place, "services", index), f"names {service} a second time")
    for workload in terms.worth:
        if workload not in world.workload:
            yield Mistake((*place, "worth", workload), f"is not a workload{suggestion(workload, world.workload)}")
    if any(service not in world.services for service in terms.services) or next(dangling(world), None) is not None:
        return
    found = _into(world, terms)
    yield from _lies(place, terms, list(dict.fromkeys(edge.caller for edge in found)))
    for service in terms.services:
        if not any(edge.callee == service for edge in found):
            yield Mistake((*place, "services"), f"has {service}, which nobody calls")
    seen: set[tuple[Path, str]] = set()
    for edge in found if terms.by.kind != "none" else ():
        for mistake in _route(world, edge):
            if (mistake.path, mistake.rule) not in seen:
                seen.add((mistake.path, mistake.rule))
                yield mistake


def _lies(place: Path, terms: Credits, callers: list[str]) -> Iterator[Mistake]:
    """A lie is told to somebody."""
    for name, factor in terms.misreport.items():
        at = (*place, "misreport", name)
        if name not in callers:
            yield Mistake(at, f"calls none of the services that grant credits{suggestion(name, callers)}")
        elif terms.by.kind in ("none", "planner") and factor != 1.0:
            yield Mistake(at, f"has no effect: under {terms.by.kind} nobody asks {name} what it could use")


def _into(world: Scenario, terms: Credits) -> list[Edge]:
    """Who calls the services that grant credits."""
    return [edge for edge in edges(world.services, world.workload) if edge.callee in terms.services]


def _route(world: Scenario, edge: Edge) -> Iterator[Mistake]:
    """What is granted must be kept to: first tries by a bucket, retries by a budget."""
    route = resolve(world.routes, edge)
    if edge.caller == edge.callee:
        yield Mistake(("services", edge.caller), "calls itself, and cannot bargain with itself for credits")
    if route.local_rate_limit is None:
        yield Mistake(place_of(world.routes, edge, "local_rate_limit"),
                      f"is missing on {route.name}: credits are kept to by its token bucket; give one that is wide enough without them")
    if route.hedge_policy is not None:
        yield Mistake(place_of(world.routes, edge, "hedge_policy"), f"makes tries on {route.name} that no credit counts")
    if route.retries is None:
        return
    budget = route.retries.retry_budget
    if budget is None:
        yield Mistake(place_of(world.routes, edge, "retries"),
                      f"has no retry_budget on {route.name}: retries are shed by it; give one that is wide enough without credits")
    elif budget.min_retry_concurrency > 0:
        yield Mistake(place_of(world.routes, edge, "retries"),
                      f"allows {budget.min_retry_concurrency} retries in flight on {route.name} whatever is granted; "
                      "write retry_budget.min_retry_concurrency: 0")  # fmt: skip
