"""Warnings without failing: what is allowed, but seldom meant. Each sentence begins with a path of the file."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from scenarios.database_cautions import database_cautions
from scenarios.flow import Flow, cores
from scenarios.gate_cautions import gate_cautions
from scenarios.lock_cautions import lock_cautions
from scenarios.negotiation_cautions import negotiation_cautions
from scenarios.pod_cautions import pod_cautions
from scenarios.saturation import Amplification, ServiceLoad, capacity_per_pod, service_loads
from scenarios.schema.cluster import NodePool
from scenarios.schema.routing import PANIC_THRESHOLD, ResolvedRoute
from scenarios.schema.scenario import Scenario
from scenarios.schema.topology import Service
from scenarios.schema.units import AUTO, NS_PER_S, format_duration

WARMUP_REQUESTS = 10  # mean requests, one after the other, that a warm-up should outlast


def cautions(flow: Flow, loads: Sequence[ServiceLoad], worst: Amplification) -> Iterator[str]:
    """Every warning about a world, in the order of the file's sections."""
    yield from _short_warmup(flow)
    yield from _zones_without_nodes(flow.world)
    yield from _pods_without_room(flow.world)
    yield from pod_cautions(flow.world)
    yield from _steady_overload(flow, loads)
    yield from _cold_caches(flow, loads)
    yield from lock_cautions(flow)
    yield from database_cautions(flow)
    yield from _hopeless_timeouts(flow)
    if len([1 for hop in zip(worst.path, worst.path[1:], strict=False) if flow.routes[hop].attempts_max > 1]) > 1:
        yield f"routes: retries multiply to {worst.factor} attempts on the path {' -> '.join(worst.path)} when all fail"
    yield from _outages_that_stay(flow, loads)
    yield from gate_cautions(flow)
    yield from _idle_balancing(flow)
    yield from _silent_rates(flow)
    yield from _unreachable_targets(flow.world)
    yield from _two_minds_on_cpu(flow.world)
    yield from _priorities_without_effect(flow.world)
    yield from negotiation_cautions(flow)
    for name, fault in flow.world.faults.items():
        if fault.at >= flow.world.duration:
            yield f"faults.{name}: begins at {format_duration(fault.at)}, when the run is over"
    for name, rollout in flow.world.rollouts.items():
        if rollout.at >= flow.world.duration:
            yield f"rollouts.{name}: begins at {format_duration(rollout.at)}, when the run is over"


def _short_warmup(flow: Flow) -> Iterator[str]:
    slowest = max(flow.entry_ns(workload) for workload in flow.world.workload.values())
    enough = round(WARMUP_REQUESTS * slowest)
    if AUTO != flow.world.warmup < enough:
        yield (f"warmup: {format_duration(flow.world.warmup)} is less than {WARMUP_REQUESTS} mean requests "
               f"({enough / 1e9:.3g} s), so the still empty mesh is measured")  # fmt: skip


def _zones_without_nodes(world: Scenario) -> Iterator[str]:
    pools = [pool for pool in world.cluster.nodes.values() if pool.most]
    for zone in world.cluster.zones:
        if world.cluster.nodes and not any(pool.zones is None or zone in pool.zones for pool in pools):
            yield f"cluster.zones: zone {zone!r} has no node, so no pod can run there"


def _pods_without_room(world: Scenario) -> Iterator[str]:
    pools = list(world.cluster.nodes.values())
    if not pools:
        return
    for name, service in world.services.items():
        if not any(pool.most and _fits(service, pool) for pool in pools):
            yield f"services.{name}.resources.requests: no node is large enough for one pod and lets it in"
    for kind, unit in (("cpu", "m"), ("memory", " bytes"), ("gpu", "")):
        offered = sum(getattr(pool, kind) * pool.most * len(pool.zones or world.cluster.zones) for pool in pools)
        asked = sum((getattr(s.resources.requests, kind) or 0) * s.replicas for s in world.services.values())
        if asked > offered:
            yield f"cluster.nodes: pods ask for {asked:,}{unit} of {kind} together, and nodes offer {offered:,}{unit}"


def _fits(service: Service, pool: NodePool) -> bool:
    requests = service.resources.requests
    is_large = (requests.cpu or 0) <= pool.cpu and (requests.memory or 0) <= pool.memory and requests.gpu <= pool.gpu
    return is_large and set(pool.taints) <= set(service.tolerations)


def _steady_overload(flow: Flow, loads: Sequence[ServiceLoad]) -> Iterator[str]:
    visits = flow.visits()
    closed = all(workload.arrivals.users is not None for workload in flow.world.workload.values())
    after = "users wait for each other" if closed else "its queue grows for as long as the run lasts"
    for load in loads:
        replicas = flow.world.most_pods(load.service)
        capacity = replicas * capacity_per_pod(flow, load.service, visits) if replicas else 0.0
        if load.mean_visits_per_s > 0 and not replicas:
            yield f"services.{load.service}.replicas: is 0, so every call to it fails at once"
        elif load.mean_visits_per_s >= capacity and load.mean_visits_per_s > 0:
            pods = "1 replica" if replicas == 1 else f"{replicas:,} replicas"
            yield (f"services.{load.service}: a steady load of {_rate(load.mean_visits_per_s)} meets a capacity of "
                   f"{_rate(capacity)} at {pods}, so {after}")  # fmt: skip


