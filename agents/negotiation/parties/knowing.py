"""What parties know of themselves before anything is seen: from the file, as load tests and bills would tell them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from scenarios.flow import Flow
from scenarios.rates import mean_rate
from scenarios.saturation import capacity_per_pod
from scenarios.schema.negotiating import Member, Pool
from scenarios.schema.scenario import Scenario
from scenarios.worth import mean_worth, visits_by_service


@dataclass(frozen=True)
class Trade:
    """A member of a pool."""

    service: str
    per_pod: float  # requests a second that a pod is counted on for
    worth: float  # currency for a thousand requests to it: what the answers they are part of are worth
    described: Member
    begun: int = 0  # units beyond its floor that the file's replicas take: its lease before the first round


@dataclass(frozen=True)
class FlowClass:
    """A class of requests, and what its flow takes of a pool."""

    workload: str
    worth: float  # currency for a thousand good answers
    pods: dict[str, float]  # of each member, for one request a second from end to end
    mean_rate: float = 1.0  # requests a second that the file offers on average

    def units(self, trades: Mapping[str, Trade]) -> float:
        """Units of the pool for one request a second, were pods divisible."""
        return sum(count * trades[service].described.units for service, count in self.pods.items())


def trades(world: Scenario, pool: Pool) -> dict[str, Trade]:
    """Each member by its name, in the order of the file."""
    flow = Flow(world)
    mean = flow.visits()
    found = {}
    for service, described in pool.members.items():
        per_pod = capacity_per_pod(flow, service, mean) * pool.target_utilization
        begun = (world.services[service].replicas - described.floor) * described.units
        found[service] = Trade(service, per_pod, mean_worth(flow, service, pool.worth), described, begun)
    return found


def classes(world: Scenario, pool: Pool, known: dict[str, Trade]) -> dict[str, FlowClass]:
    """Each class of requests that comes to a member, by its name, in the order of the file."""
    flow, found = Flow(world), {}
    for workload in world.workload:
        visits = visits_by_service(flow, workload)
        pods = {service: visits[service] / trade.per_pod for service, trade in known.items() if visits.get(service)}
        if pods:
            found[workload] = FlowClass(workload, pool.worth.get(workload, 1.0), pods, mean_rate(flow.arrivals[workload]))
    return found
