"""Picks by what pods report, and by what nobody knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sim.laws.balancing import draw_candidate, nth_around
from sim.laws.reporting import (
    STRIDE,
    c3_score,
    first_stride,
    known_weight,
    learn_weight,
    smoothed,
    stride_weight,
    strides_by,
    unanswered_score,
)

if TYPE_CHECKING:
    from sim.reference.hosts import HostSet
    from sim.reference.life import Try
    from sim.reference.pod import Pod


def learn(of: HostSet, host: Any, one: Try) -> None:
    """B16, B22: an answer tells of its pod."""
    now, c3 = of.plane.now_ns, of.policy.lb_policy.c3
    if of.policy.lb_policy.weighted_round_robin is not None:
        learn_weight(host, one.reported, now)
    elif c3 is not None:
        is_first = host.reporting_ns < 0
        host.rtt_ns = smoothed(host.rtt_ns, now - one.sent_ns, c3.smoothing, is_first)
        host.reported = smoothed(host.reported, one.reported, c3.smoothing, is_first)
        host.queue = smoothed(host.queue, one.left_behind, c3.smoothing, is_first)
        host.reporting_ns = now


def next_by_stride(of: HostSet) -> Any:
    """B17: the host whose turn it is."""
    held, hosts, rules, now = of.held, of.usable, of.policy.lb_policy.weighted_round_robin, of.plane.now_ns
    assert rules is not None
    if held.update_ns <= now:
        held.update_ns = now + rules.weight_update_period
        _set_strides(hosts, [known_weight(host, rules, now) for host in hosts])
    while True:
        generation, place = divmod(held.turns, len(hosts))
        held.turns += 1
        if not strides_by(hosts[place].turn, generation, place):
            return hosts[place]


def begin_strides(of: HostSet) -> None:
    """B17: other hosts: their weights are looked at anew, and the sequence begins somewhere."""
    of.held.update_ns, of.held.turns = 0, first_stride(of.key, of.held.changes)


def _set_strides(hosts: list[Any], weights: list[float]) -> None:
    total, known = 0.0, 0
    for weight in weights:  # not `sum`, which rounds otherwise than a loop
        total += weight
        known += weight > 0.0
    for host, weight in zip(hosts, weights, strict=True):
        host.turn = stride_weight(weight, max(weights), total / known) if known > 1 else STRIDE


def least_of(of: HostSet, key: int) -> Any:
    """B22 to B24: the host of the least score, of equal ones the first from a place drawn for the try."""
    hosts, best, least = of.usable, None, 0.0
    first = draw_candidate(key, 0, len(hosts))
    for i in range(len(hosts)):
        host = hosts[nth_around(first, i, len(hosts))]
        score = _score(of, host)
        if best is None or score < least:
            best, least = host, score
    return best


def _score(of: HostSet, host: Any) -> float:
    policy, pod = of.policy.lb_policy, of.plane.pods[host.pod]
    if policy.c3 is not None and host.reporting_ns < 0:
        return unanswered_score(host.active)
    if policy.c3 is not None:
        return c3_score(host.rtt_ns, host.reported, host.queue, host.active, policy.c3.clients)
    return float(work_left_ns(pod, of.plane.now_ns) if policy.least_work else len(pod.visits) + pod.coming)


def work_left_ns(pod: Pod, now_ns: int) -> int:
    """B24: what its cores have still to do of the works that were begun, and of those that wait for one."""
    waiting: int = sum(waiter.who.demand_ns for line in pod.cores.line.lines for waiter in line)
    return waiting + sum(job.lasts_ns - (now_ns - job.started_ns) for job in pod.cores.at_work)
