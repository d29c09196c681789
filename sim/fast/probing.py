"""Prequal: a view's probes, on their way and in its pool. Twin of reference/probing.py."""

from __future__ import annotations

from typing import Any

from sim.clock import PROBED, rank
from sim.draws import BACKWARD, LOST_BACKWARD, LOST_OUTWARD, OUTWARD
from sim.fast.agenda import push_any
from sim.fast.compiling import feature, part
from sim.fast.frames import caller_pod, drop, number_call, take_frame
from sim.fast.host_rows import row_of
from sim.fast.reporting import told_latency_ns
from sim.fast.state import PROBE
from sim.fast.travelling import way_ns, zone_of_caller
from sim.laws.balancing import draw_candidate
from sim.laws.probing import (
    best_probe,
    drop_probe,
    note_rif,
    probe_key,
    probe_target,
    probe_uses,
    rif_threshold,
    so_many_now,
    worst_probe,
)


@feature
def probed_host(s: Any, held: Any, rules: Any, view: int, a: int, key: int, again: int) -> int:
    """The row of a host by the probes that are there; at a try's first pick others are sent, for the calls to come."""
    if again == 0:
        held.queries += 1
        for k in range(so_many_now(held.queries, rules.r_probe)):
            send_probe(s, held, view, a, probe_key(key, k))
    forget_probes(s, held, rules)
    first = held.pool
    if held.probes < 2:
        return int(s.hosts[held.first + draw_candidate(key, 0, held.usable)].usable)
    threshold = rif_threshold(s.rifs, held.rif_place, held.rifs, rules.q_rif)
    best = best_probe(s.probes, first, held.probes, threshold)
    probe = s.probes[best]
    row = row_of(s, held, probe.serial)
    probe.rif += 1
    probe.uses -= 1
    if probe.uses == 0:
        lose_probe(s, held, best)
    removals = so_many_now(held.queries, rules.r_remove) if again == 0 else 0
    for _ in range(removals):
        if held.probes > 0:
            held.removed += 1
            lose_probe(s, held, first if held.removed % 2 == 1 else worst_probe(s.probes, first, held.probes, threshold))
    return int(row)


@part
def lose_probe(s: Any, held: Any, i: int) -> None:
    """The probe in place i goes."""
    drop_probe(s.probes, held.pool, held.probes, i)
    held.probes -= 1


@feature
def forget_probes(s: Any, held: Any, rules: Any) -> None:
    """B21: probes go that are too old, or whose host may not be picked any more."""
    i, oldest = held.pool, s.lane[0].now_ns - rules.max_age
    while i < held.pool + held.probes:
        row = row_of(s, held, s.probes[i].serial)
        is_usable = row >= 0 and (s.hosts[row].is_ejected == 0 or held.usable == held.count)
        if is_usable and s.probes[i].received_ns >= oldest:
            i += 1
        else:
            lose_probe(s, held, i)


@feature
def send_probe(s: Any, held: Any, view: int, a: int, key: int) -> None:
    """B18: a probe sets out for any host, numbered as a call of its request."""
    one, c = s.frames[a], take_frame(s, PROBE)
    probe, host = s.frames[c], s.hosts[s.hosts[held.first + probe_target(key, held.usable)].usable]
    probe.key, probe.request_number, probe.number = key, one.request_number, number_call(s, one.request)
    probe.pod, probe.viewer, probe.parent, probe.refs = host.pod, view, 0, 1
    probe.zone, probe.sent_ns = zone_of_caller(s, one.parent, caller_pod(s, one.parent)), s.lane[0].now_ns
    s.extras[c].host = host.serial
    send_on(s, c)


@feature
def send_on(s: Any, c: int) -> None:
    """A probe goes to its pod, or back once it is `inside`."""
    probe, now = s.frames[c], s.lane[0].now_ns
    here, there, length = probe.zone, s.pods[probe.pod].zone, 0
    if here >= 0 and probe.inside == 0:
        length = way_ns(s, probe.key, here, there, now, OUTWARD, LOST_OUTWARD)
    elif here >= 0:
        length = way_ns(s, probe.key, there, here, now, BACKWARD, LOST_BACKWARD)
    push_any(s, now + length, rank(PROBED, probe.request_number, probe.number), c)


@feature
def on_probed(s: Any, c: int) -> None:
    """A probe reaches its pod, which answers at once if it is there; or is back."""
    probe = s.frames[c]
    if probe.inside == 1:
        take_probe(s, c)
        drop(s, c)
    elif s.pods[probe.pod].is_gone == 1:
        drop(s, c)
    else:
        probe.inside = 1
        probe.lasts_ns, probe.needed = told_latency_ns(s, probe.pod), s.pods[probe.pod].present
        send_on(s, c)


@feature
def take_probe(s: Any, c: int) -> None:
    """B18, B21: unless it took too long or the view has forgotten its host, it takes the place of an older one of that host."""
    frame, held, now = s.frames[c], s.host_sets[s.frames[c].viewer], s.lane[0].now_ns
    rules, serial, rif = s.balancers[held.route], s.extras[c].host, frame.needed
    if now - frame.sent_ns > rules.probe_timeout or row_of(s, held, serial) < 0:
        return
    note_rif(s.rifs, held.rif_place, held.rifs, rif)
    held.rifs += 1
    for i in range(held.pool, held.pool + held.probes):
        if s.probes[i].serial == serial:
            lose_probe(s, held, i)
            break
    if held.probes == rules.pool_size:
        lose_probe(s, held, held.pool)
    probe = s.probes[held.pool + held.probes]
    probe.serial, probe.rif, probe.latency_ns, probe.received_ns = serial, rif, frame.lasts_ns, now
    probe.uses = probe_uses(frame.key, rules.pool_size, held.count, rules.r_probe, rules.r_remove, rules.delta)
    held.probes += 1
