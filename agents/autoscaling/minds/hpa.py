"""The Kubernetes HPA in an agent's chair: the schema's words become its spec, a view its observation."""

from __future__ import annotations

from collections.abc import Mapping

from agents.autoscaling import hpa
from agents.autoscaling.manifest import SECOND_NS, CpuAverageValue, MetricSpec, Source
from agents.policy import Needs, PodView, Verdict, View, asking_for
from scenarios.schema.hpa import Behavior, Hpa, ScalingRules
from scenarios.schema.metrics import (
    ExternalMetricSource,
    Labels,
    Metric,
    ObjectMetricSource,
    PodsMetricSource,
    ResourceMetricSource,
    UtilizationTarget,
    ValueTarget,
)
from sim.commands import Command, Scale
from sim.platform.metrics import Series


class Controller:
    """An HPA and what it remembers; whoever has one may show it other values than those it would see."""

    def __init__(self, spec: hpa.HpaSpec) -> None:
        self.spec, self.state = spec, hpa.HpaState()

    def sync(self, view: View, values_milli: Mapping[str, int] | None = None) -> Verdict:
        """One sync; `values_milli` of its metrics from elsewhere come before those of the view."""
        decision, self.state = hpa.decide(self.spec, self.state, observed(self.spec, view, values_milli), view.now_ns)
        return Verdict(decision.reason, asking_for(decision.desired, view), decision.recommended)

    def carried_out(self, command: Command, view: View) -> None:
        """Remember the scale event, which counts against the rate limits."""
        assert isinstance(command, Scale)
        self.state = hpa.scaled(self.state, self.spec, view.replicas, command.replicas, view.now_ns)


class HpaPolicy(Controller):
    """The Kubernetes HPA in an agent's chair, with its memory."""

    mind = "hpa"

    def __init__(self, described: Hpa, service: str) -> None:
        super().__init__(hpa_spec(described, service))
        self.needs, self.cadence_ns = hpa_needs(described, service), described.sync_period

    def decide(self, view: View) -> Verdict:
        """One sync."""
        return self.sync(view)


def hpa_spec(described: Hpa, service: str) -> hpa.HpaSpec:
    """The autoscaler's spec for a service; `target_cpu` is a whole percentage of at least 1, as averageUtilization is."""
    if described.target_cpu is not None:
        metrics: tuple[MetricSpec, ...] = (hpa.CpuUtilization(round(described.target_cpu * 100)),)
    else:
        metrics = tuple(_metric(metric, service) for metric in described.metrics or ())
    return hpa.HpaSpec(
        min_replicas=described.min,
        max_replicas=described.max,
        metrics=metrics,
        behavior=None if described.behavior is None else behavior_of(described.behavior),
        flags=hpa.ControllerFlags(
            tolerance=described.tolerance,
            downscale_stabilization_ns=described.downscale_stabilization,
            cpu_initialization_period_ns=described.cpu_initialization_period,
            initial_readiness_delay_ns=described.initial_readiness_delay,
            sync_period_ns=described.sync_period,
        ),
    )


def hpa_needs(described: Hpa, service: str) -> Needs:
    """What its metrics are computed from, besides the CPU of pods."""
    metrics = described.metrics or ()
    return Needs(
        pods=any(isinstance(metric, PodsMetricSource) for metric in metrics),
        series=tuple(series for metric in metrics if (series := series_of(metric, service)) is not None),
    )


def series_of(metric: Metric, service: str) -> Series | None:
    """The series of an Object or External metric of an autoscaler of that service; None of what is measured in pods."""
    if isinstance(metric, ObjectMetricSource):
        return Series(metric.object.metric.name, "service", metric.object.describedObject.name)
    if isinstance(metric, ExternalMetricSource):
        named, labels = metric.external.metric.name, metric.external.metric.selector.matchLabels
        return series_named(named, labels, service)
    return None


def series_named(metric: str, labels: Labels, service: str) -> Series:
    """The series of that name that labels choose; the service's own where they name nothing."""
    return Series(metric, *(("workload", labels.workload) if labels.workload else ("service", labels.service or service)))


def _metric(metric: Metric, service: str) -> MetricSpec:
    match metric:
        case ResourceMetricSource():
            wanted = metric.resource.target
            if isinstance(wanted, UtilizationTarget):
                return hpa.CpuUtilization(wanted.averageUtilization)
            return CpuAverageValue(wanted.averageValue)
        case PodsMetricSource():
            return hpa.PodsAverageValue(metric.pods.metric.name, metric.pods.target.averageValue)
        case _:
            source: Source = "Object" if isinstance(metric, ObjectMetricSource) else "External"
            target = metric.object.target if isinstance(metric, ObjectMetricSource) else metric.external.target
            name = str(series_of(metric, service))
            if isinstance(target, ValueTarget):
                return hpa.SourceValue(name, target.value, source)
            return hpa.SourceAverageValue(name, target.averageValue, source)


def behavior_of(described: Behavior) -> hpa.Behavior:
    """A behaviour block with the defaults of what it leaves out."""
    up, down = described.scaleUp or ScalingRules(), described.scaleDown or ScalingRules()
    return hpa.Behavior(
        scale_up=hpa.ScaleUp(
            policies=_policies(up) or hpa.ScaleUp().policies,
            select_policy=up.selectPolicy,
            stabilization_ns=_window_ns(up) or 0,
            tolerance=up.tolerance,
        ),
        scale_down=hpa.ScaleDown(
            policies=_policies(down) or hpa.ScaleDown().policies,
            select_policy=down.selectPolicy,
            stabilization_ns=_window_ns(down),
            tolerance=down.tolerance,
        ),
    )


def _policies(rules: ScalingRules) -> tuple[hpa.Policy, ...]:
    return tuple(hpa.Policy(one.type, one.value, one.periodSeconds * SECOND_NS) for one in rules.policies or ())


def _window_ns(rules: ScalingRules) -> int | None:
    seconds = rules.stabilizationWindowSeconds
    return None if seconds is None else seconds * SECOND_NS


def observed(spec: hpa.HpaSpec, view: View, values_milli: Mapping[str, int] | None = None) -> hpa.Observation:
    """What a view shows of the scale target, as far as its metrics look; values from elsewhere come before the view's."""
    return hpa.Observation(
        replicas=view.replicas,
        pods=tuple(_sample(pod) for pod in view.pods) if spec.looks_at_pods else (),
        values_milli={str(series): value for series, value in view.values_milli.items()} if values_milli is None else values_milli,
        status_replicas=sum(not pod.is_terminating for pod in view.pods),
    )


def _sample(pod: PodView) -> hpa.PodSample:
    return hpa.PodSample(pod.name, pod.request_millicores, pod.usage_millicores, pod.sampled_ns, pod.window_ns, pod.start_ns, pod.is_ready,
                         pod.ready_changed_ns, pod.phase, pod.is_terminating, pod.values_milli)  # fmt: skip
