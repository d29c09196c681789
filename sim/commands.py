"""The levers control may pull: on the data plane, and on the platform.

Data-plane commands act at once, between two data events; pods are named by (service, number), where `number` counts
the pods a service ever started, routes as `ResolvedRoute.name` says: "a -> b", with endpoints where a pattern names them.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PodReady:
    """A new pod serves whoever calls it. Unless it is to be listed later, it takes its place among the listed pods."""

    service: str
    number: int
    zone: str
    is_listed: bool = True
    cpu_limit: int | None = None  # milli-cores, where it is another than the file's


@dataclass(frozen=True)
class PodDraining:
    """A pod gets no new calls; what it has goes on. To the data plane the same as `EndpointUnlisted`."""

    service: str
    number: int


@dataclass(frozen=True)
class PodGone:
    """A pod is no more: what it holds is lost, and its callers see a reset. One that stays listed refuses new calls."""

    service: str
    number: int
    stays_listed: bool = False


@dataclass(frozen=True)
class EndpointListed:
    """Callers learn of a pod: it takes the last place among the listed ones, where it is not there yet."""

    service: str
    number: int


@dataclass(frozen=True)
class EndpointUnlisted:
    """Callers forget a pod, dead or alive: it gets no new calls; what it has goes on."""

    service: str
    number: int


@dataclass(frozen=True)
class PodSlowed:
    """Work that starts from now on takes `factor` times as long."""

    service: str
    number: int
    factor: float


@dataclass(frozen=True)
class PodFailing:
    """Calls that arrive from now on fail at once with probability `rate`."""

    service: str
    number: int
    rate: float


@dataclass(frozen=True)
class PodPromoted:
    """A pod is the primary of its service from now on, in place of any other."""

    service: str
    number: int


@dataclass(frozen=True)
class PodDemoted:
    """A primary hands over in order: its standbys have all it committed, and it takes no more writes."""

    service: str
    number: int


@dataclass(frozen=True)
class LinkChanged:
    """Messages sent from one zone to another from now on: none arrives before `opens_ns`, and how they fare beyond."""

    source: str
    target: str
    opens_ns: int = 0
    added_ns: int = 0
    loss: float = 0.0

    @property
    def is_well(self) -> bool:
        """Whether messages cross as the network says and nothing else."""
        return self.opens_ns == 0 and self.added_ns == 0 and self.loss == 0.0


@dataclass(frozen=True)
class WeightsShifted:
    """Z13 Calls of a route from callers in one zone are spread over zones so, as if `distribute` said it of that zone."""

    route: str
    source: str  # zone of the callers
    weights: tuple[tuple[str, int], ...]  # percent by zone, 100 together; a zone that is not named gets nothing


@dataclass(frozen=True)
class RateLimited:
    """W11 The buckets of a route's callers have that rate and that burst. Without tokens in a fill nothing passes."""

    route: str
    tokens_per_fill: int
    max_tokens: int


@dataclass(frozen=True)
class RetriesBudgeted:
    """R10 The retry budget of a route is that share of the tries in flight."""

    route: str
    budget_percent: float  # a share, as the schema has it: 0.2 is 20 %


@dataclass(frozen=True)
class RequestsBounded:
    """X9 A route's `circuit_breakers` let so many tries of a view be under way; none at 0."""

    route: str
    max_requests: int


@dataclass(frozen=True)
class TimeoutChanged:
    """R11 Calls over a route that begin from now on are waited for so long, all tries and waits together."""

    route: str
    timeout_ns: int


@dataclass(frozen=True)
class HostsWeighted:
    """B26 The pods of a route's callee have these weights for its callers, as if its `load_balancing_weights` said so."""

    route: str
    weights: tuple[int, ...]  # dealt to pod numbers in turn, as many as the file's; 0: callers are not told of the pod


PodCommand = PodReady | PodDraining | PodGone | EndpointListed | EndpointUnlisted | PodSlowed | PodFailing | PodPromoted | PodDemoted
RouteCommand = WeightsShifted | RateLimited | RetriesBudgeted | HostsWeighted | RequestsBounded | TimeoutChanged
PlaneCommand = PodCommand | LinkChanged | RouteCommand


@dataclass(frozen=True)
class Scale:
    """Ask the platform for so many pods of a service."""

    service: str
    replicas: int


@dataclass(frozen=True)
class Resize:
    """Pods of a service that are created from now on request so much CPU, in milli-cores, and have that limit."""

    service: str
    request: int
    limit: int | None = None  # None: no limit


@dataclass(frozen=True)
class Evict:
    """Ask a pod to go, as a drain does; another is created in its place."""

    service: str
    order: int  # of the pod, among all that were ever created


Command = Scale | Resize | Evict | RouteCommand
