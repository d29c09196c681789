"""Messages between a caller and a pod. Twin of reference/network.py."""

from __future__ import annotations

from typing import Any

from sim.clock import CALLED_OFF, DELIVERED, rank
from sim.draws import BACKWARD, CANCEL, LOST_BACKWARD, LOST_CANCEL, LOST_OUTWARD, LOST_TIE, OUTWARD, TIE
from sim.fast.agenda import push, push_any, push_soon
from sim.fast.compiling import cold, feature, part
from sim.fast.sampling import sample_ns
from sim.laws.travelling import crossing_ns, retransmission_ns


@part
def zone_of_caller(s: Any, f: int, pod: int) -> int:
    """Zone a strand calls from; -1 next to every pod."""
    if pod >= 0:
        return s.pods[pod].zone
    return s.workloads[s.frames[s.frames[f].request].workload].zone


@part
def travel(s: Any, one: int, phase: int) -> None:
    """Put a try (DELIVERED) or its answer (REPLIED) on its way between the caller's zone and the pod's."""
    frame = s.frames[one]
    now = s.lane[0].now_ns
    here = frame.zone
    order = rank(phase, frame.request_number, frame.number)
    if here < 0:
        push_soon(s, order, one)
        return
    d = s.lane[0].near
    if here != s.pods[frame.pod].zone:
        d = s.lane[0].far
        route = s.routes[frame.route]
        route.egress_bytes += route.request_bytes if phase == DELIVERED else route.response_bytes
    if s.lane[0].is_ill == 1:
        limp(s, one, phase)
        return
    if s.distributions[d].ring >= 0:
        push(s, s.distributions[d].ring, now + s.distributions[d].constant_ns, order, one)
    else:
        stream = OUTWARD if phase == DELIVERED else BACKWARD
        push_any(s, now + sample_ns(s.distributions, d, frame.key, stream), order, one)


@cold
def limp(s: Any, one: int, phase: int) -> None:
    """As `travel`, while some link is not well."""
    frame, now = s.frames[one], s.lane[0].now_ns
    here, there = frame.zone, s.pods[frame.pod].zone
    if phase == DELIVERED:
        length = way_ns(s, frame.key, here, there, now, OUTWARD, LOST_OUTWARD)
    else:
        length = way_ns(s, frame.key, there, here, now, BACKWARD, LOST_BACKWARD)
    push_any(s, now + length, rank(phase, frame.request_number, frame.number), one)


@cold
def way_ns(s: Any, key: int, source: int, target: int, from_ns: int, stream: int, lost: int) -> int:
    """N1, N2, N3: the time a message takes from zone to zone that sets out then, over a link that may not be well."""
    link = s.network[source * s.lane[0].zones + target]
    length = sample_ns(s.distributions, s.lane[0].near if source == target else s.lane[0].far, key, stream)
    return crossing_ns(from_ns, length + retransmission_ns(key, lost, link.loss), link.added_ns, link.opens_ns)


@feature
def send_cancel(s: Any, a: int) -> None:
    """C1: a cancel goes after try a, which it keeps from being forgotten."""
    one, now = s.frames[a], s.lane[0].now_ns
    one.refs += 1
    length = 0
    if one.zone >= 0:
        length = way_ns(s, one.key, one.zone, s.pods[one.pod].zone, now, CANCEL, LOST_CANCEL)
    push_any(s, now + length, rank(CALLED_OFF, one.request_number, one.number), a)


@feature
def word_ns(s: Any, a: int, b: int, from_ns: int) -> int:
    """G7: when word that left the pod of try a at some time is at that of try b."""
    one, other = s.frames[a], s.frames[b]
    return int(from_ns + way_ns(s, one.key, s.pods[one.pod].zone, s.pods[other.pod].zone, from_ns, TIE, LOST_TIE))
