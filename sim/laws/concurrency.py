"""How many a pod lets in at once, by Netflix' concurrency-limits: AIMD, Vegas and Gradient2, and shares by priority.

Their limits learn from every answer: how long it took, how many were inside when it came in, itself included, and whether it was
dropped. What a limit remembers is in its gate: `estimate`, of which the limit is the whole part.
"""

from __future__ import annotations

import math
from typing import Any

from sim.draws import PROBE_LIMIT, unit
from sim.laws.retrying import CANCELLED, REJECTED, SHED
from sim.registry import law, seldom

LIMITERS = ("none", "aimd", "vegas", "gradient2")
UNLIMITED, AIMD, VEGAS, GRADIENT2 = range(4)
WARM_UP = 10  # samples of which Gradient2's long average is the plain mean


@law
def is_drop(outcome: int) -> bool:
    """W8 Whether one that was let in ended as a drop: by a limit further in, or because its caller waited no longer."""
    return outcome in (REJECTED, SHED, CANCELLED)


@law
def digits(limit: int) -> int:
    """W6 The whole part of the decimal logarithm of a limit, and at least 1."""
    found = 1
    while limit >= 100:
        limit //= 10
        found += 1
    return found


@law
def aimd_limit(limit: int, rtt_ns: int, inflight: int, dropped: bool, rule: Any) -> int:
    """W5 One more where at least half of the limit was in use; a share of it after a drop, or an answer that took too long."""
    if dropped or rtt_ns > rule.drop_ns:
        limit = int(limit * rule.ratio)
    elif 2 * inflight >= limit:
        limit += 1
    return int(max(rule.floor, min(rule.ceiling, limit)))


@law
def vegas_limit(estimate: float, noload_ns: int, rtt_ns: int, inflight: int, dropped: bool, rule: Any) -> float:
    """W6 By the queue that the answer's time tells of: L (1 - noload / RTT), rounded up, against the logarithm of the limit."""
    queue = math.ceil(estimate * (1.0 - noload_ns / rtt_ns))
    step = digits(int(estimate))
    if dropped:
        wanted = estimate - step
    elif 2 * inflight < estimate or 3 * step <= queue <= 6 * step:
        return estimate + 0.0
    elif queue <= step:
        wanted = estimate + 6 * step
    else:
        wanted = estimate + (step if queue < 3 * step else -step)
    wanted = max(1.0, min(float(rule.ceiling), wanted))
    return float((1.0 - rule.smoothing) * estimate + rule.smoothing * wanted)


@law
def gradient2_limit(estimate: float, long_ns: float, rtt_ns: int, inflight: int, rule: Any) -> float:
    """W7 L g + queueSize, smoothed, with g = tolerance x long / RTT within 0.5 and 1; held where less than half was in use."""
    if inflight < estimate / 2.0:
        return estimate + 0.0
    gradient = max(0.5, min(1.0, rule.tolerance * long_ns / rtt_ns))
    wanted = estimate * gradient + rule.headroom
    wanted = estimate * (1.0 - rule.smoothing) + wanted * rule.smoothing
    return float(max(float(rule.floor), min(float(rule.ceiling), wanted)))


@law
def note_long(gate: Any, rtt_ns: int, window: int) -> float:
    """W7 Gradient2's long average with one more sample: the mean of the first ten, then exponential with factor 2 / (window + 1).

    An average of more than twice the sample is what is judged by, and lowered by 5 % for the next.
    """
    if gate.long_count < WARM_UP:
        gate.long_count += 1
        gate.long_sum_ns += rtt_ns
        gate.long_ns = gate.long_sum_ns / gate.long_count
    else:
        factor = 2.0 / (window + 1)
        gate.long_ns = gate.long_ns * (1.0 - factor) + rtt_ns * factor
    long_ns = gate.long_ns
    if long_ns / rtt_ns > 2.0:
        gate.long_ns = long_ns * 0.95
    return float(long_ns)


@law
def takes_for_noload(gate: Any, rtt_ns: int, rule: Any) -> bool:
    """W6 Whether a sample is taken for the time without load: the first, any shorter one, and one in U x probeMultiplier x L.

    U is uniform in [0.5, 1), by a draw of the pod's key, anew after each.
    """
    gate.probes += 1
    jitter = 0.5 + 0.5 * unit(gate.key, PROBE_LIMIT, gate.measured)
    if jitter * rule.probe_every * gate.estimate <= gate.probes:
        gate.measured += 1
        gate.probes = 0
        return True
    return bool(gate.min_rtt_ns == 0 or rtt_ns < gate.min_rtt_ns)


@seldom
@law
def learn_sample(gate: Any, rule: Any, rtt_ns: int, inflight: int, dropped: bool) -> None:
    """W8 One that was let in is over: the limit is what its kind makes of that.

    What took no time tells nothing of times: a drop then is a drop and no more, and anything else is no sample.
    """
    if rtt_ns <= 0 and not dropped:
        return
    if rule.limiter == AIMD:
        gate.estimate = float(aimd_limit(gate.limit, rtt_ns, inflight, dropped, rule))
    elif rule.limiter == VEGAS:
        if rtt_ns > 0 and takes_for_noload(gate, rtt_ns, rule):
            gate.min_rtt_ns = rtt_ns
        else:
            gate.estimate = vegas_limit(gate.estimate, gate.min_rtt_ns, max(1, rtt_ns), inflight, dropped, rule)
    elif rtt_ns > 0:
        long_ns = note_long(gate, rtt_ns, rule.long_window)
        gate.estimate = gradient2_limit(gate.estimate, long_ns, rtt_ns, inflight, rule)
    gate.limit = int(gate.estimate)


@law
def partition_limit(limit: int, share: float) -> int:
    """W9 What a share of a limit comes to: rounded up, at least 1; nothing where a priority is not named, which a share below 0 says."""
    return max(1, math.ceil(limit * share)) if share >= 0.0 else 0


@law
def share_of(rule: Any, priority: int) -> float:
    """W9 The share of a priority."""
    if priority == 0:
        return float(rule.critical_share)
    if priority == 1:
        return float(rule.degraded_share)
    return float(rule.best_effort_share if priority == 2 else rule.bulk_share)


@law
def busy_of(gate: Any, priority: int) -> int:
    """W9 How many of a priority are inside."""
    if priority == 0:
        return int(gate.critical_busy)
    if priority == 1:
        return int(gate.degraded_busy)
    return int(gate.best_effort_busy if priority == 2 else gate.bulk_busy)


@law
def shift_busy(gate: Any, priority: int, by: int) -> None:
    """W9 So many more of a priority are inside from now on."""
    if priority == 0:
        gate.critical_busy += by
    elif priority == 1:
        gate.degraded_busy += by
    elif priority == 2:
        gate.best_effort_busy += by
    else:
        gate.bulk_busy += by


@seldom
@law
def lets_in(gate: Any, rule: Any, present: int, priority: int) -> bool:
    """W8, W9 Whether one more may come in: below the limit anyone, at or above it who has something left of his priority's share."""
    if gate.limit == 0:
        gate.limit = rule.initial
        gate.estimate = float(rule.initial)
    return bool(present < gate.limit or busy_of(gate, priority) < partition_limit(gate.limit, share_of(rule, priority)))
