"""Images on nodes: a node pulls one at a time, and of it only the layers it has not got (K2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from sim.clock import ControlClock, ControlPhase
from sim.platform.scheduling import Node, Pull

NS_PER_S = 1_000_000_000


def pull_ns(layers: Mapping[str, int], node: Node) -> int:
    """K2 How long the node takes for the layers it lacks, rounded up to the nanosecond."""
    if node.bandwidth is None:
        return 0
    missing = sum(size for layer, size in layers.items() if layer not in node.layers)
    return -(-missing * NS_PER_S // node.bandwidth)


class Puller:
    """The kubelets' image pulls, in order of request on each node, as `serializeImagePulls` has it."""

    def __init__(self, clock: ControlClock) -> None:
        self._clock = clock

    def fetch(self, node: Node, layers: Mapping[str, int], name: str, then: Callable[[], None]) -> None:
        """Go on once the node has all layers: now if it has them already, whoever else waits."""
        if node.bandwidth is None or layers.keys() <= node.layers:
            then()
            return
        node.pulls.append(Pull(layers, name, then))
        if len(node.pulls) == 1:
            self._begin(node)

    def _begin(self, node: Node) -> None:
        pull = node.pulls[0]
        ended = partial(self._ended, node, node.falls)
        self._clock.after(pull_ns(pull.layers, node), ControlPhase.PLATFORM, pull.name, ended)

    def _ended(self, node: Node, falls: int) -> None:
        if node.falls != falls:
            return  # it went down meanwhile, and forgot what it had pulled of this image
        pull = node.pulls.pop(0)
        node.layers |= pull.layers.keys()
        if node.pulls:
            self._begin(node)
        pull.then()
