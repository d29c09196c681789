"""One pod's life on its node: pull, start, ready or not, drain, die, start again."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from sim.clock import ControlClock, ControlPhase
from sim.draws import STARTUP, indexed_key
from sim.plane import DataPlane
from sim.platform.conditions import Conditions
from sim.platform.deployments import NS_PER_S, Deployment
from sim.platform.discovery import Registry
from sim.platform.images import Puller
from sim.platform.pods import SERVING, Pod, PodEvent, PodPhase
from sim.platform.probes import Container, Prober
from sim.platform.scheduling import Scheduler
from sim.sampling import sample_ns

DRAIN_CHECK_NS = 1_000_000_000  # how often a draining pod is looked at
CRASH_LOOP_NS = 10_000_000_000  # wait before a container starts for the third time
CRASH_LOOP_MAX_NS = 300_000_000_000


def back_off_ns(restarts: int) -> int:
    """K6 Wait before a container's restart 1, 2, ...: none, then 10 s, doubled each time, 5 min at most."""
    return min(CRASH_LOOP_MAX_NS, CRASH_LOOP_NS << min(restarts - 2, 10)) if restarts > 1 else 0


class Lives:
    """The kubelets of a cluster. They know pods, and not why somebody wants them."""

    def __init__(self, clock: ControlClock, plane: DataPlane, registry: Registry, scheduler: Scheduler,
                 deployments: dict[str, Deployment]) -> None:  # fmt: skip
        self.log: list[PodEvent] = []  # every phase a pod entered, in order
        self.on_ready: list[Callable[[Pod], None]] = []  # told of each pod at the instant it becomes ready for the first time
        self.on_leaving: list[Callable[[Pod, bool], None]] = []  # told of each pod that dies, or drains: then it leaves in order
        self.on_change: Callable[[str], None] = _nobody  # told of a service whose pods changed by themselves
        self.registry, self.conditions = registry, Conditions(plane)
        self._clock, self._plane, self._scheduler, self._deployments = clock, plane, scheduler, deployments
        self._puller, self._prober = Puller(clock), Prober(clock, self)
        self._created = 0

    def create(self, deployment: Deployment, revision: int) -> Pod:
        """A new pod, pending."""
        pod = Pod(deployment.name, self._created, self._clock.now_ns, deployment.size, revision)
        self._created += 1
        deployment.pods[pod.order] = pod
        self.enter(pod, PodPhase.PENDING)
        return pod

    def place(self, pod: Pod) -> bool:
        """Put a pending pod on a node, if one has room: it is the service's next start."""
        deployment = self._deployments[pod.service]
        spec = deployment.spec
        pod.placement = pod.placement or self._scheduler.place(pod.service, pod.size.requests, spec.tolerations)
        if pod.placement is None:
            return False
        pod.number, pod.scheduled_ns = deployment.starts, self._clock.now_ns
        deployment.starts += 1
        self.enter(pod, PodPhase.STARTING)
        return True

    def launch(self, pod: Pod) -> None:
        """K2 A pod on a node waits for its image, then runs."""
        node, layers = pod.machine, self._deployments[pod.service].releases[pod.revision].layers
        if node is None or not layers:
            self._run(pod)
        elif not node.is_down:  # else nothing happens there, and nobody knows yet
            self._puller.fetch(node, layers, _name(pod), partial(self._run, pod))

    def _run(self, pod: Pod) -> None:
        if pod.phase is not PodPhase.STARTING or (pod.machine is not None and pod.machine.is_down):
            return
        assert pod.number is not None
        deployment = self._deployments[pod.service]
        key, release = indexed_key(deployment.key, pod.number), deployment.releases[pod.revision]
        pod.due_ns = pod.answers_ns = self._clock.now_ns + sample_ns(release.startup, key, STARTUP)
        self._prober.begin(Container(pod, deployment.spec, key, self._clock.now_ns))

    def was_ready(self, pod: Pod) -> None:
        """A pod of the file, at the start of the run: its node has its image, and it has been ready for long."""
        deployment = self._deployments[pod.service]
        if pod.machine is not None:
            pod.machine.layers |= deployment.releases[pod.revision].layers.keys()
        self.is_ready(pod, True)
        assert pod.number is not None
        self._prober.resume(Container(pod, deployment.spec, indexed_key(deployment.key, pod.number), self._clock.now_ns))

    def is_ready(self, pod: Pod, verdict: bool) -> None:
        """K5 A pod is ready from now on, or no longer."""
        is_first, pod.looks_ready, pod.due_ns = pod.phase is PodPhase.STARTING, verdict, None
        if verdict:
            pod.ready_ns = self._clock.now_ns
            self.enter(pod, PodPhase.READY)
        elif not is_first:
            self.enter(pod, PodPhase.UNREADY)
        if not is_first:
            (self.registry.list if verdict else self.registry.unlist)(pod)
        elif verdict:
            self.registry.admit(pod)
            self.conditions.refresh([pod])
            for told in self.on_ready:
                told(pod)
        self.on_change(pod.service)
        if verdict and (wait_ns := self._deployments[pod.service].spec.minReadySeconds * NS_PER_S):
            self._clock.after(wait_ns, ControlPhase.PLATFORM, _name(pod), partial(self._told, pod.service))

    def failed(self, pod: Pod) -> None:
        """K6 A container is killed: it drains, and starts again where it was."""
        if pod.is_serving:
            pod.is_restarting = True
            self._drain(pod)
        else:
            self.restart(pod)
        self.on_change(pod.service)

    def stop(self, pod: Pod) -> None:
        """A pod that serves drains; one that serves nobody is gone at once."""
        if pod.phase is PodPhase.DRAINING:
            assert pod.placement is not None
            pod.is_restarting = False
            self._scheduler.withdraw(pod.service, pod.placement)
        elif pod.is_serving:
            assert pod.placement is not None
            self._scheduler.withdraw(pod.service, pod.placement)
            self._drain(pod)
        else:
            self.remove(pod)

    def _drain(self, pod: Pod) -> None:
        self.enter(pod, PodPhase.DRAINING)
        pod.looks_ready = False
        self._leaves(pod, in_order=True)
        self.registry.unlist(pod)
        pod.drains_ns = self._clock.now_ns
        pod.due_ns = pod.drains_ns + self._deployments[pod.service].spec.termination_grace_period
        self._look_again(pod, pod.due_ns)

    def _look_again(self, pod: Pod, due_ns: int) -> None:
        self._clock.at(min(self._clock.now_ns + DRAIN_CHECK_NS, due_ns), ControlPhase.PLATFORM, _name(pod), partial(self._drained, pod))

    def _drained(self, pod: Pod) -> None:
        """Gone once it is empty and callers have had their time to learn of it, or at the end of its grace."""
        if pod.phase is not PodPhase.DRAINING:
            return
        assert pod.number is not None and pod.due_ns is not None
        now_ns, pause_ns = self._clock.now_ns, self._deployments[pod.service].spec.preStopSeconds * NS_PER_S
        is_empty = now_ns >= pod.drains_ns + pause_ns and self._plane.present(pod.service, pod.number) == 0
        if now_ns < pod.due_ns and not is_empty:
            self._look_again(pod, pod.due_ns)
        elif pod.is_restarting:
            self.restart(pod)
            self.on_change(pod.service)
        else:
            self.remove(pod)
            self.on_change(pod.service)

    def remove(self, pod: Pod) -> None:
        """Gone: what it holds is lost, its room is free."""
        counted = pod.is_wanted
        self._bury(pod)
        if pod.placement is not None:
            if counted:
                self._scheduler.withdraw(pod.service, pod.placement)
            self._scheduler.release(pod.size.requests, pod.placement)

    def restart(self, pod: Pod) -> None:
        """K6 The container is gone, and the next one starts on the same node, later each time."""
        ran_ns = self._clock.now_ns - (pod.scheduled_ns or 0)
        restarts = 1 if ran_ns > 2 * CRASH_LOOP_MAX_NS else pod.restarts + 1
        heir = self.create(self._deployments[pod.service], pod.revision)
        self._bury(pod)
        heir.placement, heir.restarts, heir.size = pod.placement, restarts, pod.size
        self.place(heir)
        self._clock.after(back_off_ns(restarts), ControlPhase.PLATFORM, _name(heir), partial(self.launch, heir))

    def strand(self, pod: Pod) -> None:
        """K8 Its node went down: it is dead, and nobody knows."""
        if pod.is_serving:
            self.registry.bury(pod, is_seen=False)
            self._leaves(pod, in_order=False)
        if pod.phase is PodPhase.DRAINING and not pod.is_restarting:
            self.remove(pod)
        else:
            pod.is_restarting = False
            self.enter(pod, PodPhase.LOST)

    def doubt(self, pod: Pod) -> None:
        """K8 The control plane has noticed that its node is silent: it no longer looks ready."""
        if pod.phase is PodPhase.LOST:
            pod.looks_ready = False
            if pod.ready_ns is not None:
                self.registry.unlist(pod)

    def _bury(self, pod: Pod) -> None:
        deployment = self._deployments[pod.service]
        del deployment.pods[pod.order]
        was, pod.due_ns = pod.phase, None
        self.enter(pod, PodPhase.GONE)
        pod.is_restarting = False
        if pod.scheduled_ns is not None:
            deployment.past_ns += self._clock.now_ns - pod.scheduled_ns
        if was in SERVING:
            self.registry.bury(pod)
            self._leaves(pod, in_order=False)
        elif was is PodPhase.LOST and pod.ready_ns is not None:
            self.registry.unlist(pod)

    def _leaves(self, pod: Pod, *, in_order: bool) -> None:
        for told in self.on_leaving:
            told(pod, in_order)

    def _told(self, service: str) -> None:
        self.on_change(service)

    def enter(self, pod: Pod, phase: PodPhase) -> None:
        """A row of the log."""
        pod.phase = phase
        self.log.append(PodEvent(self._clock.now_ns, pod.service, pod.number, phase, pod.node))


def _nobody(_: str) -> None:
    """Nobody is to be told yet."""


def _name(pod: Pod) -> str:
    # Number first: the clock compares the first 64 bytes of a name, and a service's name may have 63.
    return f"{pod.number:09}/{pod.service}"
