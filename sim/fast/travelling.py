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
        limp(s, one, phase, d)
        return
    if s.distributions[d].ring >= 0:
        push(s, s.distributions[d].ring, now + s.distributions[d].constant_ns, order, one)
    else:
        stream = OUTWARD if phase == DELIVERED else BACKWARD
        push_any(s, now + sample_ns(s.distributions, d, frame.key, stream), order, one)


@cold
def limp(s: Any, one: int, phase: int, d: int) -> None:
    """N2, N3: as `travel`, of a message with this latency, while some link is not well."""
    frame, now, zones = s.frames[one], s.lane[0].now_ns, s.lane[0].zones
    here, there = frame.zone, s.pods[frame.pod].zone
    if phase == DELIVERED:
        link = s.network[here * zones + there]
        length = sample_ns(s.distributions, d, frame.key, OUTWARD) + retransmission_ns(frame.key, LOST_OUTWARD, link.loss)
    else:
        link = s.network[there * zones + here]
        length = sample_ns(s.distributions, d, frame.key, BACKWARD) + retransmission_ns(frame.key, LOST_BACKWARD, link.loss)
    order = rank(phase, frame.request_number, frame.number)
    push_any(s, now + crossing_ns(now, length, link.added_ns, link.opens_ns), order, one)


@feature
def send_cancel(s: Any, a: int) -> None:
    """C1: a cancel goes after try a, which it keeps from being forgotten."""
    one, now, zones = s.frames[a], s.lane[0].now_ns, s.lane[0].zones
    one.refs += 1
    order = rank(CALLED_OFF, one.request_number, one.number)
    if one.zone < 0:
        push_any(s, now, order, a)
        return
    there = s.pods[one.pod].zone
    d = s.lane[0].near if one.zone == there else s.lane[0].far
    length = sample_ns(s.distributions, d, one.key, CANCEL)
    link = s.network[one.zone * zones + there]
    length += retransmission_ns(one.key, LOST_CANCEL, link.loss)
    push_any(s, now + crossing_ns(now, length, link.added_ns, link.opens_ns), order, a)


@feature
def word_ns(s: Any, a: int, b: int, from_ns: int) -> int:
    """G7: when word that left the pod of try a at some time is at that of try b."""
    one, zones = s.frames[a], s.lane[0].zones
    here, there = s.pods[one.pod].zone, s.pods[s.frames[b].pod].zone
    length = sample_ns(s.distributions, s.lane[0].near if here == there else s.lane[0].far, one.key, TIE)
    link = s.network[here * zones + there]
    length += retransmission_ns(one.key, LOST_TIE, link.loss)
    return int(from_ns + crossing_ns(from_ns, length, link.added_ns, link.opens_ns))
