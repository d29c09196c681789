"""Discovery: which pods callers believe are there, and when they come to believe it (V1 to V3)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from scenarios.schema.discovery import Discovery
from sim.clock import ControlClock, ControlPhase
from sim.commands import EndpointListed, EndpointUnlisted, PodGone, PodReady
from sim.draws import Seed, family_key, indexed_key
from sim.plane import DataPlane
from sim.platform.config_push import ConfigPush, Resource
from sim.platform.pods import Pod


@dataclass(eq=False)
class Entry:
    """A pod as the registry knows it."""

    pod: Pod
    resource: Resource
    admitted_ns: int
    is_listed: bool = False  # what callers are told last, whether they know it already or not
    is_dead: bool = False  # and waits for its last heartbeat to be too old


def last_heartbeat_ns(admitted_ns: int, interval_ns: int, died_ns: int) -> int:
    """V3 The last heartbeat before a death: one when a pod is admitted, then one every interval."""
    return admitted_ns + max(0, died_ns - admitted_ns - 1) // interval_ns * interval_ns


class Registry:
    """The list of endpoints, whose changes are pushed to the callers."""

    def __init__(self, spec: Discovery, seed: Seed, clock: ControlClock, plane: DataPlane, push: ConfigPush) -> None:
        self._spec, self._seed, self._clock, self._plane, self._push = spec, seed, clock, plane, push
        self._entries: dict[Pod, Entry] = {}

    def admit(self, pod: Pod) -> None:
        """V2 A pod is ready for the first time: it is there, and is to be listed."""
        assert pod.number is not None and pod.zone is not None
        self._plane.apply(PodReady(pod.service, pod.number, pod.zone, is_listed=False, cpu_limit=pod.size.cpu_limit))
        key = indexed_key(family_key(self._seed, "service", pod.service), pod.number)
        self._entries[pod] = Entry(pod, Resource(_name(pod), key), self._clock.now_ns)
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

    def _change(self, entry: Entry, is_listed: bool) -> None:
        if entry.is_listed is is_listed:
            return
        entry.is_listed = is_listed
        self._push.tell(entry.resource, partial(self._apply, entry, is_listed))

    def _apply(self, entry: Entry, is_listed: bool) -> None:
        assert entry.pod.number is not None
        change = EndpointListed if is_listed else EndpointUnlisted
        self._plane.apply(change(entry.pod.service, entry.pod.number))


def _name(pod: Pod) -> str:
    return f"{pod.number:09}/{pod.service}"
