"""Rules that hold between the parts of a world. What one part can judge alone, its own class refuses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from scenarios.errors import Mistake
from scenarios.schema.balancing_rules import balancing_mistakes
from scenarios.schema.calls import edges, programs, remedies, sites, walk
from scenarios.schema.cycles import endless
from scenarios.schema.locality_rules import locality_mistakes
from scenarios.schema.lock_rules import lock_mistakes, reentry_mistakes
from scenarios.schema.negotiation_rules import negotiation_mistakes
from scenarios.schema.placed import Path
from scenarios.schema.pool_rules import pooling_mistakes
from scenarios.schema.programs import Call, Step
from scenarios.schema.references import dangling
from scenarios.schema.replication_rules import replication_mistakes
from scenarios.schema.routing import DEFAULTS, place_of, resolve
from scenarios.schema.steadiness import unsteady
from scenarios.schema.units import AUTO, format_duration
from scenarios.schema.weight_rules import weight_mistakes

if TYPE_CHECKING:
    from scenarios.schema.scenario import Scenario


PASSES_MAX = 1 << 24  # of a step, one after the other


def broken_rules(world: Scenario) -> Iterator[Mistake]:
    """Every rule between parts that this world breaks."""
    yield from _times(world)
    yield from _loads(world)
    yield from _autoscalers(world)
    yield from _alerts(world)
    yield from _images(world)
    missing = list(dangling(world))
    yield from missing
    if not missing:
        yield from endless(sites(world.services))
        yield from pooling_mistakes(world)
        yield from balancing_mistakes(world)
        yield from _hedges(world)
        yield from replication_mistakes(world)
        yield from _expiring(world)
        yield from locality_mistakes(world)
        yield from weight_mistakes(world)
        yield from reentry_mistakes(world)
    yield from negotiation_mistakes(world)
    for _, steps, path in programs(world.services):
        yield from _passes(steps, path, 1)
    yield from lock_mistakes(world)


def _hedges(world: Scenario) -> Iterator[Mistake]:
    """What a route hedges by, and what it needs or excludes for that, may come from different patterns."""
    for edge in edges(world.services, world.workload):
        route = resolve(world.routes, edge)
        hedging = route.hedge_policy
        if hedging is None:
            continue
        place = place_of(world.routes, edge, "hedge_policy")
        if route.is_pooled:
            yield Mistake(place, f"hedges {route.name}, whose tries wait for a connection or a place; take one of the two away")
            return
        if hedging.hedging_delay is not None and (route.retries is not None or route.per_try_timeout_ns):
            yield Mistake(place, f"hedges {route.name} after a delay, which knows neither retries nor per_try_timeout, as in gRPC: "
                                 "max_attempts and non_fatal take their place. Take away what other patterns give by "
                                 "retries: {num_retries: 0} and per_try_timeout: null")  # fmt: skip
            return
        if hedging.hedge_on_per_try_timeout and not (route.retries is not None and route.per_try_timeout_ns):
            yield Mistake(place, f"hedges {route.name} when a try times out; it needs a per_try_timeout, and retries, for a hedge is one")
            return


def _expiring(world: Scenario) -> Iterator[Mistake]:
    """Queues that drop what has expired know of deadlines only by routes that propagate them."""
    routes = [resolve(world.routes, edge) for edge in edges(world.services, world.workload)]
    told = {route.callee for route in routes if route.propagate_deadline}
    for name, service in world.services.items():
        if service.queue.drop_expired and name not in told:
            yield Mistake(("services", name, "queue", "drop_expired"),
                          f"needs deadlines, and no route brings any to {name}; give one propagate_deadline: true and a timeout")


def _passes(steps: tuple[Step, ...], path: Path, outer: int) -> Iterator[Mistake]:
    """Fallbacks inside repeated calls inside fallbacks ...: a draw's address has room for so many passes (D3)."""
    for found in walk(steps, path):
        if not isinstance(found.step, Call) or found.in_fallback:
            continue
        times = outer * found.step.repeat
        if times > PASSES_MAX:
            yield Mistake((*found.path, "repeat"), f"is made {times:,} times with the fallbacks around it; at most {PASSES_MAX:,}")
        else:
            for inner, path_of in remedies(found.step, found.path):
                yield from _passes(inner, path_of, times)


