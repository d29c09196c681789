"""A world as figures: what a fluid keeps of it. What it cannot keep is refused, never passed over."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from agents.autoscaling.lookahead import Offered
from scenarios.errors import ScenarioError
from scenarios.flow import Flow, cores
from scenarios.rates import Piece
from scenarios.schema.distributions import Distribution
from scenarios.schema.failures import Failures
from scenarios.schema.hpa import Behavior, Hpa, ScalingRules
from scenarios.schema.model import Part
from scenarios.schema.planning import Trend
from scenarios.schema.programs import Call, Parallel, Step, Work
from scenarios.schema.scenario import Scenario
from scenarios.schema.units import NS_PER_S
from sim.draws import Seed, family_key, indexed_key
from sim.sampling import sample_ns
from sim.telemetry import Integers

Floats = NDArray[np.float64]
PARTS = 5  # a tick is gone through in so many steps
STARTS = 512  # starts of pods that are drawn for each service of an episode, from as many of its law; then they repeat

KEPT = {  # of what a file says of each; whatever else differs from its default is refused
    "services": {"replicas", "workers", "resources", "startup", "endpoints"},
    "routes": {"lb_policy", "timeout", "request_bytes", "response_bytes"},
    "workload": {"entry", "mix", "load", "arrivals", "slo", "zone", "priority"},
}


@dataclass(frozen=True)
class FluidWorld:
    """The figures of one episode. Services are in order of their names, classes and parts of ticks in order."""

    scenario: Scenario
    services: tuple[str, ...]
    rules: tuple[Hpa | Trend, ...]  # of each service; all of one kind
    tick_ns: int
    visits: Floats  # (classes, services) of one request
    work_s: Floats  # (classes, services) CPU of one request, in core-seconds
    cores: Floats  # (services,) of a pod
    replicas: Floats  # (services,) at the start
    timeout_s: Floats  # (classes,) of the entry's route; inf where there is none
    objective: Floats  # (classes, 2): share of requests, and within how many seconds; 0 and 1 without one
    strictest_s: Floats  # (services,) objective of a class that comes to it; nan without one
    comes_to: NDArray[np.bool_]  # (classes, services) classes with an objective that come to a service
    counts: Floats  # (parts of the episode, classes) requests that come
    ideal: Floats  # (ticks, services) cores offered at most within each tick
    start_parts: Integers  # (services, STARTS) parts of a tick that a pod takes to start
    of_work: Floats  # (parts of the episode, services) what is particular to the work of a part, in standard deviations
    of_classes: Floats  # (ticks, classes) the same of the quantile that a tick's requests come to
    of_visits: Floats  # (ticks, services) and of their visits


def fluid_world(world: Scenario, seed: Seed) -> FluidWorld:
    """Raises ScenarioError for what a fluid cannot stand for."""
    refuse(world)
    flow, services = Flow(world), tuple(sorted(world.services))
    rules = _rules(world, services)
    tick_ns = rules[0].sync_period
    demand, service = (np.random.default_rng(family_key(seed, family, "fluid")) for family in ("workload", "service"))
    per_class = [_per_service(flow.visits_of_one(name), services) for name in world.workload]
    works = [_per_service({at: count * flow.work_ns[at] / NS_PER_S for at, count in flow.visits_of_one(name).items()}, services)
             for name in world.workload]  # fmt: skip
    visits = np.array(per_class)
    goals = [workload.slo.latency for workload in world.workload.values()]
    objective = np.array([(0.0, 1.0) if goal is None else (goal.p / 100, goal.under / NS_PER_S) for goal in goals])
    comes_to = (visits > 0) & (objective[:, :1] > 0)
    under = np.where(comes_to, objective[:, 1:], np.inf).min(axis=0)
    ticks, counts = world.duration // tick_ns + 1, _counts(flow, tick_ns, demand)
    return FluidWorld(
        world, services, rules, tick_ns, visits, np.array(works), np.array([cores(world.services[name]) for name in services]),
        np.array([float(world.services[name].replicas) for name in services]), np.array(list(_timeouts(flow))), objective,
        np.where(np.isfinite(under), under, np.nan), comes_to, counts, _ideal(world, services, tick_ns),
        _starts(world, services, tick_ns, service), service.normal(size=(len(counts), len(services))),
        service.normal(size=(ticks, len(world.workload))), service.normal(size=(ticks, len(services))),
    )  # fmt: skip


def refuse(world: Scenario) -> None:
    """Raises ScenarioError for what a fluid cannot stand for."""
    strange = {"faults": world.faults, "failures": world.failures != Failures(), "negotiations": world.negotiations,
               "telemetry.delivery_lag": world.telemetry.delivery_lag, "rollouts": world.rollouts}
    for place, found in strange.items():
        if found:
            raise ScenarioError(f"{place}: a fluid knows nothing of it; take fidelity: requests")
    for kind, parts in (("services", world.services), ("routes", world.routes), ("workload", world.workload)):
        for name, part in parts.items():
            if unknown := sorted(told(part) - KEPT[kind]):
                raise ScenarioError(f"{kind}.{name}.{unknown[0]}: a fluid knows nothing of it, and would learn in a world without; it "
                                    f"keeps {', '.join(sorted(KEPT[kind]))}; take fidelity: requests")  # fmt: skip
    for name, workload in world.workload.items():
        if workload.arrivals.poisson is None:
            raise ScenarioError(f"workload.{name}.arrivals: a fluid knows poisson alone; take fidelity: requests")
    for name, service in world.services.items():
        for endpoint, steps in service.endpoints.items():
            for step in walk(steps):
                if not isinstance(step, Work | Call | Parallel) or (isinstance(step, Parallel) and step.join != "all"):
                    kind = type(step).__name__.lower()
                    raise ScenarioError(f"services.{name}.endpoints.{endpoint}: a fluid knows work, calls and parallel branches "
                                        f"that are waited for, not {kind}; take fidelity: requests")  # fmt: skip


def told(part: Part) -> set[str]:
    """What it says otherwise than it would be without a word."""
    return {name for name, about in type(part).model_fields.items() if getattr(part, name) != about.get_default(call_default_factory=True)}


def walk(steps: tuple[Step, ...]) -> Iterator[Step]:
    """All steps, those of branches, too."""
    for step in steps:
        yield step
        if isinstance(step, Parallel):
            for branch in step.parallel:
                yield from walk(branch)


def _rules(world: Scenario, services: tuple[str, ...]) -> tuple[Hpa | Trend, ...]:
    rules = tuple(_rule(world, name) for name in services)
    other = next((name for name, rule in zip(services, rules, strict=True) if _alike(rule) != _alike(rules[0])), None)
    if other is not None:
        raise ScenarioError(f"agents.{other}.scaling: a fluid knows rules of one kind, with one interval and one window for all services, "
                            f"and this one differs from that of {services[0]}; take fidelity: requests")  # fmt: skip
    return rules


def _rule(world: Scenario, name: str) -> Hpa | Trend:
    described, service = world.minds(name).scaling, world.services[name]
    rule = None if described is None else described.hpa or described.trend
    if rule is None or not _is_known(rule, name) or (rule.behavior is not None and not _only_waits(rule.behavior)):
        raise ScenarioError(f"agents.{name}.scaling: a fluid knows hpa with target_cpu and trend of the service's own rate, of a behavior "
                            "only scaleDown's window; take fidelity: requests")  # fmt: skip
    if isinstance(rule, Hpa) and service.resources.requests.cpu != cores(service) * 1000:
        raise ScenarioError(f"services.{name}.resources: a fluid knows an hpa where a pod requests the CPU that it may use at most; "
                            "take fidelity: requests")  # fmt: skip
    return rule


def _is_known(rule: Hpa | Trend, name: str) -> bool:
    return rule.target_cpu is not None if isinstance(rule, Hpa) else not rule.of.workload and rule.of.service in (None, "", name)


def _only_waits(behavior: Behavior) -> bool:
    """Whether it says how long scaling down waits, and nothing else."""
    down = behavior.scaleDown or ScalingRules()
    return behavior.scaleUp is None and down == ScalingRules(stabilizationWindowSeconds=down.stabilizationWindowSeconds)


def _alike(rule: Hpa | Trend) -> tuple[object, ...]:
    """What rules of all services must have in common."""
    own = (rule.downscale_stabilization,) if isinstance(rule, Hpa) else (rule.window, rule.horizon)
    return type(rule), rule.sync_period, rule.behavior, *own


def _per_service(of_endpoints: dict[str, float], services: tuple[str, ...]) -> list[float]:
    return [sum(value for at, value in of_endpoints.items() if at.split(".")[0] == name) for name in services]


def _timeouts(flow: Flow) -> Iterator[float]:
    for name, workload in flow.world.workload.items():
        route = flow.routes[name, next(iter(workload.entries))]
        yield route.timeout_ns / NS_PER_S if route.timeout_ns else np.inf


def _counts(flow: Flow, tick_ns: int, random: np.random.Generator) -> Floats:
    """Poisson, by the rate in the middle of each part."""
    part_ns = tick_ns // PARTS
    middles = (np.arange(flow.world.duration // part_ns, dtype=np.float64) + 0.5) * part_ns
    rates = np.stack([_rates(pieces, middles) for pieces in flow.arrivals.values()], axis=1)
    return random.poisson(rates * (part_ns / NS_PER_S)).astype(np.float64)


def _rates(pieces: list[Piece], at_ns: Floats) -> Floats:
    corners = np.array([(piece.start_ns, piece.rate_start, piece.end_ns, piece.rate_end) for piece in pieces]).reshape(-1, 2)
    rates: Floats = np.interp(at_ns, corners[:, 0], corners[:, 1])
    return rates


def _ideal(world: Scenario, services: tuple[str, ...], tick_ns: int) -> Floats:
    offered = Offered(world, *services)
    return np.stack([offered.most(since_ns, since_ns + tick_ns) for since_ns in range(0, world.duration, tick_ns)])


def _starts(world: Scenario, services: tuple[str, ...], tick_ns: int, random: np.random.Generator) -> Integers:
    """Drawn from what the law of each service's starts gives."""
    drawn = np.stack([random.choice(_starts_ns(world.services[name].startup), STARTS) for name in services])
    parts: Integers = np.maximum(1, -(-drawn // (tick_ns // PARTS)))
    return parts


@lru_cache(maxsize=256)
def _starts_ns(startup: Distribution) -> Integers:
    """(STARTS,) by the law that pods of requests' meshes meet, too."""
    return np.array([sample_ns(startup, indexed_key(0, nth), 0) for nth in range(STARTS)])
