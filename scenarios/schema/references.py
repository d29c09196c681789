"""Names that must be those of something: targets, services, zones, workloads, routes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import TYPE_CHECKING

from scenarios.errors import Mistake
from scenarios.naming import suggestion
from scenarios.schema.calls import edges, entry_targets, sites
from scenarios.schema.failures import OF_NODES
from scenarios.schema.faults import NODE_FAULTS, Fault, Link
from scenarios.schema.placed import Path
from scenarios.schema.routing import DEFAULTS, patterns

if TYPE_CHECKING:
    from scenarios.schema.scenario import Scenario


def dangling(world: Scenario) -> Iterator[Mistake]:
    """A mistake for each name that nothing bears."""
    yield from _own_names(world)
    targets = list(_targets(world))
    yield from targets
    if not targets:  # a route to a misspelt target would be told twice
        yield from _routes(world)
    yield from _services(world)
    yield from _zones(world)
    for name, alert in world.alerts.items():
        yield from _known(("alerts", name, "workload"), alert.workload, world.workload, "a workload")
    for index, expect in enumerate(world.expect):
        if expect.workload is not None:
            yield from _known(("expect", index, "workload"), expect.workload, world.workload, "a workload")


def _own_names(world: Scenario) -> Iterator[Mistake]:
    for name in world.workload:
        if name in world.services:
            yield Mistake(("workload", name), "bears the name of a service; routes could not tell them apart")
    if DEFAULTS in world.services:
        yield Mistake(("services", DEFAULTS), "bears a name that means every service; choose another")
    if DEFAULTS in world.workload:
        yield Mistake(("workload", DEFAULTS), "bears a name that means every service; choose another")


def _targets(world: Scenario) -> Iterator[Mistake]:
    right = {f"{name}.{endpoint}": None for name, service in world.services.items() for endpoint in service.endpoints}
    asked: list[tuple[Path, str]] = [((*site.path, "call"), site.callee) for site in sites(world.services)]
    for name, workload in world.workload.items():
        asked += [(("workload", name, *path), target) for path, target in entry_targets(workload)]
    for path, target in asked:
        if target not in right:
            yield Mistake(path, _no_endpoint(target, world, right))


def _no_endpoint(target: str, world: Scenario, right: Collection[str]) -> str:
    name, endpoint = target.split(".")
    service = world.services.get(name)
    if service is None:
        return f"names a service {name!r} that is not there{suggestion(target, right)}"
    hint = suggestion(endpoint, service.endpoints) or f"; it has {', '.join(list(service.endpoints)[:8])}"
    return f"names an endpoint {endpoint!r} that service {name!r} does not have{hint}"


def _routes(world: Scenario) -> Iterator[Mistake]:
    fitting: dict[str, None] = {}
    for edge in edges(world.services, world.workload):
        fitting.update(dict.fromkeys(patterns(edge)))
    for pattern in world.routes:
        if pattern not in fitting:
            yield Mistake(("routes", pattern), f"fits no call of this world{suggestion(pattern, fitting)}")


def _services(world: Scenario) -> Iterator[Mistake]:
    for name in world.agents:
        if name != DEFAULTS:
            yield from _known(("agents", name), name, [*world.services, DEFAULTS], "a service")
    for name, agent in world.agents.items():
        for place, kind, asked in agent.scaling.sources() if agent.scaling is not None else ():
            right = world.services if kind == "service" else world.workload
            yield from _known(("agents", name, "scaling", *place), asked, right, f"a {kind}")
    for name, rollout in world.rollouts.items():
        yield from _known(("rollouts", name, "service"), rollout.service, world.services, "a service")
    for name, process in world.failures.processes.items():
        for index, service in enumerate(process.services):
            yield from _known(("failures", "processes", name, "services", index), service, world.services, "a service")
        if process.domain in OF_NODES and not world.cluster.nodes:
            yield Mistake(("failures", "processes", name, "domain"), "is made of nodes, and there are none; give cluster.nodes")
    if world.failures.preset is not None and not world.cluster.nodes:
        yield Mistake(("failures", "preset"), "is about machines, and there are none; give cluster.nodes")
    for name, fault in world.faults.items():
        yield from _struck(world, ("faults", name, fault.kind), fault)


def _struck(world: Scenario, path: Path, fault: Fault) -> Iterator[Mistake]:
    named = {"service": (world.services, "a service"), "zone": (world.cluster.zones, "a zone"),
             "pool": (world.cluster.nodes, "a pool of nodes"), "region": (world.cluster.regions, "a region")}  # fmt: skip
    if fault.kind in NODE_FAULTS and not world.cluster.nodes:
        yield Mistake(path, "strikes nodes, and there are none; give cluster.nodes")
        return
    if isinstance(fault.chosen, Link):
        for index, zone in enumerate(fault.chosen.between):
            yield from _known((*path, "between", index), zone, world.cluster.zones, "a zone")
    for key, (right, what) in named.items():
        name: str | None = getattr(fault.chosen, key, None)
        if name is not None:
            yield from _known((*path, key), name, right, what)


def _zones(world: Scenario) -> Iterator[Mistake]:
    zones = world.cluster.zones
    yield from _twice(("cluster", "zones"), zones)
    owned: list[str] = []
    for name, region in world.cluster.regions.items():
        for index, zone in enumerate(region):
            yield from _known(("cluster", "regions", name, index), zone, zones, "a zone")
            if zone in owned:
                yield Mistake(("cluster", "regions", name, index), f"zone {zone!r} is in a region already")
            owned.append(zone)
    for name, pool in world.cluster.nodes.items():
        path: Path = ("cluster", "nodes", name, "zones")
        yield from _twice(path, pool.zones or ())
        for index, zone in enumerate(pool.zones or ()):
            yield from _known((*path, index), zone, zones, "a zone")
    for name, workload in world.workload.items():
        if workload.zone is not None:
            yield from _known(("workload", name, "zone"), workload.zone, zones, "a zone")


def _twice(path: Path, names: tuple[str, ...]) -> Iterator[Mistake]:
    for index, name in enumerate(names):
        if name in names[:index]:
            yield Mistake((*path, index), "stands here twice")


def _known(path: Path, name: str, right: Iterable[str], what: str) -> Iterator[Mistake]:
    names = list(right)
    if name not in names:
        yield Mistake(path, f"is not {what} of this world{suggestion(name, names) or '; there are ' + ', '.join(names[:8])}")
