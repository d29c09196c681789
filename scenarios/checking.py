"""What `parley check` says before anything runs: load against capacity, worst-case retries, and warnings."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from scenarios.cautions import cautions
from scenarios.flow import settled
from scenarios.load import load
from scenarios.saturation import Amplification, ServiceLoad, amplification, service_loads
from scenarios.schema.scenario import Scenario

__all__ = ["Amplification", "Report", "ServiceLoad", "check"]


@dataclass(frozen=True)
class Report:
    """The answer of `check`. Warnings are sentences that begin with a path of the file; none of them is an error."""

    services: tuple[ServiceLoad, ...]
    amplification: Amplification
    warnings: tuple[str, ...]


def check(world: Scenario | str | Path) -> Report:
    """Loads, amplification and warnings of a scenario, a file or a shipped name. Raises ScenarioError as `load` does."""
    flow = settled(world if isinstance(world, Scenario) else load(world))
    loads = service_loads(flow)
    worst = amplification(flow)
    return Report(tuple(loads), worst, tuple(cautions(flow, loads, worst)))
