"""What settings of zones do not go with, and names in them that nothing bears."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from scenarios.errors import Mistake
from scenarios.naming import suggestion
from scenarios.schema.calls import edges
from scenarios.schema.localities import fits
from scenarios.schema.placed import Path
from scenarios.schema.routing import ResolvedRoute, patterns, place_of, resolve

if TYPE_CHECKING:
    from scenarios.schema.scenario import Scenario

BESIDE_ZONES = ("random", "round_robin", "least_request", "peak_ewma")  # balancers that pick within a zone


def locality_mistakes(world: Scenario) -> Iterator[Mistake]:
    """Localities that are not there, settings that nothing comes of, and views that stand in no place."""
    yield from _unknown(world)
    yield from _of_no_pods(world)
    told: set[Path] = set()
    for edge in edges(world.services, world.workload):
        route = resolve(world.routes, edge)
        for key, rule in _broken(world, route):
            place = place_of(world.routes, edge, key)
            if place not in told:
                told.add(place)
                yield Mistake(place, f"{rule} ({edge.caller} -> {edge.callee})")


def _broken(world: Scenario, route: ResolvedRoute) -> Iterator[tuple[str, str]]:
    setting, aware = route.locality_lb_setting, route.zone_aware_lb_config
    key = "locality_lb_setting" if setting is not None else "zone_aware_lb_config"
    if not route.is_located:
        return
    if setting is not None and aware is not None:
        yield key, "stands beside a zone_aware_lb_config; a cluster of Envoy's has one of the two"
    if setting is not None and not setting.distribute and route.outlier_detection is None:
        yield key, "fails over only beside outlier_detection, as in Istio: without it nothing says that pods are not well"
    if route.view == "service" and route.caller in world.services:
        yield key, "asks where a caller is, and here all callers share a view: set view: caller or zone"
    if aware is not None and aware.routing_enabled < 1 and (
            len(set(world.services[route.callee].load_balancing_weights)) > 1 or route.lb_policy.slow_start is not None):
        yield key, "has routing_enabled below 100%, which is not modelled where load_balancing_weights differ, nor with a slow start"
    if route.lb_policy.kind not in BESIDE_ZONES:
        yield key, f"is not modelled with {route.lb_policy.kind}; it goes with {', '.join(BESIDE_ZONES)}"
    if route.subset is not None:
        yield key, "is not modelled beside a subset; leave one of them out"


def _of_no_pods(world: Scenario) -> Iterator[Mistake]:
    """Zone awareness of workloads alone: they have no pods, so there is no share of theirs to leave alike."""
    made = list(edges(world.services, world.workload))
    for pattern, route in world.routes.items():
        callers = {edge.caller: bool(edge.caller_endpoint) for edge in made if pattern in patterns(edge)}
        if route.zone_aware_lb_config is not None and callers and not any(callers.values()):
            yield Mistake(("routes", pattern, "zone_aware_lb_config"),
                          f"asks where the caller's pods are, and {', '.join(callers)} has none: it is for calls between services; "
                          "locality_lb_setting knows where a workload is")  # fmt: skip


def _unknown(world: Scenario) -> Iterator[Mistake]:
    """Regions and zones that a setting names and the cluster has not; and rules that others stand before."""
    cluster = world.cluster
    regions = {cluster.region_of(zone): None for zone in cluster.zones}
    places = {f"{cluster.region_of(zone)}/{zone}/*": None for zone in cluster.zones} | {f"{region}/*": None for region in regions}
    for pattern, route in world.routes.items():
        setting = route.locality_lb_setting
        if setting is None:
            continue
        path: Path = ("routes", pattern, "locality_lb_setting")
        for n, failover in enumerate(setting.failover):
            for end, name in (("from", failover.source), ("to", failover.target)):
                if name not in regions:
                    hint = suggestion(name, regions) or f"; there are {', '.join(list(regions)[:8])}"
                    yield Mistake((*path, "failover", n, end), f"is not a region of this world{hint}")
            if failover.source == failover.target:
                yield Mistake((*path, "failover", n, "to"), "is where the callers are; name another region")
            if failover.source in [one.source for one in setting.failover[:n]]:
                yield Mistake((*path, "failover", n, "from"), "stands in an earlier failover as well, which holds; keep one of them")
        free = {(cluster.region_of(zone), zone) for zone in cluster.zones}
        for n, rule in enumerate(setting.distribute):
            meant = {(cluster.region_of(zone), zone) for zone in cluster.zones if fits(rule.source, cluster.region_of(zone), zone)}
            if meant and not meant & free:
                yield Mistake((*path, "distribute", n, "from"), "is never reached: rules before it fit all callers there, and the "
                                                                "first that fits holds; put it before them")  # fmt: skip
            free -= meant
            for end, name in (("from", rule.source), *(("to", name) for name in rule.target)):
                if not any(fits(name, cluster.region_of(zone), zone) for zone in cluster.zones):
                    hint = suggestion(name, places) or f"; there are {', '.join(list(places)[:8])}"
                    yield Mistake((*path, "distribute", n, end), f"names {name!r}, where no zone of this world is{hint}")
