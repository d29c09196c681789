"""Whom a scaler serves: the services of a scenario, or of a list that says of each what its rule and its objective are.

    namespace: shop
    services:
      front: {objective: 750ms, workload: shoppers|crowd, scaling: {trend: {averageValue: 21, min: 1, max: 40}}}
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field

from agents.autoscaling.seating import ALONE, PODS_MAX, scaling_policy
from agents.learning.watched import Watched
from agents.policy import Alternating, Policy
from parley.errors import UsageError
from scenarios.errors import ScenarioError
from scenarios.flow import Flow
from scenarios.load import load
from scenarios.schema.control import Scaling
from scenarios.schema.mistakes import validated
from scenarios.schema.model import Part, field
from scenarios.schema.scenario import Scenario
from scenarios.schema.units import NS_PER_S, Duration
from scenarios.schema.words import Name
from scenarios.source_files import read_text
from scenarios.yaml_reading import read_yaml
from sim.platform.metrics import Series

ANY = ".+"  # workload, where none is named


class ServiceEntry(Part):
    """One service of a list."""

    scaling: Scaling = field(says="the calibrated rule that the policy guides, and that stands in for it; as in a scenario")
    objective: Duration | None = field(None, says="strictest objective of its requests", gt=0)
    workload: str = field(ANY, says="classes of its requests, as a regular expression of Prometheus", min_length=1, max_length=200)


class ServiceList(Part):
    """A list of services."""

    namespace: Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")] = field("default", says="of their Deployments")
    services: Annotated[dict[Name, ServiceEntry], Field(min_length=1)] = field(says="by the name of their Deployment")


@dataclass(frozen=True)
class Served:
    """One service that is served."""

    name: str
    namespace: str
    rule: Policy
    least: int
    most: int
    watched: Watched
    objective_ms: float | None
    workload: str


def read_services(source: str, namespace: str | None = None) -> list[Served]:
    """From a scenario, shipped or a file, or from a list. Raises ScenarioError and UsageError."""
    path = Path(source)
    if path.is_file():
        data = read_yaml(read_text(path, source), source)
        if isinstance(data, dict) and "version" not in data and "extends" not in data:
            return _of_list(validated(ServiceList, data, "a list of services"), namespace)
    return _of_world(load(source), namespace or "default")


def _of_list(listed: ServiceList, namespace: str | None) -> list[Served]:
    found = []
    for name, entry in listed.services.items():
        kind = "fixed" if entry.scaling.fixed is not None else entry.scaling.kind
        if kind not in ALONE:
            raise UsageError(f"services.{name}.scaling: {kind} needs a scenario to be of use; give one to --services, or a rule of "
                             f"{', '.join(ALONE)}")  # fmt: skip
        rule = ALONE[kind](entry.scaling.chosen, name)
        objective = {Series("latency_p99", "workload", entry.workload): entry.objective / NS_PER_S} if entry.objective else {}
        watched = Watched(Series("requests_per_second", "service", name), Series("concurrency", "service", name),
                          Series("latency_p95", "service", name), objective)  # fmt: skip
        found.append(_served(name, namespace or listed.namespace, entry.scaling, rule, watched, entry.workload))
    return found


def _of_world(world: Scenario, namespace: str) -> list[Served]:
    flow, found = Flow(world), []
    for name in sorted(world.services):
        scaling = world.minds(name).scaling
        rule = scaling_policy(scaling, name, world)
        if scaling is not None and rule is not None:
            watched = Watched.of(flow, name)
            found.append(_served(name, namespace, scaling, rule, watched, "|".join(one.of for one in watched.objectives) or ANY))
    if not found:
        raise ScenarioError("agents: nobody scales here, so there is no rule for a policy to guide")
    return found


def _served(name: str, namespace: str, scaling: Scaling, rule: Policy, watched: Watched, workload: str) -> Served:
    known = {watched.rate, watched.concurrency, watched.latency}
    if isinstance(rule, Alternating) or rule.needs.pods or not set(rule.needs.series) <= known or scaling.kind == "lookahead":
        raise UsageError(f"{name}: scaling: {scaling.kind} asks for more than a scaler knows of its service, which is cpu, "
                         f"{', '.join(str(one) for one in sorted(known, key=str))}; seat trend, forecast, mpc, or hpa on cpu")  # fmt: skip
    most = scaling.most
    bounds = getattr(scaling.chosen, "min", 1), PODS_MAX if most is None or math.isinf(most) else int(most)
    objective = min(watched.objectives.values(), default=None)
    return Served(name, namespace, rule, *bounds, watched, None if objective is None else 1000 * objective, workload)


def named(services: Sequence[Served]) -> dict[str, Served]:
    """By name."""
    return {one.name: one for one in services}
