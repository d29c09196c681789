"""What the platform knows of pods: one record a pod, and the tables made from them. Times are integer ns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from scenarios.schema.pods import Requests
from sim.platform.scheduling import Node, Placement


class PodPhase(StrEnum):
    """A pod's life, in order; a phase may be skipped, and only readiness comes back."""

    PENDING = "pending"  # asked for; no node has room yet
    STARTING = "starting"  # on a node, not ready
    READY = "ready"  # takes new calls
    UNREADY = "unready"  # its readiness probe fails: it finishes what it has, and may be ready again
    LOST = "lost"  # its node is: it serves nobody, and counts until it is evicted
    DRAINING = "draining"  # finishes what it has
    GONE = "gone"


SERVING = (PodPhase.READY, PodPhase.UNREADY, PodPhase.DRAINING)  # phases in which requests may be inside
RUNNING = (PodPhase.STARTING, PodPhase.READY, PodPhase.UNREADY)  # phases in which a container is probed


@dataclass(frozen=True)
class Size:
    """What a pod asks of its node, and the CPU it may use at most."""

    requests: Requests
    cpu_limit: int | None = None  # milli-cores; None: no limit


@dataclass(eq=False)
class Pod:
    """One pod of a service, with one container. Only the platform changes it."""

    service: str
    order: int  # among all pods ever created in the cluster
    created_ns: int
    size: Size
    revision: int = 0  # of its service: 0 is the file's, then the rollouts' in turn
    phase: PodPhase = PodPhase.PENDING
    number: int | None = None  # counts the service's starts from 0; None while pending
    placement: Placement | None = None  # None while pending
    scheduled_ns: int | None = None
    answers_ns: int = 0  # from when on its container answers; meant once it runs
    ready_ns: int | None = None  # since when it is ready
    due_ns: int | None = None  # when the phase ends by itself at the latest; None where it does not
    drains_ns: int = 0  # when it began to drain
    looks_ready: bool = False  # the Ready condition, as the control plane knows it
    restarts: int = 0  # of its container, one soon after the other
    is_restarting: bool = False  # draining, and to start again in its place
    slowdown: float = 1.0  # how many times longer its work takes
    error_rate: float = 0.0

    @property
    def zone(self) -> str | None:
        """Where it runs; None while pending."""
        return self.placement.zone if self.placement else None

    @property
    def machine(self) -> Node | None:
        """The node; None while pending, and where the scenario has no nodes."""
        return self.placement.node if self.placement else None

    @property
    def node(self) -> str | None:
        """The node's name; None while pending, and where the scenario has no nodes."""
        return self.machine.name if self.machine else None

    @property
    def is_wanted(self) -> bool:
        """Whether it counts towards the replicas its service asked for."""
        return self.is_restarting or self.phase not in (PodPhase.DRAINING, PodPhase.GONE)

    @property
    def is_serving(self) -> bool:
        """Whether requests may be inside."""
        return self.phase in SERVING

    @property
    def staying(self) -> tuple[int, int, int]:
        """Who goes first when there are too many: the highest. Pending before not ready before ready, newest first."""
        rank = 2 if self.phase is PodPhase.PENDING else 0 if self.looks_ready and not self.is_restarting else 1
        return rank, self.ready_ns or 0, self.order

    def is_available(self, now_ns: int, min_ready_ns: int) -> bool:
        """Whether it has looked ready for so long."""
        is_there = self.looks_ready and self.ready_ns is not None and self.phase is not PodPhase.DRAINING
        return is_there and now_ns - (self.ready_ns or 0) >= min_ready_ns


@dataclass(frozen=True)
class PodCounts:
    """How many pods a service has, by phase, and how many it was asked to have."""

    desired: int
    pending: int
    starting: int
    ready: int
    draining: int
    unready: int
    lost: int


@dataclass(frozen=True)
class PodEvent:
    """A pod enters a phase."""

    time_ns: int
    service: str
    number: int | None  # None while pending
    phase: PodPhase
    node: str | None  # None while pending, and where the scenario has no nodes


@dataclass(frozen=True)
class Bill:
    """What was used up to some time."""

    pod_hours: Mapping[str, float]  # by service, each pod from scheduled to gone
    node_hours: float  # nodes of the file exist the whole run, others from the decision on
    node_cost: float  # in the scenario's currency
