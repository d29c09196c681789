"""The running world: the control clock, the data plane below it, and the platform that moves pods.

Data and control meet at half-open windows: the plane processes everything strictly before a control event, the event
acts, then the data of that instant follows.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from scenarios.schema.scenario import Scenario
from scenarios.schema.units import AUTO
from sim.build import advance_planes, build_plane
from sim.clock import ControlClock
from sim.draws import Seed
from sim.errors import SimulationError
from sim.platform.cluster import Cluster
from sim.platform.elections import Elections
from sim.platform.failures import Failures
from sim.platform.faults import Faults
from sim.platform.links import Links
from sim.platform.metrics import MetricsServer
from sim.platform.node_autoscaler import NodeAutoscaler
from sim.platform.node_lifecycle import NodeLifecycle
from sim.platform.routing_config import RoutingConfig


class Mesh:
    """A scenario under a seed, from time 0 on. Minds are not part of it: agents/ plugs into its clock."""

    def __init__(self, scenario: Scenario, seed: Seed = 0, engine: str = "fast", *, span_share: float = 0.0,
                 span_tail: bool = False, record: bool = False) -> None:  # fmt: skip
        if scenario.warmup == AUTO:
            raise SimulationError("warmup: auto is found by a pilot run, as `parley run` and parley.run() make it; here give a time")
        self.scenario, self.seed, self.engine = scenario, seed, engine
        self.clock = ControlClock()
        self.plane = build_plane(scenario, seed, engine, span_share=span_share, span_tail=span_tail, record=record)
        self.cluster = Cluster(scenario, seed, self.clock, self.plane)
        self.routing = RoutingConfig(seed, self.plane, self.cluster.push)
        self.elections = Elections(scenario, seed, self.clock, self.plane, self.cluster)
        self.nodes = NodeLifecycle(scenario.cluster, self.clock, self.cluster)
        self.metrics = MetricsServer(scenario, self.clock, self.plane, self.cluster)
        self.faults = Faults(scenario, seed, self.clock, self.cluster, self.nodes, Links(self.clock, self.plane), self.elections)
        self.failures = Failures(scenario, seed, self.clock, self.cluster, self.nodes)
        self.autoscaler = NodeAutoscaler(scenario, seed, self.clock, self.cluster)
        self.cluster.begin()
        self.faults.begin()
        self.failures.begin()
        self.autoscaler.begin()
        self.metrics.begin()

    @property
    def now_ns(self) -> int:
        """Time up to which everything has happened."""
        return self.plane.now_ns

    def advance(self, until_ns: int) -> None:
        """Everything strictly before `until_ns`, data and control."""
        while (then := self.due(until_ns)) < until_ns:
            self.plane.advance(then)
            self.clock.env.step()
        self.plane.advance(until_ns)

    def due(self, until_ns: int) -> int:
        """When control acts next, at most `until_ns`; if it does not before, its clock goes on to then."""
        env = self.clock.env
        if (due := env.peek()) < until_ns:
            return int(due)
        if env.now < until_ns:
            env.run(until=until_ns)  # nothing is left to happen: whoever acts between two advances acts at this time
        return until_ns


def advance_many(meshes: Sequence[Mesh], until_ns: int, threads: int = 1) -> None:
    """Advance several meshes, those of the fast engine in one compiled call between two acts of control.

    Each comes to what it would come to alone. Threads share them; compiled code needs no GIL, so that meshes without
    much control take as long as one of them would.
    """
    if threads > 1:
        with ThreadPoolExecutor(threads) as pool:
            for _ in pool.map(lambda first: advance_many(meshes[first::threads], until_ns), range(threads)):
                pass
        return
    ahead = list(meshes)
    while ahead:
        dues = [mesh.due(until_ns) for mesh in ahead]
        advance_planes([mesh.plane for mesh in ahead], dues)
        ahead = [mesh for mesh, due in zip(ahead, dues, strict=True) if due < until_ns]
        for mesh in ahead:
            mesh.clock.env.step()