def _cold_caches(flow: Flow, loads: Sequence[ServiceLoad]) -> Iterator[str]:
    """Services that the misses of caches would overload, all of them cold at once, though they can serve the settled ones."""
    for warm, cold in zip(loads, service_loads(Flow(flow.world)), strict=True):
        if warm.utilization < 1.0 <= cold.utilization:
            yield (f"services.{warm.service}: while caches are cold it is asked {_rate(cold.mean_visits_per_s)} and can serve "
                   f"{_rate(cold.capacity_per_s)}; once they have filled it is {_rate(warm.mean_visits_per_s)}")  # fmt: skip


def _rate(per_second: float) -> str:
    return f"{per_second:,.0f}/s" if per_second >= 1000 else f"{per_second:.4g}/s"


def _hopeless_timeouts(flow: Flow) -> Iterator[str]:
    told: set[str] = set()
    onward: dict[str, list[ResolvedRoute]] = {}
    for (caller, _), route in flow.routes.items():
        onward.setdefault(caller, []).append(route)
    for (_, callee), route in flow.routes.items():
        for sentence in (*_too_short(flow, callee, route), *_shorter_than_below(route, onward.get(callee, []))):
            if sentence not in told:
                told.add(sentence)
                yield sentence


def _too_short(flow: Flow, callee: str, route: ResolvedRoute) -> Iterator[str]:
    mean_ns = flow.mean_ns[callee]
    for name, limit in (("timeout", route.timeout_ns), ("per_try_timeout", route.per_try_timeout_ns)):
        if 0 < limit < mean_ns and not (route.hedge_policy and name == "per_try_timeout"):
            yield (f"routes.{route.name}.{name}: {format_duration(limit)} is less than the mean time of {callee} "
                   f"without queueing ({mean_ns / 1e6:.3g} ms)")  # fmt: skip
    if 0 < route.timeout_ns <= route.per_try_timeout_ns:
        yield f"routes.{route.name}.per_try_timeout: is not shorter than the timeout, so it never acts"


def _shorter_than_below(route: ResolvedRoute, onward: Sequence[ResolvedRoute]) -> Iterator[str]:
    for below in onward:
        is_told = route.cancel or (route.propagate_deadline and below.propagate_deadline)
        if 0 < route.timeout_ns < below.timeout_ns and not is_told:
            yield (f"routes.{route.name}.timeout: {format_duration(route.timeout_ns)} is shorter than that of {below.name} "
                   f"({format_duration(below.timeout_ns)}), which works on after its caller gave up")  # fmt: skip


def _outages_that_stay(flow: Flow, loads: Sequence[ServiceLoad]) -> Iterator[str]:
    """Services that all tries of their steady load would saturate, behind a queue that outlasts their callers' patience."""
    if all(workload.arrivals.users is not None for workload in flow.world.workload.values()):
        return  # users who wait ask for less
    tried: dict[str, float] = {}
    route_of: dict[str, ResolvedRoute] = {}
    for (caller, target), route in flow.routes.items():
        patience = route.patience_ns
        free = patience and route.retries and not route.retries.is_limited and not route.cancel
        tries = 1 + route.retries.num_retries if route.retries and free else 1
        tried[route.callee] = tried.get(route.callee, 0.0) + flow.asked(caller, target) * tries
        if tries > 1 and _outlasts(flow, route.callee, patience):
            route_of[route.callee] = route
    for load in loads:
        if load.utilization < 1 <= tried.get(load.service, 0.0) / load.capacity_per_s and load.service in route_of:
            yield (f"routes.{route_of[load.service].name}.retries: when tries time out, those of {_rate(load.mean_visits_per_s)} become "
                   f"{_rate(tried[load.service])} and {load.service} serves {_rate(load.capacity_per_s)}, so an overload outlasts its "
                   f"cause; a retry_budget or a queue shorter than the timeout lets it end")  # fmt: skip


def _outlasts(flow: Flow, name: str, patience_ns: int) -> bool:
    """Whether a full queue of a pod takes longer than its callers wait."""
    size = flow.world.services[name].queue.size
    return size is None or size * NS_PER_S > patience_ns * capacity_per_pod(flow, name, flow.visits())


