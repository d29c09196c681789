"""Knative's pod autoscaler in an agent's chair: it scrapes the ready pods itself, once a second."""

from __future__ import annotations

from agents.autoscaling import kpa
from agents.autoscaling.buckets import Buckets, average, recorded, weighted_average
from agents.policy import Needs, PodView, Verdict, View, asking_for
from scenarios.schema.knative import Kpa
from sim.commands import Command


class KpaPolicy:
    """Records what ready pods say every second, and decides every second second."""

    mind = "kpa"
    cadence_ns = kpa.SECOND_NS
    needs = Needs(pods=True, scrape_ns=kpa.SECOND_NS)

    def __init__(self, described: Kpa) -> None:
        self.spec, self._min, self._max = decider_spec(described), described.min_scale, described.max_scale
        self._metric = "requests_per_second" if described.metric == "rps" else "concurrency"
        self._mean = weighted_average if described.metric_aggregation_algorithm == "weighted-exponential" else average
        self.stable = Buckets(described.stable_window)
        self.panic = Buckets(max(kpa.SECOND_NS, round(described.stable_window * described.panic_window_percentage / 100)))
        self.state: kpa.KpaState | None = None
        self._scraped_ns = 0

    def decide(self, view: View) -> Verdict | None:
        """One look, and a decision where it is time for one."""
        ready = [pod for pod in view.pods if pod.is_ready and not pod.is_terminating]
        self._record(ready, view.now_ns)
        if view.now_ns % kpa.TICK_NS:
            return None
        self.state = kpa.started(len(ready), view.now_ns) if self.state is None else self.state
        if self.stable.is_empty(view.now_ns) and self.panic.is_empty(view.now_ns):
            return Verdict("no data: no decision")
        stable, panic = (self._mean(buckets, view.now_ns) for buckets in (self.stable, self.panic))
        result, self.state = kpa.decide(self.spec, self.state, len(ready), stable, panic, view.now_ns)
        desired, why = self._bounded(result.desired)
        return Verdict(result.reason + why, asking_for(desired, view), result.recommended)

    def _record(self, ready: list[PodView], now_ns: int) -> None:
        said = [pod for pod in ready if self._metric in pod.values_milli]
        scraped_ns = max((pod.sampled_ns for pod in said), default=0)
        if scraped_ns > self._scraped_ns:  # a scrape that is late or lost is not the one before
            self._scraped_ns = scraped_ns
            value = sum(pod.values_milli[self._metric] for pod in said) / 1000
            self.stable, self.panic = recorded(self.stable, now_ns, value), recorded(self.panic, now_ns, value)

    def _bounded(self, desired: int) -> tuple[int, str]:
        if desired < self._min:
            return self._min, f", raised to {self._min} by min-scale"
        if 0 < self._max < desired:
            return self._max, f", limited to {self._max} by max-scale"
        return desired, ""

    def carried_out(self, command: Command, view: View) -> None:
        """Nothing to remember."""


def decider_spec(described: Kpa) -> kpa.DeciderSpec:
    """The schema's words as the decider has them."""
    target, total = kpa.targets(described.metric == "rps", described.container_concurrency, described.target,
                                described.target_utilization_percentage / 100)  # fmt: skip
    return kpa.DeciderSpec(
        target_value=target,
        total_value=total,
        max_scale_up_rate=described.max_scale_up_rate,
        max_scale_down_rate=described.max_scale_down_rate,
        panic_threshold=described.panic_threshold_percentage / 100,
        stable_window_ns=described.stable_window,
        activation_scale=described.activation_scale,
        scale_down_delay_ns=described.scale_down_delay,
    )
