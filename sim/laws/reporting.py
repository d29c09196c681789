"""What pods tell callers of themselves with their answers, and what callers make of it: gRPC's weights (A58), and C3."""

from __future__ import annotations

from typing import Any

from sim.draws import ROTATION, unit
from sim.registry import law

REPORT_NS = 1_000_000_000  # a pod measures its own rates over a second, or more where it answers seldom
STRIDE = 65_535  # the largest weight in whole numbers


@law
def measure_rates(report: Any, busy_ns: int, finished: int, failed: int, now_ns: int) -> None:
    """B16 At an answer a second or more after the last time, a pod measures the rates it reports from then on.

    `busy_ns` is the integral of its busy cores, of which it has `report.capacity`; `failed` are part of `finished`.
    """
    elapsed = now_ns - report.since_ns
    if elapsed < REPORT_NS:
        return
    report.utilization = (busy_ns - report.busy_ns) / (report.capacity * elapsed)
    report.qps = (finished - report.finished) * 1e9 / elapsed
    report.eps = (failed - report.failed) * 1e9 / elapsed
    report.since_ns, report.busy_ns, report.finished, report.failed = now_ns, busy_ns, finished, failed


@law
def reported_weight(qps: float, utilization: float, eps: float, penalty: float) -> float:
    """B16 A58: answers a second over utilization, failures added to it; 0 where there is nothing to report."""
    if qps <= 0.0 or utilization <= 0.0:
        return 0.0
    return qps / (utilization + eps / qps * penalty)


@law
def learn_weight(host: Any, weight: float, now_ns: int) -> None:
    """B16 An answer brings a weight, unless that is nothing."""
    if weight > 0.0:
        host.reported, host.updated_ns = weight, now_ns
        if host.reporting_ns < 0:
            host.reporting_ns = now_ns


@law
def known_weight(host: Any, rules: Any, now_ns: int) -> float:
    """B16 What a host weighs; 0, that is unknown, in the blackout after its first report, and again once its reports are too old."""
    if host.reporting_ns < 0:
        return 0.0
    if now_ns - host.updated_ns >= rules.weight_expiration_period:
        host.reporting_ns = -1
        return 0.0
    return 0.0 if now_ns - host.reporting_ns < rules.blackout_period else host.reported


@law
def stride_weight(weight: float, most: float, mean: float) -> int:
    """B17 A weight as a whole number, 65535 the largest; where it is unknown the mean of those that are known."""
    return int(STRIDE / most * (weight if weight > 0.0 else mean) + 0.5)


@law
def strides_by(weight: int, generation: int, place: int) -> bool:
    """B17 Whether the static stride scheduler passes a host by in this generation: it is picked `weight` times in 65535."""
    return (weight * generation + place * (STRIDE // 2)) % STRIDE < STRIDE - weight


@law
def first_stride(view_key: int, changes: int) -> int:
    """B17 Where a view's sequence begins."""
    return int(unit(view_key, ROTATION, changes) * STRIDE)


@law
def smoothed(mean: float, sample: float, kept: float, is_first: bool) -> float:
    """B22 A mean that forgets: it keeps `kept` of itself at every sample; the first is taken as it is."""
    return sample if is_first else kept * mean + (1.0 - kept) * sample


@law
def unanswered_score(active: int) -> float:
    """B22 A host that has not answered yet comes first while the view waits for nothing of it, and else last: it is asked once."""
    return active * 1e18


@law
def c3_score(response_ns: float, service_ns: float, queue: float, active: int, clients: int) -> float:
    """B22 C3 (Suresh et al. 2015): R - 1/µ + q³/µ, q = 1 + own tries in flight · clients + the queue as reported. The least wins."""
    expected = 1.0 + active * clients + queue
    return response_ns - service_ns + expected * expected * expected * service_ns
