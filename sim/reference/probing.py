"""Prequal: a view's probes, on their way and in its pool."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scenarios.schema.informed import Prequal
from sim.clock import PROBED, Moment, rank
from sim.laws.balancing import draw_candidate
from sim.laws.probing import (
    RIFS,
    best_probe,
    note_rif,
    probe_key,
    probe_target,
    probe_uses,
    rif_threshold,
    so_many_now,
    worst_probe,
)
from sim.records import BALANCER_PROBE

if TYPE_CHECKING:
    from sim.reference.hosts import HostSet
    from sim.reference.life import Try
    from sim.reference.pod import Pod

Probe = BALANCER_PROBE.make_class()


@dataclass
class Message:
    """A probe on its way to a pod, or back."""

    host: Any
    pod: Pod
    key: int
    request: int
    number: int
    zone: int | None  # the caller's
    sent_ns: int
    rif: int = 0
    latency_ns: int = 0


class Prober:
    """B18 to B21: the probes of a view."""

    def __init__(self, of: HostSet, rules: Prequal) -> None:
        self.of, self.plane, self.rules = of, of.plane, rules
        self.pool: list[Any] = []  # the oldest first
        self.rifs = [0] * (2 * RIFS)

    def pick(self, one: Try, key: int, *, is_first: bool) -> Any:
        """A host by the probes that are there; at a try's first pick others are sent, for the calls to come."""
        held, hosts = self.of.held, self.of.usable
        if is_first:
            held.queries += 1
            for k in range(so_many_now(held.queries, self.rules.r_probe)):
                self._send(one, probe_key(key, k))
        self._forget()
        if len(self.pool) < 2:
            return hosts[draw_candidate(key, 0, len(hosts))]
        threshold = rif_threshold(self.rifs, 0, held.rifs, self.rules.q_rif)
        probe = self.pool[best_probe(self.pool, 0, len(self.pool), threshold)]
        host = self._host(probe.serial)
        probe.rif += 1
        probe.uses -= 1
        if probe.uses == 0:
            self.pool.remove(probe)
        for _ in range(so_many_now(held.queries, self.rules.r_remove) if is_first else 0):
            self._remove(threshold)
        return host

    def _remove(self, threshold: int) -> None:
        """B21: the oldest goes, or the worst."""
        if self.pool:
            self.of.held.removed += 1
            self.pool.pop(0 if self.of.held.removed % 2 else worst_probe(self.pool, 0, len(self.pool), threshold))

    def _forget(self) -> None:
        """B21: probes go that are too old, or whose host may not be picked any more."""
        oldest = self.plane.now_ns - self.rules.max_age
        self.pool = [probe for probe in self.pool if probe.received_ns >= oldest and self._is_usable(probe.serial)]

    def _host(self, serial: int) -> Any:
        return next((host for host in self.of.hosts if host.serial == serial), None)

    def _is_usable(self, serial: int) -> bool:
        """Whether it is in service, or all are in panic."""
        host = self._host(serial)
        return host is not None and (not host.is_ejected or len(self.of.usable) == len(self.of.hosts))

    # -- on their way -------------------------------------------------------------------------------------------------

    def _send(self, one: Try, key: int) -> None:
        host = self.of.usable[probe_target(key, len(self.of.usable))]
        zone = self.plane.network.caller_zone(one)
        message = Message(host, self.plane.pods[host.pod], key, one.request.number, one.request.number_call(), zone, self.plane.now_ns)
        self._travel(message, self._arrive)

    def _travel(self, message: Message, then: Any) -> None:
        now = self.plane.now_ns
        over = Moment(self.plane.env)
        over.callbacks.append(lambda _: then(message))
        way_ns = self.plane.network.probe_ns(message.key, message.zone, message.pod.zone, now, is_outward=then == self._arrive)
        over.fall(now + way_ns, rank(PROBED, message.request, message.number))

    def _arrive(self, message: Message) -> None:
        """B19: at the pod, which answers at once, if it is there."""
        pod = message.pod
        if not pod.is_gone and pod.reporter is not None:
            message.rif, message.latency_ns = len(pod.visits), pod.reporter.latency_ns()
            self._travel(message, self._return)

    def _return(self, message: Message) -> None:
        """B18, B21: back, unless it took too long or the view has forgotten the host: in place of an older one of that host."""
        now, held, rules = self.plane.now_ns, self.of.held, self.rules
        serial = message.host.serial
        if now - message.sent_ns > rules.probe_timeout or self._host(serial) is not message.host:
            return
        note_rif(self.rifs, 0, held.rifs, message.rif)
        held.rifs += 1
        self.pool = [probe for probe in self.pool if probe.serial != serial]
        if len(self.pool) == rules.pool_size:
            self.pool.pop(0)
        uses = probe_uses(message.key, rules.pool_size, len(self.of.hosts), rules.r_probe, rules.r_remove, rules.delta)
        self.pool.append(Probe(serial=serial, rif=message.rif, latency_ns=message.latency_ns, received_ns=now, uses=uses))
