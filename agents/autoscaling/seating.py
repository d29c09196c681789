"""From what a scenario says about scaling to a mind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from agents.autoscaling.minds.hpa import HpaPolicy
from agents.autoscaling.minds.keda import KedaPolicy
from agents.autoscaling.minds.kpa import KpaPolicy
from agents.policy import Policy
from scenarios.schema.control import Scaling
from scenarios.schema.scenario import Scenario

Maker = Callable[[Any, str, Scenario, int], Policy]  # (what the file says, service, the world, its seed)

MINDS: dict[str, Maker] = {
    "hpa": lambda described, service, _world, _seed: HpaPolicy(described, service),
    "keda": lambda described, service, _world, _seed: KedaPolicy(described, service),
    "kpa": lambda described, _service, _world, _seed: KpaPolicy(described),
}


def scaling_policy(scaling: Scaling | None, service: str, world: Scenario, seed: int) -> Policy | None:
    """The mind a scenario asks for; None where the replicas of the file stay."""
    return MINDS[scaling.kind](scaling.chosen, service, world, seed) if scaling is not None and scaling.kind in MINDS else None
