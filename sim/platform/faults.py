"""What goes wrong, at its time, to the pods it strikes, and is made good at its end."""

from __future__ import annotations

from functools import partial

from scenarios.schema.faults import Fault, Link, Struck
from scenarios.schema.scenario import Scenario
from sim.clock import ControlClock, ControlPhase
from sim.commands import PodFailing, PodSlowed
from sim.draws import FAULT, family_key, unit
from sim.laws.failing import is_struck
from sim.plane import DataPlane
from sim.platform.cluster import Cluster
from sim.platform.links import Links
from sim.platform.pods import Pod


class Faults:
    """The faults of a scenario. Whom one strikes depends on its name and the pods' numbers, never on who asked for them."""

    def __init__(self, scenario: Scenario, seed: int, clock: ControlClock, plane: DataPlane, cluster: Cluster) -> None:
        self._clock, self._plane, self._cluster = clock, plane, cluster
        self._faults = scenario.faults
        self._offsets = {name: unit(family_key(seed, "fault", name), FAULT, 0) for name in scenario.faults}
        self._active: set[str] = set()
        self._links = Links(clock, plane)

    def begin(self) -> None:
        """Set every fault on the clock."""
        self._cluster.on_ready.append(self._meet)
        for name, fault in self._faults.items():
            self._clock.at(fault.at, ControlPhase.FAULT, name, partial(self._start, name))
            if fault.duration is not None:
                self._clock.at(fault.at + fault.duration, ControlPhase.FAULT, name, partial(self._end, name))

    def _start(self, name: str) -> None:
        link = self._faults[name].chosen
        if isinstance(link, Link):
            self._links.begin(name, self._faults[name], link)
            return
        if self._faults[name].crash is not None:
            for pod in self._struck_by(name):
                assert pod.number is not None
                self._cluster.crash(pod.service, pod.number)
            return
        self._active.add(name)
        self._afflict(name)

    def _end(self, name: str) -> None:
        if isinstance(self._faults[name].chosen, Link):
            self._links.end(name)
            return
        self._active.remove(name)
        self._afflict(name)

    def _afflict(self, name: str) -> None:
        """Bring the pods of a fault that began or ended to what all active ones together do to them."""
        for pod in self._struck_by(name):
            if self._faults[name].slow is not None:
                self._slow(pod)
            else:
                self._fail(pod)

    def _meet(self, pod: Pod) -> None:
        """A pod that becomes ready during a fault is struck like the others."""
        if any(self._faults[name].slow and self._strikes(name, pod) for name in self._active):
            self._slow(pod)
        if any(self._faults[name].errors and self._strikes(name, pod) for name in self._active):
            self._fail(pod)

    def _slow(self, pod: Pod) -> None:
        factor = 1.0
        for fault in self._upon(pod):
            factor *= fault.slow.factor if fault.slow else 1.0
        assert pod.number is not None
        self._plane.apply(PodSlowed(pod.service, pod.number, factor))

    def _fail(self, pod: Pod) -> None:
        rate = 0.0
        for fault in self._upon(pod):
            more = fault.errors.rate if fault.errors else 0.0
            rate += more - rate * more  # 1 - (1 - rate)(1 - more), and exactly the rate where there is but one
        assert pod.number is not None
        self._plane.apply(PodFailing(pod.service, pod.number, rate))

    def _upon(self, pod: Pod) -> list[Fault]:
        """The active faults that strike a pod, in the order of the file."""
        return [fault for name, fault in self._faults.items() if name in self._active and self._strikes(name, pod)]

    def _struck_by(self, name: str) -> list[Pod]:
        pods = self._cluster.pods(_struck(self._faults[name]).service)
        return [pod for pod in pods if pod.is_serving and self._strikes(name, pod)]

    def _strikes(self, name: str, pod: Pod) -> bool:
        struck = _struck(self._faults[name])
        if pod.service != struck.service or struck.zone not in (None, pod.zone) or pod.number is None:
            return False
        return is_struck(pod.number, struck.fraction, self._offsets[name])


def _struck(fault: Fault) -> Struck:
    struck: Struck = fault.chosen
    return struck
