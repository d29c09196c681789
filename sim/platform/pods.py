"""What the platform knows of pods: one record a pod, and the tables made from them. Times are integer ns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from sim.platform.scheduling import Placement


class PodPhase(StrEnum):
    """A pod's life, in order; a phase may be skipped, never gone back to."""

    PENDING = "pending"  # asked for; no node has room yet
    STARTING = "starting"  # on a node, not ready
    READY = "ready"  # takes new calls
    DRAINING = "draining"  # finishes what it has
    GONE = "gone"


@dataclass(eq=False)
class Pod:
    """One pod of a service. Only the cluster changes it."""

    service: str
    order: int  # among all pods ever created in the cluster
    created_ns: int
    phase: PodPhase = PodPhase.PENDING
    number: int | None = None  # counts the service's starts from 0; None while pending
    placement: Placement | None = None  # None while pending
    scheduled_ns: int | None = None
    ready_ns: int | None = None
    due_ns: int | None = None  # when the phase ends by itself at the latest; None where it does not

    @property
    def zone(self) -> str | None:
        """Where it runs; None while pending."""
        return self.placement.zone if self.placement else None

    @property
    def node(self) -> str | None:
        """The node's name; None while pending, and where the scenario has no nodes."""
        return self.placement.node.name if self.placement and self.placement.node else None

    @property
    def is_wanted(self) -> bool:
        """Whether it counts towards the replicas its service asked for."""
        return self.phase in (PodPhase.PENDING, PodPhase.STARTING, PodPhase.READY)

    @property
    def is_serving(self) -> bool:
        """Whether requests may be inside."""
        return self.phase in (PodPhase.READY, PodPhase.DRAINING)

    @property
    def staying(self) -> tuple[int, int, int]:
        """Who goes first when there are too many: the highest. Pending before starting before ready, newest first."""
        rank = {PodPhase.PENDING: 2, PodPhase.STARTING: 1}.get(self.phase, 0)
        return rank, self.ready_ns or 0, self.order


@dataclass(frozen=True)
class PodCounts:
    """How many pods a service has, by phase, and how many it was asked to have."""

    desired: int
    pending: int
    starting: int
    ready: int
    draining: int


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
    node_hours: float  # nodes exist the whole run
    node_cost: float  # in the scenario's currency