def _times(world: Scenario) -> Iterator[Mistake]:
    whole = f"the duration of {format_duration(world.duration)}"
    if world.warmup >= world.duration:
        yield Mistake(("warmup",), f"must be shorter than {whole}; nothing would be measured")
    if world.warmup == AUTO and (why := unsteady(world)) is not None:
        yield Mistake(("warmup",), f"finds where a steady world settles, and {why}; give it a time")
    for index, expect in enumerate(world.expect):
        start, until = expect.start, expect.until
        if until is not None and until > world.duration:
            yield Mistake(("expect", index, "until"), f"lies beyond {whole}")
        if start is not None and start >= world.duration:
            yield Mistake(("expect", index, "from"), f"lies beyond {whole}")
        elif (world.warmup if start is None else start) >= (until or world.duration):
            yield Mistake(("expect", index), "covers no time: it begins (at 'from', or after the warm-up) when it is over")


def _loads(world: Scenario) -> Iterator[Mistake]:
    for name, workload in world.workload.items():
        if workload.arrivals.timestamps is not None and workload.load != 1.0:
            yield Mistake(("workload", name, "load"), "has no meaning for arrivals at recorded times; leave it out")


def _images(world: Scenario) -> Iterator[Mistake]:
    if world.cluster.nodes:
        return
    places: list[tuple[Path, object]] = [(("services", name, "image"), one.image) for name, one in world.services.items()]
    places += [(("rollouts", name, "image"), one.image) for name, one in world.rollouts.items()]
    for path, image in places:
        if image is not None:
            yield Mistake(path, "is pulled by a node, and there are none; give cluster.nodes")


def _autoscalers(world: Scenario) -> Iterator[Mistake]:
    for name, service in world.services.items():
        minds, resources = world.minds(name), service.resources
        scaling, sizing = minds.scaling, minds.sizing
        lacks = f"give services.{name}.resources.requests.cpu"
        if (scaling is None or scaling.fixed is not None) and name in world.agents and world.agents[name].policy is not None:
            yield Mistake(("agents", name, "policy"), f"guides who scales, and nobody scales {name}; give agents.{name}.scaling")
        if scaling and scaling.cpu_targets and resources.requests.cpu is None:
            yield Mistake((*_holder(world, name, "scaling"), scaling.kind), f"measures CPU against a request; {lacks}")
        if sizing is None or sizing.vpa is None:
            continue
        place = (*_holder(world, name, "sizing"), sizing.kind)
        if resources.requests.cpu is None:
            yield Mistake(place, f"changes what pods request, and pods of {name} request no cpu; {lacks}")
        scales_limits = resources.limits.cpu is not None and sizing.vpa.controlledValues == "RequestsAndLimits"
        if scales_limits and resources.cpu_model != "cfs" and sizing.vpa.updateMode != "Off":
            yield Mistake(place, "changes limits in proportion, which only the quota of Linux can follow in thousandths of a core; "
                                 f"give services.{name}.resources.cpu_model: cfs, or controlledValues: RequestsOnly")  # fmt: skip


def _holder(world: Scenario, service: str, mind: str) -> Path:
    """Where it is said who decides for a service: in its own agent, or in the defaults."""
    own = world.agents.get(service)
    return "agents", service if own is not None and getattr(own, mind) is not None else DEFAULTS, mind


def _alerts(world: Scenario) -> Iterator[Mistake]:
    for name, alert in world.alerts.items():
        workload = world.workload.get(alert.workload)
        if workload is not None and alert.objective is None and workload.slo.availability is None:
            yield Mistake(("alerts", name), f"has no objective; give one, or workload.{alert.workload}.slo.availability")
