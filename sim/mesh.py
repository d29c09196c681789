"""The running world: the control clock, the data plane below it, and the platform that moves pods.

Data and control meet at half-open windows: the plane processes everything strictly before a control event, the event
acts, then the data of that instant follows.
"""

from __future__ import annotations

from scenarios.schema.scenario import Scenario
from sim.build import build_plane
from sim.clock import ControlClock
from sim.platform.cluster import Cluster
from sim.platform.faults import Faults
from sim.platform.metrics import MetricsServer


class Mesh:
    """A scenario under a seed, from time 0 on. Minds are not part of it: agents/ plugs into its clock."""

    def __init__(self, scenario: Scenario, seed: int = 0, engine: str = "fast", *, span_share: float = 0.0,
                 record: bool = False) -> None:  # fmt: skip
        self.scenario, self.seed, self.engine = scenario, seed, engine
        self.clock = ControlClock()
        self.plane = build_plane(scenario, seed, engine, span_share=span_share, record=record)
        self.cluster = Cluster(scenario, seed, self.clock, self.plane)
        self.faults = Faults(scenario, seed, self.clock, self.plane, self.cluster)
        self.metrics = MetricsServer(scenario, self.clock, self.plane, self.cluster)
        self.cluster.begin()
        self.faults.begin()
        self.metrics.begin()

    @property
    def now_ns(self) -> int:
        """Time up to which everything has happened."""
        return self.plane.now_ns

    def advance(self, until_ns: int) -> None:
        """Everything strictly before `until_ns`, data and control."""
        env = self.clock.env
        while (due := env.peek()) < until_ns:
            self.plane.advance(int(due))
            env.step()
        if env.now < until_ns:
            env.run(until=until_ns)  # nothing is left to happen: whoever acts between two advances acts at this time
        self.plane.advance(until_ns)
