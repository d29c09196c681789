"""From what a scenario says about scaling to a mind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from agents.autoscaling.minds.hpa import HpaPolicy
from agents.autoscaling.minds.keda import KedaPolicy
from agents.autoscaling.minds.kpa import KpaPolicy
from agents.autoscaling.minds.optimizers import LazyPlanner, MpcPlanner
from agents.autoscaling.minds.paced import PacedPolicy, Planner
from agents.autoscaling.minds.planners import CronPlanner, ForecastPlanner, LookaheadPlanner, StaffingPlanner
from agents.autoscaling.minds.trend import TrendPolicy
from agents.autoscaling.minds.vpa import VpaPolicy
from agents.policy import Policy
from scenarios.schema.control import Scaling, Sizing
from scenarios.schema.scenario import Scenario

PODS_MAX = 100_000

ALONE: dict[str, Callable[[Any, str], Policy]] = {  # by what the file says of scaling and the service's name
    "hpa": HpaPolicy,
    "kpa": lambda described, _: KpaPolicy(described),
    "keda": KedaPolicy,
    "trend": TrendPolicy,
    "cron": lambda described, _: PacedPolicy(CronPlanner(described), described.interval, 0, PODS_MAX),
    "forecast": lambda described, service: _paced(ForecastPlanner(described, service), described),
    "lcp": lambda described, service: _paced(LazyPlanner(described, service), described),
    "mpc": lambda described, service: _paced(MpcPlanner(described, service), described),
}
WITH_WORLD: dict[str, Callable[[Any, str, Scenario], Policy]] = {
    "staffing": lambda described, service, world: _paced(StaffingPlanner(described, service, world), described),
    "lookahead": lambda described, service, world: _paced(LookaheadPlanner(described, service, world), described),
}


def _paced(planner: Planner, described: Any) -> Policy:
    return PacedPolicy(planner, described.interval, described.min, described.max)


def scaling_policy(scaling: Scaling | None, service: str, world: Scenario) -> Policy | None:
    """The mind a scenario asks for; None where the replicas of the file stay."""
    if scaling is None or scaling.fixed is not None:
        return None
    if scaling.kind in ALONE:
        return ALONE[scaling.kind](scaling.chosen, service)
    return WITH_WORLD[scaling.kind](scaling.chosen, service, world)


def sizing_policy(sizing: Sizing | None) -> Policy | None:
    """The mind a scenario asks for; None where requests and limits are those of the file."""
    return None if sizing is None or sizing.vpa is None else VpaPolicy(sizing.vpa)
