"""Picks by what pods report, and by what nobody knows. Twin of reference/scoring.py."""

from __future__ import annotations

from typing import Any

from sim.fast.compiling import feature, part
from sim.fast.probing import probed_host
from sim.fast.state import AT_WORK, DROPPED, FREE, VISIT, WAITS_FOR_CORE
from sim.laws.balancing import C3, LEAST_WORK, PREQUAL, SHORTEST_QUEUE, WEIGHTED, draw_candidate, nth_around
from sim.laws.reporting import (
    STRIDE,
    c3_score,
    known_weight,
    learn_weight,
    smoothed,
    stride_weight,
    strides_by,
    unanswered_score,
)


@feature
def informed_host(s: Any, held: Any, rules: Any, view: int, a: int, key: int, again: int) -> int:
    """The row of the host that is picked by reports, probes, or knowledge."""
    if rules.policy == WEIGHTED:
        return next_by_stride(s, held, rules)
    if rules.policy == PREQUAL:
        return probed_host(s, held, rules, view, a, key, again)
    if rules.policy != C3:
        count_loads(s, a, rules.policy)
    return least_host(s, held, rules, key)


@feature
def learn_report(s: Any, rules: Any, row: int, a: int) -> None:
    """B16, B22: an answer tells of its pod."""
    host, extra, now = s.hosts[row], s.extras[a], s.lane[0].now_ns
    if rules.policy == WEIGHTED:
        learn_weight(host, extra.reported, now)
    elif rules.policy == C3:
        is_first = host.reporting_ns < 0
        host.rtt_ns = smoothed(host.rtt_ns, float(now - extra.lent_ns), rules.smoothing, is_first)
        host.reported = smoothed(host.reported, extra.reported, rules.smoothing, is_first)
        host.queue = smoothed(host.queue, float(extra.left_behind), rules.smoothing, is_first)
        host.reporting_ns = now


@feature
def next_by_stride(s: Any, held: Any, rules: Any) -> int:
    """B17: the row of the host whose turn it is."""
    now, n = s.lane[0].now_ns, held.usable
    if held.update_ns <= now:
        held.update_ns = now + rules.weight_update_period
        set_strides(s, held, rules)
    while True:
        generation, place = held.turns // n, held.turns % n
        held.turns += 1
        row = s.hosts[held.first + place].usable
        if not strides_by(s.hosts[row].turn, generation, place):
            return int(row)


@feature
def set_strides(s: Any, held: Any, rules: Any) -> None:
    """B17: weights as whole numbers."""
    total, known, most, now = 0.0, 0, 0.0, s.lane[0].now_ns
    for i in range(held.first, held.first + held.usable):
        weight = known_weight(s.hosts[s.hosts[i].usable], rules, now)
        total += weight
        known += 1 if weight > 0.0 else 0
        most = max(most, weight)
    for i in range(held.first, held.first + held.usable):
        host = s.hosts[s.hosts[i].usable]
        host.turn = stride_weight(known_weight(host, rules, now), most, total / known) if known > 1 else STRIDE


@feature
def least_host(s: Any, held: Any, rules: Any, key: int) -> int:
    """B22 to B24: the row of the host of the least score, of equal ones the first from a place drawn for the try."""
    best, least, n = -1, 0.0, held.usable
    first = draw_candidate(key, 0, n)
    for i in range(n):
        row = s.hosts[held.first + nth_around(first, i, n)].usable
        score = score_of(s, rules, row)
        if best < 0 or score < least:
            best, least = row, score
    return int(best)


@part
def score_of(s: Any, rules: Any, row: int) -> float:
    """What a host is picked by: the least."""
    host = s.hosts[row]
    if rules.policy == C3 and host.reporting_ns < 0:
        return unanswered_score(host.active)
    if rules.policy == C3:
        return c3_score(host.rtt_ns, host.reported, host.queue, host.active, rules.clients)
    load = s.loads[host.pod]
    return float(load + s.pods[host.pod].present) if rules.policy == SHORTEST_QUEUE else float(load)


@feature
def count_loads(s: Any, a: int, policy: int) -> None:
    """B23: of every pod the tries on their way to it, but for try a, which has none yet; B24: or the work it has left."""
    now = s.lane[0].now_ns
    for p in range(len(s.loads)):
        s.loads[p] = 0
    for f in range(len(s.frames)):
        frame = s.frames[f]
        if policy != LEAST_WORK:
            if frame.kind == VISIT and frame.delivered_ns < 0 and frame.pod >= 0 and f != a:
                s.loads[frame.pod] += 1
        elif frame.kind != FREE and frame.at_work == AT_WORK:
            s.loads[s.frames[frame.visit].pod] += frame.lasts_ns - (now - frame.work_began_ns)
        elif frame.kind != FREE and frame.at_work == WAITS_FOR_CORE and frame.joining != DROPPED:
            s.loads[s.frames[frame.visit].pod] += frame.lasts_ns
