"""How many a pod lets in at once, from what it takes to answer: Envoy's adaptive concurrency by gradient.

Answers' times lie in a run of whole numbers: how many, then a histogram, four of M1's buckets in one.
"""

from __future__ import annotations

import math
from typing import Any

from sim.draws import JITTER, unit
from sim.laws.measuring import BUCKETS, bucket
from sim.laws.windowing import clear_window
from sim.registry import law, seldom

SAMPLE_CELLS = 1 + BUCKETS // 4
AT_LEAST_TIMES = 5  # updates in a row at the least limit after which the controller doubts its minimum
NEVER_NS = (1 << 63) - 1


@seldom
@law
def note_time(cells: Any, first: int, ns: int) -> None:
    """W4 Another answer's time."""
    cells[first] += 1
    cells[first + 1 + (bucket(ns) >> 2)] += 1


@seldom
@law
def percentile_ns(cells: Any, first: int, percentile: float) -> int:
    """W4 The time that this share of answers did not exceed: the middle of its bucket, which is at most 1/32 wide."""
    left = max(1, math.ceil(percentile * cells[first]))
    i = 0
    while left > cells[first + 1 + i]:
        left -= cells[first + 1 + i]
        i += 1
    if i < 64:
        return 4 * i + 2
    return (4 * i % 128 + 130) << (i // 32 - 1)


@law
def new_limit(limit: int, min_rtt_ns: int, sample_rtt_ns: int, rule: Any) -> int:
    """W3 floor(L g + sqrt(L g)) with g = min RTT (1 + buffer) / sample RTT, which is kept within 0.5 and 2."""
    gradient = max(0.5, min(2.0, min_rtt_ns * (1.0 + rule.buffer) / max(1, sample_rtt_ns)))
    wanted = limit * gradient
    return max(rule.least, min(rule.most, int(wanted + math.sqrt(wanted))))


@seldom
@law
def begin_minimum(gate: Any, cells: Any, rule: Any, at_ns: int) -> None:
    """W3 From now on the minimum RTT is measured, with the least limit; the one so far is kept for after that."""
    gate.kept_limit = gate.limit
    gate.limit = rule.least
    gate.epoch_ns = at_ns
    gate.at_least = 0
    clear_window(cells, gate.samples, SAMPLE_CELLS)


@seldom
@law
def begin_adapting(gate: Any, cells: Any, rule: Any, now_ns: int) -> None:
    """W3 A controller begins with its first call, at the least limit: it measures the minimum, unless it was given one."""
    gate.limit = rule.least
    if rule.fixed_ns > 0:
        gate.min_rtt_ns = rule.fixed_ns
        gate.measure_ns = NEVER_NS
        gate.update_ns = now_ns + rule.update_every_ns
    else:
        begin_minimum(gate, cells, rule, now_ns)


@seldom
@law
def update_limit(gate: Any, cells: Any, rule: Any, at_ns: int) -> None:
    """W3 An update: a new limit from the answers since the last one. Five in a row at the least, and the minimum is measured."""
    old = gate.limit
    gate.limit = new_limit(old, gate.min_rtt_ns, percentile_ns(cells, gate.samples, rule.percentile), rule)
    clear_window(cells, gate.samples, SAMPLE_CELLS)
    gate.at_least = gate.at_least + 1 if old == rule.least and gate.limit == rule.least else 0
    if gate.at_least >= AT_LEAST_TIMES and rule.fixed_ns == 0:
        begin_minimum(gate, cells, rule, at_ns)


@seldom
@law
def adapt_by_time(gate: Any, cells: Any, rule: Any, now_ns: int) -> None:
    """W3 What time alone changes: updates that are due, and the next measurement of the minimum. Without answers no update."""
    while gate.kept_limit == 0:
        if cells[gate.samples] == 0 and gate.update_ns <= now_ns and gate.measure_ns > now_ns:
            gate.update_ns += ((now_ns - gate.update_ns) // rule.update_every_ns + 1) * rule.update_every_ns
        if min(gate.update_ns, gate.measure_ns) > now_ns:
            return
        if gate.measure_ns <= gate.update_ns or cells[gate.samples] == 0:
            begin_minimum(gate, cells, rule, gate.measure_ns)
        else:
            gate.update_ns += rule.update_every_ns
            update_limit(gate, cells, rule, gate.update_ns - rule.update_every_ns)


@law
def next_measurement_ns(key: int, n: int, interval_ns: int, jitter: float) -> int:
    """W3 From the end of the n-th measurement of the minimum to the next: the interval and up to a share more, by the pod's key."""
    return interval_ns + int(unit(key, JITTER, n) * (jitter * interval_ns))


@seldom
@law
def learn_time(gate: Any, cells: Any, rule: Any, came_ns: int, now_ns: int) -> None:
    """W3 A call that was let in is answered. The time of one that came before the last measurement began is not learned."""
    adapt_by_time(gate, cells, rule, now_ns)
    if came_ns < gate.epoch_ns:
        return
    note_time(cells, gate.samples, now_ns - came_ns)
    if gate.kept_limit > 0 and cells[gate.samples] >= rule.request_count:
        gate.min_rtt_ns = percentile_ns(cells, gate.samples, rule.percentile)
        clear_window(cells, gate.samples, SAMPLE_CELLS)
        gate.limit = gate.kept_limit
        gate.kept_limit = 0
        gate.update_ns = now_ns + rule.update_every_ns
        gate.measure_ns = now_ns + next_measurement_ns(gate.key, gate.measured, rule.interval_ns, rule.jitter)
        gate.measured += 1
