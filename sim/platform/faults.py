"""What goes wrong, at its time, to the pods or nodes it strikes, and is made good at its end."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from scenarios.schema.faults import OF_AGENTS, Crash, Fault, Struck
from scenarios.schema.scenario import Scenario
from sim.clock import ControlClock, ControlPhase
from sim.draws import FAULT, Seed, family_key, unit
from sim.laws.failing import is_struck
from sim.platform.cluster import Cluster
from sim.platform.conditions import Ailment
from sim.platform.elections import Elections
from sim.platform.links import Links
from sim.platform.node_lifecycle import NodeLifecycle
from sim.platform.pods import Pod
from sim.platform.scheduling import Node


class Faults:
    """The faults of a scenario. Whom one strikes depends on its name and the pods' numbers, never on who asked for them."""

    def __init__(self, scenario: Scenario, seed: Seed, clock: ControlClock, cluster: Cluster, nodes: NodeLifecycle,
                 links: Links, elections: Elections) -> None:  # fmt: skip
        self._clock, self._cluster, self._nodes, self._links, self._elections = clock, cluster, nodes, links, elections
        self._faults, self._spec, self._scraped = scenario.faults, scenario.cluster, [*scenario.services, *scenario.workload]
        self._offsets = {name: unit(family_key(seed, "fault", name), FAULT, 0) for name in scenario.faults}
        self._active: set[str] = set()

    def begin(self) -> None:
        """Set every fault on the clock."""
        self._cluster.conditions.causes.append(self._upon)
        for name, fault in self._faults.items():
            if fault.kind in OF_AGENTS:
                continue  # agents plug into the clock from above: whoever has some sees to their faults
            self._clock.at(fault.at, ControlPhase.FAULT, name, partial(self._start, name))
            if fault.duration is not None:
                self._clock.at(fault.at + fault.duration, ControlPhase.FAULT, name, partial(self._end, name))

    def _start(self, name: str) -> None:
        fault = self._faults[name]
        match fault.kind:
            case "partition" | "latency" | "loss":
                self._links.begin(name, fault, fault.chosen)
            case "crash":
                for pod in self._struck_by(name):
                    assert pod.number is not None
                    self._cluster.crash(pod.service, pod.number)
            case "slow" | "errors":
                self._active.add(name)
                self._afflict(name)
            case "drain":
                self._nodes.drain(self._struck_nodes(name))
            case "config_push_lag":
                self._cluster.push.lags[name] = fault.chosen.delay
            case "control_plane_outage":
                self._cluster.freeze(name)
            case "metric_lag":
                self._cluster.scraping.lags[name] = fault.chosen.delay
            case "metric_loss":
                self._cluster.scraping.losses[name] = frozenset([fault.chosen.service] if fault.chosen.service else self._scraped)
            case _:
                for node in self._struck_nodes(name):
                    self._nodes.lose(node, name)

    def _end(self, name: str) -> None:
        match self._faults[name].kind:
            case "partition" | "latency" | "loss":
                self._links.end(name)
            case "slow" | "errors":
                self._active.remove(name)
                self._afflict(name)
            case "drain":
                self._nodes.uncordon(self._struck_nodes(name))
            case "config_push_lag":
                del self._cluster.push.lags[name]
            case "control_plane_outage":
                self._cluster.thaw(name)
            case "metric_lag":
                del self._cluster.scraping.lags[name]
            case "metric_loss":
                del self._cluster.scraping.losses[name]
            case _:
                for node in self._struck_nodes(name):
                    self._nodes.restore(node, name)

    def _struck_nodes(self, name: str) -> list[Node]:
        """F3: of the nodes that fit, the fraction that their order among themselves gives."""
        fault = self._faults[name]
        struck = fault.chosen
        zones = self._spec.regions[struck.region] if fault.region_loss else (struck.zone,) if struck.zone else self._spec.zones
        pool, fraction = getattr(struck, "pool", None), getattr(struck, "fraction", 1.0)
        fitting = [node for node in self._cluster.nodes if node.zone in zones and pool in (None, node.pool)]
        return [node for i, node in enumerate(fitting) if is_struck(i, fraction, self._offsets[name])]

    def _afflict(self, name: str) -> None:
        """Bring the pods of a fault that began or ended to what ails them now."""
        self._cluster.conditions.refresh(self._struck_by(name))

    def _upon(self, pod: Pod) -> Iterator[Ailment]:
        """The active faults that strike a pod, in the order of the file; one that becomes ready meanwhile too."""
        for name, fault in self._faults.items():
            if name in self._active and self._strikes(name, pod):
                yield Ailment(fault.slow.factor if fault.slow else 1.0, fault.errors.rate if fault.errors else 0.0)

    def _struck_by(self, name: str) -> list[Pod]:
        pods = self._cluster.pods(_struck(self._faults[name]).service)
        return [pod for pod in pods if pod.is_serving and self._strikes(name, pod)]

    def coming(self, pod: Pod, until_ns: int) -> list[Fault]:
        """What will strike a pod from now on, and begins before then: for references that know the truth."""
        now_ns = self._clock.now_ns
        return [fault for name, fault in self._faults.items()
                if now_ns <= fault.at < until_ns and isinstance(fault.chosen, Struck) and self._strikes(name, pod)]  # fmt: skip

    def _strikes(self, name: str, pod: Pod) -> bool:
        struck = _struck(self._faults[name])
        if pod.service != struck.service or struck.zone not in (None, pod.zone) or pod.number is None:
            return False
        if isinstance(struck, Crash) and struck.role not in (None, self._role(pod)):
            return False
        return is_struck(pod.number, struck.fraction, self._offsets[name])

    def _role(self, pod: Pod) -> str:
        return "primary" if self._elections.leader(pod.service) is pod else "standby"


def _struck(fault: Fault) -> Struck:
    struck: Struck = fault.chosen
    return struck
