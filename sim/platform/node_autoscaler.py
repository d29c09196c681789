"""The cluster autoscaler: nodes are added for pods that fit nowhere, and taken away when they have long been empty (K10)."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

from scenarios.schema.cluster import NodeAutoscaling, NodePool
from scenarios.schema.scenario import Scenario
from sim.clock import ControlClock, ControlPhase
from sim.draws import PROVISION, Seed, family_key
from sim.platform.cluster import Cluster
from sim.platform.pods import Pod
from sim.platform.scheduling import Node, machine
from sim.sampling import sample_ns


@dataclass(eq=False)
class Group:
    """The nodes of a pool in a zone."""

    name: str
    zone: str
    pool: NodePool
    spec: NodeAutoscaling
    made: int  # so far, those of the file included: no name comes twice
    coming: list[Node] = field(default_factory=list)
    empty_since: dict[Node, int] = field(default_factory=dict)

    def template(self) -> Node:
        """What the next node would be."""
        return machine(self.name, self.pool, self.zone, self.made)


class NodeAutoscaler:
    """One loop a pool. It looks at what pods ask for, and never at how busy they are."""

    def __init__(self, scenario: Scenario, seed: Seed, clock: ControlClock, cluster: Cluster) -> None:
        self._scenario, self._seed, self._clock, self._cluster = scenario, seed, clock, cluster
        self._groups = {
            name: [Group(name, zone, pool, pool.autoscaling, pool.count) for zone in pool.zones or scenario.cluster.zones]
            for name, pool in scenario.cluster.nodes.items() if pool.autoscaling is not None
        }  # fmt: skip

    def begin(self) -> None:
        """The first look is one interval from now."""
        for name in self._groups:
            self._wait(name)

    def _wait(self, name: str) -> None:
        interval_ns = self._groups[name][0].spec.scan_interval
        self._clock.after(interval_ns, ControlPhase.PLATFORM, f"autoscaler/{name}", partial(self._scan, name))

    def _scan(self, name: str) -> None:
        if not self._cluster.is_frozen:
            self._grow(name)
            for group in self._groups[name]:
                self._shrink(group)
        self._wait(name)

    def _grow(self, name: str) -> None:
        """As many nodes as hold the pending pods, packed in order: first into those on their way, then into new ones."""
        free = [self._copy(node) for groups in self._groups.values() for group in groups for node in group.coming]
        for pod in self._cluster.pending():
            room = next((node for node in free if self._fits(pod, node)), None)
            if room is None:
                room = self._order_one(name, pod)
                if room is None:
                    continue
                free.append(room)
            room.reserve(pod.size.requests, 1)

    def _order_one(self, name: str, pod: Pod) -> Node | None:
        """A node for a pod, in the zone with the fewest, if it would fit and the pool may grow; a likeness to pack into."""
        for group in sorted(self._groups[name], key=self._size):
            if self._size(group) < group.spec.max and self._fits(pod, group.template()):
                node = group.template()
                group.made += 1
                group.coming.append(node)
                node.began_ns = self._clock.now_ns
                takes_ns = sample_ns(group.spec.provisioning, family_key(self._seed, "node", node.name), PROVISION)
                self._clock.after(takes_ns, ControlPhase.PLATFORM, node.name, partial(self._join, group, node))
                return self._copy(node)
        return None

    def _join(self, group: Group, node: Node) -> None:
        group.coming.remove(node)
        self._cluster.join(node)

    def _shrink(self, group: Group) -> None:
        """Nodes that have been empty for long go, the youngest first, down to the least."""
        for node in reversed(self._there(group)):
            if any(True for _ in self._cluster.on_node(node)) or node.is_down:
                group.empty_since.pop(node, None)
                continue
            since_ns = group.empty_since.setdefault(node, self._clock.now_ns)
            if self._clock.now_ns - since_ns >= group.spec.unneeded_time and len(self._there(group)) > group.spec.min:
                del group.empty_since[node]
                self._cluster.leave(node)

    def _there(self, group: Group) -> list[Node]:
        return [node for node in self._cluster.nodes if (node.pool, node.zone) == (group.name, group.zone)]

    def _size(self, group: Group) -> int:
        return len(self._there(group)) + len(group.coming)

    def _copy(self, node: Node) -> Node:
        """An empty node like it."""
        return machine(node.pool, self._scenario.cluster.nodes[node.pool], node.zone, 0)

    def _fits(self, pod: Pod, node: Node) -> bool:
        return node.fits(pod.size.requests) and node.taints.issubset(self._scenario.services[pod.service].tolerations)
