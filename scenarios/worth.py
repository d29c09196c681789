"""What requests are worth to the services that have a part in them."""

from __future__ import annotations

from collections.abc import Mapping

from scenarios.flow import Flow
from scenarios.rates import mean_rate


def mean_worth(flow: Flow, service: str, worth: Mapping[str, float]) -> float:
    """Of a thousand requests to a service, which takes every answer it had a part in for its own merit; on average over the file's load.

    worth: of a thousand good answers, by class; 1 where it is not said.
    """
    earned = visited = 0.0
    for workload in flow.world.workload:
        rate, visits = mean_rate(flow.arrivals[workload]), visits_by_service(flow, workload).get(service, 0.0)
        if visits:
            earned += rate * worth.get(workload, 1.0)
            visited += rate * visits
    return earned / visited if visited else 0.0


def visits_by_service(flow: Flow, workload: str) -> dict[str, float]:
    """Visits of each service by one request of a class."""
    found: dict[str, float] = {}
    for target, count in flow.visits_of_one(workload).items():
        service = target.split(".", maxsplit=1)[0]
        found[service] = found.get(service, 0.0) + count
    return found
