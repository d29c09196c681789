"""Discovery: which pods callers believe are there, and when they come to believe it (V1 to V3)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from scenarios.schema.discovery import Discovery
from sim.clock import ControlClock, ControlPhase
from sim.commands import EndpointListed, EndpointUnlisted, PodGone, PodReady
from sim.draws import DISCOVERY, family_key, indexed_key
from sim.plane import DataPlane
from sim.platform.pods import Pod
from sim.sampling import sample_ns


@dataclass(eq=False)
class Entry:
    """A pod as the registry knows it."""

    pod: Pod
    key: int  # of its draws
    admitted_ns: int
    is_listed: bool = False  # what callers are told last, whether they know it already or not
    changes: int = 0  # told so far
    due_ns: int = 0  # when callers know the last of them
    is_dead: bool = False  # and waits for its last heartbeat to be too old


def last_heartbeat_ns(admitted_ns: int, interval_ns: int, died_ns: int) -> int:
    """V3 The last heartbeat before a death: one when a pod is admitted, then one every interval."""
    return admitted_ns + max(0, died_ns - admitted_ns - 1) // interval_ns * interval_ns


class Registry:
    """The list of endpoints, and the way of its changes to the callers."""

    def __init__(self, spec: Discovery, seed: int, clock: ControlClock, plane: DataPlane) -> None:
        self.lags: dict[str, int] = {}  # by cause: how much longer a change takes now
        self._spec, self._seed, self._clock, self._plane = spec, seed, clock, plane
        self._entries: dict[Pod, Entry] = {}
        self._held: list[tuple[Entry, bool]] | None = None  # changes that wait for the control plane

    def admit(self, pod: Pod) -> None:
        """V2 A pod is ready for the first time: it is there, and is to be listed."""
        assert pod.number is not None and pod.zone is not None
        self._plane.apply(PodReady(pod.service, pod.number, pod.zone, is_listed=False, cpu_limit=pod.size.cpu_limit))
        key = indexed_key(family_key(self._seed, "service", pod.service), pod.number)
        self._entries[pod] = Entry(pod, key, self._clock.now_ns)
        self.list(pod)

    def list(self, pod: Pod) -> None:
        """It is ready, perhaps again."""
        self._change(self._entries[pod], True)

    def unlist(self, pod: Pod) -> None:
        """It is to get no new calls. The dead of a registry of heartbeats have to be missed first."""
        entry = self._entries[pod]
        if not entry.is_dead:
            self._change(entry, False)

    def bury(self, pod: Pod, *, is_seen: bool = True) -> None:
        """V3 It is dead: callers learn of it when somebody who saw it says so, or when its entry is too old."""
        assert pod.number is not None
        self._plane.apply(PodGone(pod.service, pod.number, stays_listed=True))
        entry, now_ns = self._entries[pod], self._clock.now_ns
        if self._spec.ttl is not None and entry.is_listed:
            entry.is_dead = True
            expires_ns = last_heartbeat_ns(entry.admitted_ns, self._spec.heartbeat_interval, now_ns) + self._spec.ttl
            self._clock.at(max(now_ns, expires_ns), ControlPhase.CONFIG, _name(pod), partial(self._change, entry, False))
        elif is_seen:
            self._change(entry, False)

    def hold(self) -> None:
        """The control plane is away: changes wait until it is back."""
        self._held = []

    def release(self) -> None:
        """It is back, and tells them in turn."""
        held, self._held = self._held or [], None
        for entry, is_listed in held:
            self._tell(entry, is_listed)

    def _change(self, entry: Entry, is_listed: bool) -> None:
        if entry.is_listed is is_listed:
            return
        entry.is_listed = is_listed
        if self._held is None:
            self._tell(entry, is_listed)
        else:
            self._held.append((entry, is_listed))

    def _tell(self, entry: Entry, is_listed: bool) -> None:
        """V2 A change is known to all callers after its delay, and not before the one that came before it."""
        now_ns = self._clock.now_ns
        delay_ns = sample_ns(self._spec.propagation_delay, indexed_key(entry.key, entry.changes), DISCOVERY)
        entry.changes += 1
        due_ns = max(entry.due_ns, now_ns + delay_ns + sum(self.lags.values()))
        is_first, entry.due_ns = entry.due_ns < now_ns or entry.changes == 1, due_ns
        if due_ns == now_ns and is_first:
            self._apply(entry, is_listed)
        else:
            self._clock.at(due_ns, ControlPhase.CONFIG, _name(entry.pod), partial(self._apply, entry, is_listed))

    def _apply(self, entry: Entry, is_listed: bool) -> None:
        assert entry.pod.number is not None
        change = EndpointListed if is_listed else EndpointUnlisted
        self._plane.apply(change(entry.pod.service, entry.pod.number))


def _name(pod: Pod) -> str:
    return f"{pod.number:09}/{pod.service}"
