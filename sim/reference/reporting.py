"""What a pod measures of itself, and tells callers with its answers, or probes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.laws.probing import SAMPLES, latency_near, note_latency
from sim.laws.reporting import measure_rates, reported_weight
from sim.records import REPORT, SAMPLE
from sim.settings import capacity

if TYPE_CHECKING:
    from sim.reference.life import Try
    from sim.reference.pod import Pod

Report, Sample = REPORT.make_class(), SAMPLE.make_class()


class Reporter:
    """A pod's rates and latencies."""

    def __init__(self, pod: Pod) -> None:
        self.pod = pod
        self.report = Report(since_ns=pod.plane.now_ns, capacity=float(capacity(pod.spec)))
        self.samples = [Sample() for _ in range(SAMPLES)]

    def tell(self, one: Try) -> None:
        """B16, B19, B22: a visit is answered: what the pod learns of it, and what its answer tells."""
        now, tally, report = self.pod.plane.now_ns, self.pod.tally, self.report
        measure_rates(report, self.pod.busy_ns(), tally.succeeded + tally.failed, tally.failed, now)
        note_latency(self.samples, 0, report.sampled, one.met, now - one.delivered_ns)
        report.sampled += 1
        one.left_behind = len(self.pod.visits)
        weights = one.route.policy.lb_policy.weighted_round_robin
        if weights is not None:
            one.reported = reported_weight(report.qps, report.utilization, report.eps, weights.error_utilization_penalty)
        else:
            one.reported = float(one.worked_ns)

    def latency_ns(self) -> int:
        """B19: what it answers a probe now."""
        return latency_near(self.samples, 0, self.report.sampled, len(self.pod.visits))
