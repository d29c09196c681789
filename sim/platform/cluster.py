"""The cluster: keeps as many pods of each service as it was asked to, from pending to gone, on the control clock."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial

from scenarios.schema.pods import Rollout
from scenarios.schema.scenario import Scenario
from scenarios.schema.units import HOUR_NS
from sim.clock import ControlClock, ControlPhase
from sim.draws import Seed, family_key
from sim.plane import DataPlane
from sim.platform.conditions import Ailment, Conditions, Scraping
from sim.platform.config_push import ConfigPush
from sim.platform.deployments import Deployment, deployment, may_evict
from sim.platform.discovery import Registry
from sim.platform.lives import Lives
from sim.platform.pods import Bill, Pod, PodCounts, PodEvent, PodPhase, Size
from sim.platform.scheduling import Node, Scheduler

COUNTED = ("pending", "starting", "ready", "draining", "unready", "lost")


class Cluster:
    """Nodes and pods. Nothing here knows who asks for replicas, or why."""

    def __init__(self, scenario: Scenario, seed: Seed, clock: ControlClock, plane: DataPlane) -> None:
        self._clock, self._scenario = clock, scenario
        self._scheduler = Scheduler(scenario.cluster)
        self._given = len(self._scheduler.nodes)  # nodes of the file, which exist the whole run unless they are autoscaled
        self._past: list[tuple[Node, int]] = []  # nodes that went, and when
        self._deployments = {
            name: deployment(name, spec, family_key(seed, "service", name)) for name, spec in scenario.services.items()
        }
        self.push = ConfigPush(scenario.discovery.propagation_delay, clock)
        self.registry = Registry(scenario.discovery, seed, clock, plane, self.push)
        self._lives = Lives(clock, plane, self.registry, self._scheduler, self._deployments)
        self._lives.on_change = self._changed
        self._pending: dict[int, Pod] = {}  # by order of creation
        self.scraping = Scraping()
        self.on_thaw: list[Callable[[], None]] = []  # what waits for the control plane to be back
        self._absences: set[str] = set()  # why the control plane is away; empty while it is there
        self.conditions.causes.append(self._released)

    def begin(self) -> None:
        """The replicas of the file, ready now as far as there is room; the rest is pending. Rollouts come at their time."""
        for one in self._deployments.values():
            for _ in range(one.desired):
                pod = self._create(one, 0)
                if self._place(pod):
                    self._lives.was_ready(pod)
        for name, rollout in self._scenario.rollouts.items():
            self._clock.at(rollout.at, ControlPhase.PLATFORM, name, partial(self.roll_out, rollout))

    @property
    def log(self) -> list[PodEvent]:
        """Every phase a pod entered, in order."""
        return self._lives.log

    @property
    def on_ready(self) -> list[Callable[[Pod], None]]:
        """Who is told of each pod at the instant it becomes ready for the first time."""
        return self._lives.on_ready

    @property
    def on_leaving(self) -> list[Callable[[Pod, bool], None]]:
        """Who is told of each pod that dies, or (true) drains."""
        return self._lives.on_leaving

    @property
    def conditions(self) -> Conditions:
        """What ails the pods."""
        return self._lives.conditions

    @property
    def nodes(self) -> list[Node]:
        """All of them, zones in order; to be read, not changed."""
        return self._scheduler.nodes

    def scale(self, service: str, replicas: int) -> None:
        """Ask for so many pods of a service; asking again changes nothing. Raises ValueError for nonsense."""
        if replicas < 0:
            raise ValueError(f"{service} cannot have {replicas} replicas")
        self._of(service).desired = replicas
        self._reconcile(service)

    def size(self, service: str) -> Size:
        """What a pod of a service asks for that is created now."""
        return self._of(service).size

    def resize(self, service: str, size: Size) -> None:
        """H32 Pods of a service that are created from now on are of that size; those there are stay as they are."""
        self._of(service).size = size

    def roll_out(self, rollout: Rollout) -> None:
        """K4 Replace a service's pods by those of a new release."""
        self._of(rollout.service).release(rollout)
        self._reconcile(rollout.service)

    def crash(self, service: str, number: int) -> None:
        """A serving pod dies now with all it holds; another starts in its place. Raises ValueError if there is none."""
        pod = next((pod for pod in self.pods(service) if pod.number == number and pod.is_serving), None)
        if pod is None:
            raise ValueError(f"{service} has no serving pod {number}")
        self._lives.remove(pod)
        self._reconcile(service)

    def evict(self, pod: Pod) -> bool:
        """K7 Ask a pod to go elsewhere, as a drain does; refused where its service's budget allows no disruption."""
        one = self._of(pod.service)
        budget = one.spec.podDisruptionBudget
        if self.is_frozen:
            return False
        if budget is not None and pod.phase is not PodPhase.STARTING and not may_evict(
                budget, one.desired, one.healthy(), is_healthy=pod.looks_ready):  # fmt: skip
            return False
        self._lives.stop(pod)
        self._reconcile(pod.service)
        return True

    def fall(self, node: Node) -> None:
        """K8 A node goes down with all its pods, and nobody knows yet."""
        node.falls += 1
        node.pulls.clear()
        for pod in list(self.on_node(node)):
            self._lives.strand(pod)

    def doubt(self, node: Node) -> None:
        """K8 The control plane notices: no pods are sent there, and those there are not ready."""
        node.is_unreachable = True
        for pod in list(self.on_node(node)):
            self._lives.doubt(pod)
            self._changed(pod.service)

    def abandon(self, node: Node) -> None:
        """K8 The pods of a lost node are given up; others start in their place."""
        for pod in list(self.on_node(node)):
            self._lives.remove(pod)
            self._reconcile(pod.service)

    def rise(self, node: Node) -> None:
        """K8 A node is back: what was not given up starts again, and there is room for more."""
        node.is_unreachable = False
        for pod in list(self.on_node(node)):
            self._lives.restart(pod)
        self._start_pending()

    def open(self, node: Node, *, is_open: bool) -> None:
        """Let pods be placed on a node, or no longer (`kubectl cordon`)."""
        node.is_cordoned = not is_open
        self._start_pending()

    @property
    def is_frozen(self) -> bool:
        """Whether the control plane is away: nodes go on as they are, and nothing is decided."""
        return bool(self._absences)

    def freeze(self, cause: str) -> None:
        """F5 The control plane is away."""
        self._absences.add(cause)
        self.push.hold()

    def thaw(self, cause: str) -> None:
        """F5 One cause is over; after the last all that waited is done."""
        self._absences.discard(cause)
        if self.is_frozen:
            return
        self.push.release()
        waiting, self.on_thaw = self.on_thaw, []
        for act in waiting:
            act()
        for service in self._deployments:
            self._reconcile(service)

    def pending(self) -> list[Pod]:
        """Pods that no node has room for, in order of creation."""
        return list(self._pending.values())

    def join(self, node: Node) -> None:
        """K10 A new node takes pods from now on."""
        self._scheduler.nodes.append(node)
        self._start_pending()

    def leave(self, node: Node) -> None:
        """K10 An empty node goes."""
        self._scheduler.nodes.remove(node)
        self._past.append((node, self._clock.now_ns))

    def on_node(self, node: Node) -> Iterator[Pod]:
        """Its pods, services in order of the file."""
        return (pod for one in self._deployments.values() for pod in one.pods.values() if pod.machine is node)

    def pods(self, service: str) -> tuple[Pod, ...]:
        """All pods of a service that are not gone, in order of creation; to be read, not changed."""
        return tuple(self._of(service).pods.values())

    def counts(self, service: str) -> PodCounts:
        """How many pods a service has."""
        phases = Counter(pod.phase.value for pod in self.pods(service))
        return PodCounts(self._of(service).desired, *(phases[name] for name in COUNTED))

    def replicas(self, service: str) -> int:
        """How many pods a service was asked to have."""
        return self._of(service).desired

    def desired(self) -> list[int]:
        """How many pods each service was asked to have, in the order of the file."""
        return [one.desired for one in self._deployments.values()]

    def bill(self, now_ns: int) -> Bill:
        """What was used up to now."""
        pod_hours = {name: _used_ns(one, now_ns) / HOUR_NS for name, one in self._deployments.items()}
        if not self._past and len(self._scheduler.nodes) == self._given:
            hours = now_ns / HOUR_NS
            return Bill(pod_hours, self._given * hours, sum(node.price for node in self._scheduler.nodes) * hours)
        lives = [*((node, now_ns) for node in self._scheduler.nodes), *self._past]
        used = [(node.price, (until_ns - node.began_ns) / HOUR_NS) for node, until_ns in lives]
        return Bill(pod_hours, math.fsum(hours for _, hours in used), math.fsum(price * hours for price, hours in used))

    def _of(self, service: str) -> Deployment:
        if service not in self._deployments:
            raise ValueError(f"there is no service {service}")
        return self._deployments[service]

    def _released(self, pod: Pod) -> Iterator[Ailment]:
        """A bad release ails its pods from the start."""
        release = self._deployments[pod.service].releases[pod.revision]
        yield Ailment(release.slow, release.errors)

    def _changed(self, service: str) -> None:
        """Pods of a service changed by themselves: a rollout may go on, and there may be room."""
        if self._of(service).is_rolling:
            self._reconcile(service)
        else:
            self._start_pending()

    def _reconcile(self, service: str) -> None:
        """Until every replica set has what it is asked to have, and is asked for no more."""
        one = self._of(service)
        if self.is_frozen:
            return
        one.sync(self._clock.now_ns)
        self._fill(one)
        while one.sync(self._clock.now_ns):
            self._fill(one)
        self._start_pending()

    def _fill(self, one: Deployment) -> None:
        for asked in list(one.sets):
            wanted = one.wanted(asked.revision)
            for _ in range(asked.replicas - len(wanted)):
                self._create(one, asked.revision)
            surplus = max(0, len(wanted) - asked.replicas)
            for pod in sorted(wanted, key=lambda pod: pod.staying, reverse=True)[:surplus]:
                self._pending.pop(pod.order, None)
                self._lives.stop(pod)

    def _create(self, one: Deployment, revision: int) -> Pod:
        pod = self._lives.create(one, revision)
        self._pending[pod.order] = pod
        return pod

    def _start_pending(self) -> None:
        """Try every pending pod, the oldest first; one that does not fit holds nobody else up."""
        if self.is_frozen:
            return
        full: set[tuple[str, Size]] = set()  # services with a pod that did not fit: the next of that size does not either
        for pod in list(self._pending.values()):
            if (pod.service, pod.size) in full or not self._place(pod):
                full.add((pod.service, pod.size))
            else:
                self._lives.launch(pod)

    def _place(self, pod: Pod) -> bool:
        is_placed = self._lives.place(pod)
        if is_placed:
            del self._pending[pod.order]
        return is_placed


def _used_ns(one: Deployment, now_ns: int) -> int:
    live = (now_ns - pod.scheduled_ns for pod in one.pods.values() if pod.scheduled_ns is not None)
    return one.past_ns + sum(live)
