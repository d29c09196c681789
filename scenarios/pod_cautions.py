"""Warnings about how pods are probed, replaced and evicted: settings that fight each other."""

from __future__ import annotations

from collections.abc import Iterator

from scenarios.schema.pods import Probe
from scenarios.schema.routing import DEFAULTS
from scenarios.schema.scenario import Scenario
from scenarios.schema.topology import Service
from scenarios.schema.units import NS_PER_S, format_duration


def pod_cautions(world: Scenario) -> Iterator[str]:
    """Every warning about the pods of a world."""
    for name, service in world.services.items():
        yield from _impatient_probes(name, service)
        yield from _blocked_drains(name, service)
        if 0 < service.termination_grace_period <= service.preStopSeconds * NS_PER_S:
            yield (f"services.{name}.preStopSeconds: is no shorter than termination_grace_period "
                   f"({format_duration(service.termination_grace_period)}), which then ends it with all it holds")  # fmt: skip
        if _is_told_late(world) and service.preStopSeconds == 0 and _loses_pods(world, name):
            yield f"services.{name}.preStopSeconds: is 0, so callers that learn late of a draining pod ask one that is gone"


def patience_ns(probe: Probe) -> int:
    """How long a container that does not answer lives under a probe."""
    return (probe.initialDelaySeconds + (probe.failureThreshold - 1) * probe.periodSeconds) * NS_PER_S


def _impatient_probes(name: str, service: Service) -> Iterator[str]:
    mean_ns = service.startup.mean_ns
    first = "startupProbe" if service.startupProbe is not None else "livenessProbe"
    probe: Probe | None = getattr(service, first)
    if probe is not None and patience_ns(probe) < mean_ns:
        remedy = "a larger failureThreshold" if first == "startupProbe" else "a startupProbe"
        yield (f"services.{name}.{first}: kills a container that does not answer for {patience_ns(probe) // NS_PER_S} s, and its "
               f"mean start-up is {mean_ns / NS_PER_S:.3g} s, so it never starts; give {remedy}")  # fmt: skip
    for kind in ("startupProbe", "readinessProbe", "livenessProbe"):
        asked: Probe | None = getattr(service, kind)
        if asked is not None and asked.response > asked.timeoutSeconds * NS_PER_S:
            yield f"services.{name}.{kind}: a sound pod takes {format_duration(asked.response)} to answer, longer than the timeout"


def _blocked_drains(name: str, service: Service) -> Iterator[str]:
    budget = service.podDisruptionBudget
    if budget is None or not service.replicas:
        return
    least, most = budget.minAvailable, budget.maxUnavailable
    if least == "100%" or (isinstance(least, int) and least >= service.replicas) or most in (0, "0%"):
        yield f"services.{name}.podDisruptionBudget: allows no eviction of {service.replicas} replicas, so a drain never ends"


def _is_told_late(world: Scenario) -> bool:
    return world.discovery.propagation_delay.mean_ns > 0


def _loses_pods(world: Scenario, service: str) -> bool:
    """Whether a rollout or an autoscaler drains pods of a service."""
    agent = world.agents.get(service, world.agents.get(DEFAULTS))
    is_scaled = agent is not None and agent.scaling is not None and agent.scaling.fixed is None
    return is_scaled or any(rollout.service == service for rollout in world.rollouts.values())
