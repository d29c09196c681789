"""Which node a pod gets: filter, then score, as kube-scheduler does it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from scenarios.schema.cluster import Cluster as ClusterSpec
from scenarios.schema.cluster import NodePool
from scenarios.schema.pods import Requests

# What kube-scheduler counts in scores, and only there, for a pod that requests nothing: else all would pile up.
UNREQUESTED_CPU = 100  # milli-cores
UNREQUESTED_MEMORY = 200 * 2**20  # bytes


@dataclass(frozen=True)
class Pull:
    """An image a pod waits for."""

    layers: Mapping[str, int]  # bytes by name
    name: str  # of the wait, on the clock
    then: Callable[[], None]


@dataclass(eq=False)
class Node:
    """A machine, what is taken of it, and what it has. CPU in milli-cores, memory in bytes."""

    name: str
    zone: str
    cpu: int
    memory: int
    price: float  # per hour
    pool: str = ""
    rack: str = ""
    began_ns: int = 0  # when it began to cost
    gpu: int = 0
    taints: frozenset[str] = frozenset()
    bandwidth: int | None = None  # bytes of image a second; None: at once
    cpu_reserved: int = 0
    memory_reserved: int = 0
    cpu_counted: int = 0  # reserved, with the scheduler's guess for pods that request nothing
    memory_counted: int = 0
    gpu_reserved: int = 0
    causes: set[str] = field(default_factory=set)  # why it is down; empty while it runs
    falls: int = 0  # how often it went down
    is_unreachable: bool = False  # the control plane has noticed that it is down
    is_cordoned: bool = False  # being drained
    layers: set[str] = field(default_factory=set)  # of images it has pulled
    pulls: list[Pull] = field(default_factory=list)  # the first is under way

    @property
    def is_down(self) -> bool:
        """Whether nothing runs on it."""
        return bool(self.causes)

    def fits(self, asked: Requests) -> bool:
        """Whether the node has room for one more such pod; who requests nothing always fits."""
        cpu_fits = asked.cpu is None or self.cpu_reserved + asked.cpu <= self.cpu
        cpu_fits = cpu_fits and self.gpu_reserved + asked.gpu <= self.gpu
        return cpu_fits and (asked.memory is None or self.memory_reserved + asked.memory <= self.memory)

    def load_with(self, asked: Requests) -> float:
        """Mean of the shares of CPU and memory that would be allocated with one more such pod."""
        cpu = self.cpu_counted + (asked.cpu or UNREQUESTED_CPU)
        memory = self.memory_counted + (asked.memory or UNREQUESTED_MEMORY)
        return (cpu / self.cpu + memory / self.memory) / 2

    def reserve(self, asked: Requests, pods: int) -> None:
        """Take the room of so many pods; give it back where `pods` is negative."""
        self.cpu_reserved += pods * (asked.cpu or 0)
        self.memory_reserved += pods * (asked.memory or 0)
        self.gpu_reserved += pods * asked.gpu
        self.cpu_counted += pods * (asked.cpu or UNREQUESTED_CPU)
        self.memory_counted += pods * (asked.memory or UNREQUESTED_MEMORY)


@dataclass(frozen=True)
class Placement:
    """Where a pod is to run."""

    zone: str
    node: Node | None  # None where the scenario has no nodes: there is room everywhere


class Scheduler:
    """The nodes of a cluster, zones in order, and the choice among them."""

    def __init__(self, spec: ClusterSpec) -> None:
        self._zones = spec.zones
        self._has_pools = bool(spec.nodes)
        self.nodes = [
            node
            for zone in spec.zones
            for name, pool in spec.nodes.items()
            if pool.zones is None or zone in pool.zones
            for node in (machine(name, pool, zone, index) for index in range(pool.count))
        ]
        self._spread: dict[tuple[str, str], int] = {}  # (service, zone) -> its pods there, draining ones left out

    def place(self, service: str, asked: Requests, tolerations: Collection[str] = ()) -> Placement | None:
        """Room for a pod, taken at once; None where there is none.

        Nodes that are being drained, that are known to be lost or that have a taint it does not tolerate are left out.

        The zone with the fewest pods of the service wins, then the least allocated node, then the first listed.
        """
        placement = self._best(service, asked, tolerations)
        if placement is not None:
            self._count(service, placement, 1)
            if placement.node is not None:
                placement.node.reserve(asked, 1)
        return placement

    def withdraw(self, service: str, placement: Placement) -> None:
        """A pod begins to drain: it keeps its room, but no longer counts in the spread over zones."""
        self._count(service, placement, -1)

    def release(self, asked: Requests, placement: Placement) -> None:
        """A pod is gone and its room is free."""
        if placement.node is not None:
            placement.node.reserve(asked, -1)

    def _best(self, service: str, asked: Requests, tolerations: Collection[str]) -> Placement | None:
        if not self._has_pools:
            return Placement(min(self._zones, key=lambda zone: self._there(service, zone)), None)
        fitting = [
            node for node in self.nodes
            if node.fits(asked) and node.taints.issubset(tolerations) and not (node.is_cordoned or node.is_unreachable)
        ]  # fmt: skip
        if not fitting:
            return None
        node = min(fitting, key=lambda node: (self._there(service, node.zone), node.load_with(asked)))
        return Placement(node.zone, node)

    def _there(self, service: str, zone: str) -> int:
        return self._spread.get((service, zone), 0)

    def _count(self, service: str, placement: Placement, pods: int) -> None:
        self._spread[service, placement.zone] = self._there(service, placement.zone) + pods


def machine(pool: str, spec: NodePool, zone: str, index: int) -> Node:
    """The index-th node of a pool in a zone."""
    rack = f"{pool}-{zone}-rack-{index // spec.rack_size}" if spec.rack_size else ""
    return Node(f"{pool}-{zone}-{index}", zone, spec.cpu, spec.memory, spec.price, pool, rack, gpu=spec.gpu,
                taints=frozenset(spec.taints), bandwidth=spec.pull_bandwidth)  # fmt: skip
