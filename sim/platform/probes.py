"""The kubelet's probes: asked on time, answered by what the pod is, counted up to their thresholds (K5)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from scenarios.schema.pods import Probe
from scenarios.schema.topology import Service
from sim.clock import ControlClock, ControlPhase
from sim.draws import PROBE, indexed_key, unit
from sim.platform.pods import RUNNING, Pod, PodPhase

NS_PER_S = 1_000_000_000
STARTUP, READINESS, LIVENESS = "startupProbe", "readinessProbe", "livenessProbe"
KINDS = (STARTUP, READINESS, LIVENESS)


class Verdicts(Protocol):
    """Who is told what probes found."""

    def is_ready(self, pod: Pod, verdict: bool) -> None:
        """Its readiness has changed."""

    def failed(self, pod: Pod) -> None:
        """Its container is to be killed."""


@dataclass(frozen=True)
class Container:
    """What is probed."""

    pod: Pod
    spec: Service
    key: int  # of its draws
    began_ns: int  # when it began to run


@dataclass(eq=False)
class Watch:
    """One probe of one container."""

    container: Container
    kind: str
    verdict: bool  # what its results have come to: ready, alive, started
    first_ns: int  # when it is asked first; then every period
    asked: int = 0
    last: bool | None = None  # the newest result
    run: int = 0  # how many in a row were like it

    @property
    def pod(self) -> Pod:
        """Whom it asks."""
        return self.container.pod

    @property
    def probe(self) -> Probe:
        """How it asks."""
        probe: Probe = getattr(self.container.spec, self.kind)
        return probe


def answer(watch: Watch, now_ns: int) -> tuple[bool, int]:
    """K5 (whether a probe asked now succeeds, how long it takes): what the platform can know of a pod, and no more.

    A container that is starting refuses at once. A slow one answers late, and a hung one is a very slow one. Whether calls
    fail shows only to a deep probe, by a draw of its own.
    """
    pod, probe = watch.pod, watch.probe
    if now_ns < pod.answers_ns:
        return False, 0
    takes_ns, timeout_ns = round(probe.response * pod.slowdown), probe.timeoutSeconds * NS_PER_S
    if takes_ns > timeout_ns:
        return False, timeout_ns
    key = indexed_key(watch.container.key, KINDS.index(watch.kind))
    return not (probe.deep and unit(key, PROBE, watch.asked) < pod.error_rate), takes_ns


class Prober:
    """All probes of all containers, on the control clock."""

    def __init__(self, clock: ControlClock, verdicts: Verdicts) -> None:
        self._clock, self._verdicts = clock, verdicts

    def resume(self, container: Container) -> None:
        """Watch a container that has been ready for long: each probe is asked a period from now."""
        for kind in (READINESS, LIVENESS):
            probe: Probe | None = getattr(container.spec, kind)
            if probe is not None:
                self._watch(container, kind, True, self._clock.now_ns + probe.periodSeconds * NS_PER_S)

    def begin(self, container: Container) -> None:
        """Watch a container that begins to run."""
        probe = container.spec.startupProbe
        if probe is not None:
            self._watch(container, STARTUP, False, container.began_ns + probe.initialDelaySeconds * NS_PER_S)
            return
        self._begin_rest(container)
        if container.spec.readinessProbe is None:
            pod = container.pod
            self._clock.at(pod.answers_ns, ControlPhase.PLATFORM, _name(pod), partial(self._started, pod))

    def _begin_rest(self, container: Container) -> None:
        """What is asked of a container that has started; initial delays count from when it began to run."""
        for kind, verdict in ((READINESS, False), (LIVENESS, True)):
            probe: Probe | None = getattr(container.spec, kind)
            if probe is not None:
                first_ns = max(self._clock.now_ns, container.began_ns + probe.initialDelaySeconds * NS_PER_S)
                self._watch(container, kind, verdict, first_ns)

    def _started(self, pod: Pod) -> None:
        if pod.phase is PodPhase.STARTING:
            self._verdicts.is_ready(pod, True)

    def _watch(self, container: Container, kind: str, verdict: bool, first_ns: int) -> None:
        watch = Watch(container, kind, verdict, first_ns)
        self._at(first_ns, watch, partial(self._ask, watch))

    def _ask(self, watch: Watch) -> None:
        if watch.pod.phase not in RUNNING:
            return
        result, takes_ns = answer(watch, self._clock.now_ns)
        watch.asked += 1
        if takes_ns:
            self._at(self._clock.now_ns + takes_ns, watch, partial(self._count, watch, result))
        else:
            self._count(watch, result)

    def _count(self, watch: Watch, result: bool) -> None:
        """A result is in: a verdict changes only after so many in a row; the next probe is at the next whole period."""
        if watch.pod.phase not in RUNNING:
            return
        watch.run = watch.run + 1 if result is watch.last else 1
        watch.last = result
        enough = watch.probe.successThreshold if result else watch.probe.failureThreshold
        if watch.run >= enough and self._conclude(watch, result):
            return
        period_ns = watch.probe.periodSeconds * NS_PER_S
        late_ns = self._clock.now_ns - watch.first_ns
        due_ns = watch.first_ns + max(watch.asked, -(-late_ns // period_ns)) * period_ns
        self._at(due_ns, watch, partial(self._ask, watch))

    def _conclude(self, watch: Watch, result: bool) -> bool:
        """What enough results in a row come to; whether nothing more is asked."""
        if watch.kind == READINESS:
            if result is not watch.verdict:
                watch.verdict = result
                self._verdicts.is_ready(watch.pod, result)
            return False
        if not result:
            self._verdicts.failed(watch.pod)
            return True
        if watch.kind == LIVENESS:
            return False
        self._begin_rest(watch.container)
        if watch.container.spec.readinessProbe is None:
            self._started(watch.pod)
        return True

    def _at(self, time_ns: int, watch: Watch, action: Callable[[], None]) -> None:
        self._clock.at(time_ns, ControlPhase.PLATFORM, _name(watch.pod), action)


def _name(pod: Pod) -> str:
    return f"{pod.number:09}/{pod.service}"
