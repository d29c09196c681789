"""Nodes go down and come back, and are drained: what the node controller and `kubectl drain` do about their pods."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from scenarios.schema.cluster import Cluster as ClusterSpec
from sim.clock import ControlClock, ControlPhase
from sim.platform.cluster import Cluster
from sim.platform.scheduling import Node

EVICTION_RETRY_NS = 5_000_000_000  # kubectl drain asks again after a refusal


class NodeLifecycle:
    """The node controller. Several causes may hold a node down; it is up when the last is over."""

    def __init__(self, spec: ClusterSpec, clock: ControlClock, cluster: Cluster) -> None:
        self._spec, self._clock, self._cluster = spec, clock, cluster

    def lose(self, node: Node, cause: str) -> None:
        """K8 Everything on a node dies now; the control plane notices after its grace period."""
        was_down = node.is_down
        node.causes.add(cause)
        if not was_down:
            self._cluster.fall(node)
            self._begin_count(node, node.falls)

    def restore(self, node: Node, cause: str) -> None:
        """One cause is over."""
        if cause in node.causes:
            node.causes.remove(cause)
            if not node.is_down:
                self._cluster.rise(node)

    def drain(self, nodes: Sequence[Node]) -> None:
        """K7 Let no pod in and evict all that are there, as their budgets allow."""
        for node in nodes:
            self._cluster.open(node, is_open=False)
        for node in nodes:
            self._evict(node)

    def uncordon(self, nodes: Sequence[Node]) -> None:
        """Let pods in again; who has not been evicted stays."""
        for node in nodes:
            self._cluster.open(node, is_open=True)

    def _begin_count(self, node: Node, falls: int) -> None:
        """Of the time a node is silent; a control plane that was away begins anew."""
        grace_ns = self._spec.node_monitor_grace_period
        self._clock.after(grace_ns, ControlPhase.PLATFORM, node.name, partial(self._notice, node, falls))

    def _notice(self, node: Node, falls: int) -> None:
        if self._cluster.is_frozen:
            self._cluster.on_thaw.append(partial(self._begin_count, node, falls))
        elif node.is_down and node.falls == falls:
            self._cluster.doubt(node)
            abandon = partial(self._abandon, node, falls)
            self._clock.after(self._spec.unreachable_toleration, ControlPhase.PLATFORM, node.name, abandon)

    def _abandon(self, node: Node, falls: int) -> None:
        if self._cluster.is_frozen:
            self._cluster.on_thaw.append(partial(self._abandon, node, falls))
        elif node.is_down and node.falls == falls:
            self._cluster.abandon(node)

    def _evict(self, node: Node) -> None:
        if not node.is_cordoned:
            return
        staying = [pod for pod in self._cluster.on_node(node) if pod.is_wanted]
        refused = [pod for pod in staying if not self._cluster.evict(pod)]
        if refused:
            self._clock.after(EVICTION_RETRY_NS, ControlPhase.PLATFORM, node.name, partial(self._evict, node))
