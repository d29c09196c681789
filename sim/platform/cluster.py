"""The cluster: keeps as many pods of each service as it was asked to, from pending to gone, on the control clock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from scenarios.schema.scenario import Scenario
from scenarios.schema.topology import Service
from sim.clock import ControlClock, ControlPhase
from sim.commands import PodDraining, PodGone, PodReady
from sim.draws import STARTUP, family_key, indexed_key
from sim.plane import DataPlane
from sim.platform.pods import Bill, Pod, PodCounts, PodEvent, PodPhase
from sim.platform.scheduling import Scheduler
from sim.sampling import sample_ns

HOUR_NS = 3_600_000_000_000
DRAIN_CHECK_NS = 1_000_000_000  # how often a draining pod is looked at


@dataclass
class _Deployment:
    """A service as the cluster keeps it."""

    spec: Service
    key: int  # of its pods' addresses
    desired: int
    starts: int = 0
    pods: dict[int, Pod] = field(default_factory=dict)  # all that are not gone, by order of creation
    past_ns: int = 0  # from scheduled to gone, summed over the pods that are gone


class Cluster:
    """Nodes and pods. Nothing here knows who asks for replicas, or why."""

    def __init__(self, scenario: Scenario, seed: int, clock: ControlClock, plane: DataPlane) -> None:
        self.log: list[PodEvent] = []  # every phase a pod entered, in order
        self.on_ready: list[Callable[[Pod], None]] = []  # told of each pod at the instant it becomes ready
        self._clock, self._plane = clock, plane
        self._scheduler = Scheduler(scenario.cluster)
        self._deployments = {
            name: _Deployment(spec, family_key(seed, "service", name), spec.replicas)
            for name, spec in scenario.services.items()
        }
        self._pending: dict[int, Pod] = {}  # by order of creation
        self._created = 0

    def begin(self) -> None:
        """The replicas of the file, ready now as far as there is room; the rest is pending."""
        for service, deployment in self._deployments.items():
            for _ in range(deployment.desired):
                pod = self._create(service)
                if self._place(pod):
                    self._become_ready(pod)

    def scale(self, service: str, replicas: int) -> None:
        """Ask for so many pods of a service; asking again changes nothing. Raises ValueError for nonsense."""
        if replicas < 0:
            raise ValueError(f"{service} cannot have {replicas} replicas")
        self._of(service).desired = replicas
        self._reconcile(service)

    def crash(self, service: str, number: int) -> None:
        """A serving pod dies now with all it holds; another starts in its place. Raises ValueError if there is none."""
        pod = next((pod for pod in self.pods(service) if pod.number == number and pod.is_serving), None)
        if pod is None:
            raise ValueError(f"{service} has no serving pod {number}")
        self._remove(pod)
        self._reconcile(service)

    def pods(self, service: str) -> tuple[Pod, ...]:
        """All pods of a service that are not gone, in order of creation; to be read, not changed."""
        return tuple(self._of(service).pods.values())

    def counts(self, service: str) -> PodCounts:
        """How many pods a service has."""
        phases = Counter(pod.phase.value for pod in self.pods(service))
        return PodCounts(self._of(service).desired, *(phases[name] for name in ("pending", "starting", "ready", "draining")))

    def desired(self) -> list[int]:
        """How many pods each service was asked to have, in the order of the file."""
        return [deployment.desired for deployment in self._deployments.values()]

    def bill(self, now_ns: int) -> Bill:
        """What was used up to now."""
        hours = now_ns / HOUR_NS
        return Bill(
            pod_hours={name: _used_ns(one, now_ns) / HOUR_NS for name, one in self._deployments.items()},
            node_hours=len(self._scheduler.nodes) * hours,
            node_cost=sum(node.price for node in self._scheduler.nodes) * hours,
        )

    def _of(self, service: str) -> _Deployment:
        if service not in self._deployments:
            raise ValueError(f"there is no service {service}")
        return self._deployments[service]

    def _reconcile(self, service: str) -> None:
        deployment = self._of(service)
        wanted = [pod for pod in deployment.pods.values() if pod.is_wanted]
        for _ in range(deployment.desired - len(wanted)):
            self._create(service)
        surplus = max(0, len(wanted) - deployment.desired)
        for pod in sorted(wanted, key=lambda pod: pod.staying, reverse=True)[:surplus]:
            self._stop(pod)
        self._start_pending()

    def _create(self, service: str) -> Pod:
        pod = Pod(service, self._created, self._clock.now_ns)
        self._created += 1
        self._of(service).pods[pod.order] = self._pending[pod.order] = pod
        self._enter(pod, PodPhase.PENDING)
        return pod

    def _start_pending(self) -> None:
        """Try every pending pod, the oldest first; one that does not fit holds nobody else up."""
        full: set[str] = set()  # services with a pod that did not fit: the next is as large
        for pod in list(self._pending.values()):
            if pod.service in full or not self._place(pod):
                full.add(pod.service)
            else:
                pod.due_ns = self._clock.now_ns + self._startup_ns(pod)
                self._at(pod.due_ns, pod, self._started)

    def _place(self, pod: Pod) -> bool:
        """Put a pending pod on a node, if one has room."""
        deployment = self._of(pod.service)
        pod.placement = self._scheduler.place(pod.service, deployment.spec.resources.requests)
        if pod.placement is None:
            return False
        del self._pending[pod.order]
        pod.number, pod.scheduled_ns = deployment.starts, self._clock.now_ns
        deployment.starts += 1
        self._enter(pod, PodPhase.STARTING)
        return True

    def _startup_ns(self, pod: Pod) -> int:
        assert pod.number is not None
        deployment = self._of(pod.service)
        return sample_ns(deployment.spec.startup, indexed_key(deployment.key, pod.number), STARTUP)

    def _started(self, pod: Pod) -> None:
        if pod.phase is PodPhase.STARTING:
            self._become_ready(pod)

    def _become_ready(self, pod: Pod) -> None:
        assert pod.number is not None and pod.zone is not None
        pod.ready_ns, pod.due_ns = self._clock.now_ns, None
        self._enter(pod, PodPhase.READY)
        self._plane.apply(PodReady(pod.service, pod.number, pod.zone))
        for told in self.on_ready:
            told(pod)

    def _stop(self, pod: Pod) -> None:
        """A ready pod drains; one that serves nobody yet is gone at once."""
        if pod.phase is not PodPhase.READY:
            self._remove(pod)
            return
        assert pod.number is not None and pod.placement is not None
        self._scheduler.withdraw(pod.service, pod.placement)
        self._enter(pod, PodPhase.DRAINING)
        self._plane.apply(PodDraining(pod.service, pod.number))
        pod.due_ns = self._clock.now_ns + self._of(pod.service).spec.termination_grace_period
        self._look_again(pod, pod.due_ns)

    def _look_again(self, pod: Pod, due_ns: int) -> None:
        self._at(min(self._clock.now_ns + DRAIN_CHECK_NS, due_ns), pod, self._drained)

    def _drained(self, pod: Pod) -> None:
        """Gone once it is empty, or at the end of its grace."""
        if pod.phase is not PodPhase.DRAINING:
            return
        assert pod.number is not None and pod.due_ns is not None
        if self._clock.now_ns >= pod.due_ns or self._plane.present(pod.service, pod.number) == 0:
            self._remove(pod)
            self._start_pending()
        else:
            self._look_again(pod, pod.due_ns)

    def _remove(self, pod: Pod) -> None:
        """Gone: what it holds is lost, its room is free."""
        deployment = self._of(pod.service)
        del deployment.pods[pod.order]
        self._pending.pop(pod.order, None)
        was, pod.due_ns = pod.phase, None
        self._enter(pod, PodPhase.GONE)
        if pod.placement is not None and pod.scheduled_ns is not None:
            deployment.past_ns += self._clock.now_ns - pod.scheduled_ns
            if was is not PodPhase.DRAINING:
                self._scheduler.withdraw(pod.service, pod.placement)
            self._scheduler.release(deployment.spec.resources.requests, pod.placement)
        if was in (PodPhase.READY, PodPhase.DRAINING) and pod.number is not None:
            self._plane.apply(PodGone(pod.service, pod.number))

    def _enter(self, pod: Pod, phase: PodPhase) -> None:
        pod.phase = phase
        self.log.append(PodEvent(self._clock.now_ns, pod.service, pod.number, phase, pod.node))

    def _at(self, time_ns: int, pod: Pod, action: Callable[[Pod], None]) -> None:
        # Number first: the clock compares the first 64 bytes of a name, and a service's name may have 63.
        self._clock.at(time_ns, ControlPhase.PLATFORM, f"{pod.number:09}/{pod.service}", partial(action, pod))


def _used_ns(deployment: _Deployment, now_ns: int) -> int:
    live = (now_ns - pod.scheduled_ns for pod in deployment.pods.values() if pod.scheduled_ns is not None)
    return deployment.past_ns + sum(live)
