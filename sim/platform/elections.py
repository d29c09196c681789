"""Who is the primary of a database: the first pod that is ready, and after it whoever Patroni's rules make it (U1, U7, U9)."""

from __future__ import annotations

from functools import partial

from scenarios.schema.replicating import Replication
from scenarios.schema.scenario import Scenario
from sim.clock import ControlClock, ControlPhase
from sim.commands import PodDemoted, PodPromoted
from sim.draws import PROMOTION, Seed, family_key, indexed_key
from sim.plane import DataPlane
from sim.platform.cluster import Cluster
from sim.platform.discovery import last_heartbeat_ns
from sim.platform.pods import Pod, PodPhase
from sim.sampling import sample_ns


class Elections:
    """The leader keys of all databases. Each is one primary's, or nobody's while its service waits for one."""

    def __init__(self, scenario: Scenario, seed: Seed, clock: ControlClock, plane: DataPlane, cluster: Cluster) -> None:
        self._seed, self._clock, self._plane, self._cluster = seed, clock, plane, cluster
        self._specs: dict[str, Replication] = {
            name: one.replication for name, one in scenario.services.items() if one.replication is not None}  # fmt: skip
        self._leaders: dict[str, Pod] = {}
        self._since_ns: dict[str, int] = {}  # when each took the key, from when on it is renewed
        self._held: dict[str, int] = {}  # elections so far
        self._waiting: set[str] = set()  # services that nobody could be found for
        if self._specs:
            cluster.on_ready.append(self._ready)
            cluster.on_leaving.append(self._leaves)

    def leader(self, service: str) -> Pod | None:
        """The pod that has the key now; None while it is nobody's, and of a service that is no database."""
        return self._leaders.get(service)

    def _ready(self, pod: Pod) -> None:
        """U1 The first pod is the primary; a later one only where a service waits for one."""
        service = pod.service
        if service in self._specs and service not in self._since_ns:
            self._take_key(pod)
        elif service in self._waiting:
            self._waiting.remove(service)
            self._elect(service)

    def _leaves(self, pod: Pod, in_order: bool) -> None:
        """U7, U9 A pod dies, or drains: a primary that drains gives its key up, that of one that died has to run out."""
        service, now_ns = pod.service, self._clock.now_ns
        if self._leaders.get(service) is not pod:
            return
        del self._leaders[service]
        due_ns, spec = now_ns, self._specs[service]
        if in_order:
            assert pod.number is not None
            self._plane.apply(PodDemoted(service, pod.number))
        else:
            due_ns = max(now_ns, last_heartbeat_ns(self._since_ns[service], spec.loop_wait, now_ns) + spec.ttl)
        self._clock.at(due_ns, ControlPhase.PLATFORM, service, partial(self._elect, service))

    def _elect(self, service: str) -> None:
        """The oldest standby that runs is to take over, which takes a while."""
        if self._cluster.is_frozen:
            self._cluster.on_thaw.append(partial(self._elect, service))
            return
        standby = next((pod for pod in self._cluster.pods(service) if _may_lead(pod)), None)
        if standby is None:
            self._waiting.add(service)
            return
        number = self._held[service] = self._held.get(service, 0) + 1
        key = indexed_key(family_key(self._seed, "service", service), number)
        takes_ns = sample_ns(self._specs[service].promotion, key, PROMOTION)
        self._clock.after(takes_ns, ControlPhase.PLATFORM, service, partial(self._take_over, standby))

    def _take_over(self, standby: Pod) -> None:
        if _may_lead(standby):
            self._take_key(standby)
        else:
            self._elect(standby.service)

    def _take_key(self, pod: Pod) -> None:
        assert pod.number is not None
        self._leaders[pod.service], self._since_ns[pod.service] = pod, self._clock.now_ns
        self._plane.apply(PodPromoted(pod.service, pod.number))


def _may_lead(pod: Pod) -> bool:
    return pod.phase in (PodPhase.READY, PodPhase.UNREADY)
