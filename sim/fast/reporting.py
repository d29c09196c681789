"""What a pod measures of itself, and tells callers with its answers, or probes. Twin of reference/reporting.py."""

from __future__ import annotations

from typing import Any

from sim.fast.compiling import feature, part
from sim.laws.balancing import WEIGHTED
from sim.laws.probing import latency_near, note_latency
from sim.laws.queueing import area_ns
from sim.laws.reporting import measure_rates, reported_weight


@feature
def tell_report(s: Any, a: int) -> None:
    """B16, B19, B22: a visit is answered: what its pod learns of it, and what its answer tells."""
    one, extra, now = s.frames[a], s.extras[a], s.lane[0].now_ns
    pod, report, rules = s.pods[one.pod], s.reports[one.pod], s.balancers[one.route]
    measure_rates(report, busy_ns(s, one.pod), pod.succeeded + pod.failed, pod.failed, now)
    note_latency(s.samples, report.first, report.sampled, extra.met, now - one.delivered_ns)
    report.sampled += 1
    extra.left_behind = pod.present
    if rules.policy == WEIGHTED:
        extra.reported = reported_weight(report.qps, report.utilization, report.eps, rules.error_utilization_penalty)
    else:
        extra.reported = float(one.worked_ns)


@part
def busy_ns(s: Any, p: int) -> int:
    """The integral of a pod's busy cores, or workers that are held, up to now."""
    pod, now = s.pods[p], s.lane[0].now_ns
    if pod.is_threaded == 1:
        return area_ns(pod.present_area_ns, pod.present, now) - area_ns(pod.waiting_area_ns, pod.waiting, now)
    return area_ns(pod.working_area_ns, pod.working, now) - area_ns(pod.stalled_area_ns, pod.stalled, now)


@feature
def told_latency_ns(s: Any, p: int) -> int:
    """B19: what a pod answers a probe now."""
    report = s.reports[p]
    return latency_near(s.samples, report.first, report.sampled, s.pods[p].present)