def _idle_balancing(flow: Flow) -> Iterator[str]:
    """Settings of a balancer that nothing can come of."""
    for route in {route.name: route for route in flow.routes.values()}.values():
        rules, service = route.outlier_detection, flow.world.services[route.callee]
        pods = flow.world.most_pods(route.callee)
        known = pods if route.subset is None else min(pods, route.subset.size)
        if rules is None and route.healthy_panic_threshold != PANIC_THRESHOLD:
            yield f"routes.{route.name}.healthy_panic_threshold: acts only beside outlier_detection, without which nobody is ejected"
        if rules is not None and not rules.is_grpc and not rules.always_eject_one_host and known * rules.max_ejection_percent < 1:
            yield (f"routes.{route.name}.outlier_detection.max_ejection_percent: {rules.max_ejection_percent:.3g} of {known:g} pods is "
                   f"less than one, so none is ever ejected; raise it, or set always_eject_one_host")  # fmt: skip
        yield from _no_failover(flow.world, route, math.floor(pods))
        if route.lb_policy.is_hashing and route.hash_policy is None:
            yield f"routes.{route.name}.lb_policy.{route.lb_policy.kind}: picks at random without a hash_policy"
        by_zone = route.locality_lb_setting is not None and route.locality_lb_setting.is_weighted
        own = route.load_balancing_weights
        whose = f"routes.{route.name}" if own else f"services.{route.callee}"
        if len(set(own or service.load_balancing_weights) - {0}) > 1 and not route.lb_policy.sees_weights and not by_zone:
            yield (f"routes.{route.name}.lb_policy.{route.lb_policy.kind}: sees no {whose}.load_balancing_weights, so all "
                   "its pods are alike")  # fmt: skip
        aware = route.zone_aware_lb_config
        if aware is not None and pods < aware.min_cluster_size:
            yield (f"routes.{route.name}.zone_aware_lb_config.min_cluster_size: is {aware.min_cluster_size}, and {route.callee} never has "
                   f"more than {pods:g} pods, so zones never matter")  # fmt: skip
        least_request = route.lb_policy.least_request
        if least_request and least_request.active_request_bias != 1.0 and len(set(own or service.load_balancing_weights)) == 1:
            yield (f"routes.{route.name}.lb_policy.least_request.active_request_bias: acts only among unequal pods; give "
                   f"services.{route.callee}.load_balancing_weights")  # fmt: skip


def _no_failover(world: Scenario, route: ResolvedRoute, pods: int) -> Iterator[str]:
    """Levels that no ejection can empty: a zone is well (1.4 times its share in service is all) with as many out as may be."""
    setting, rules = route.locality_lb_setting, route.outlier_detection
    if setting is None or setting.distribute or rules is None:
        return
    out, mine = math.floor(pods * rules.max_ejection_percent), math.ceil(pods / len(world.cluster.zones))
    if mine and 140 * max(0, mine - max(out, rules.always_eject_one_host)) // mine >= 100:
        yield (f"routes.{route.name}.locality_lb_setting: {out} of {pods} pods may be ejected at most, and a zone of {mine} counts as well "
               f"without them, so calls never fail over while pods are listed; raise outlier_detection.max_ejection_percent")  # fmt: skip


def _silent_rates(flow: Flow) -> Iterator[str]:
    for name, parts in flow.arrivals.items():
        if parts and parts[-1].rate_start == parts[-1].rate_end == 0:
            yield f"workload.{name}.arrivals: nobody calls after {parts[-1].start_ns / 1e9:.6g} s"


def _unreachable_targets(world: Scenario) -> Iterator[str]:
    for name, service in world.services.items():
        scaling, request = world.minds(name).scaling, service.resources.requests.cpu
        if scaling is not None and request is not None:
            most = cores(service) * 1000 / request
            for target, tolerance in scaling.cpu_targets:
                if most <= target * (1 + tolerance):
                    yield (f"services.{name}: its pods can reach {most:.3g} of their cpu request at most, so an HPA target of "
                           f"{target:.3g} (tolerance {tolerance:.3g}) never scales up")  # fmt: skip


def _two_minds_on_cpu(world: Scenario) -> Iterator[str]:
    for name in world.services:
        minds = world.minds(name)
        is_sized = minds.sizing is not None and minds.sizing.vpa is not None and minds.sizing.vpa.updateMode != "Off"
        if is_sized and minds.scaling is not None and minds.scaling.cpu_targets:
            yield (f"services.{name}: the number of its pods follows from a share of the cpu they request, and the request from the cpu "
                   "they use; let one of the two go by something else, as Kubernetes advises")  # fmt: skip


def _priorities_without_effect(world: Scenario) -> Iterator[str]:
    """Classes that differ in priority where no queue, no door and no credits go by it; and a queue that asks where none differ."""
    differ = len({workload.priority for workload in world.workload.values()}) > 1
    asking = [name for name, service in world.services.items() if service.queue.discipline == "priority"]
    shedding = [name for name, service in world.services.items() if service.shedding is not None]
    granting = [one for one in world.negotiations.values() if one.credits is not None and one.credits.by.kind == "strict_priority"]
    if differ and not asking and not shedding and not granting:
        yield "workload: classes differ in priority, but no service has a queue by priority, or sheds"
    if asking and not differ:
        yield f"services.{asking[0]}.queue.discipline: goes by priority, but all classes have the same"
