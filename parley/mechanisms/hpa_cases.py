"""Cases of the Kubernetes HPA: a spec as in a manifest, pods and histories as the controller has them. Times are seconds."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, Tag

from agents.autoscaling import hpa
from agents.autoscaling.manifest import CpuAverageValue, MetricSpec
from agents.autoscaling.minds.hpa import behavior_of
from parley.mechanisms.times import ns, ns_if_any
from scenarios.schema.hpa import Behavior
from scenarios.schema.metrics import (
    AverageValueTarget,
    Resource,
    ResourceTarget,
    SourceTarget,
    UtilizationTarget,
    ValueTarget,
    by_key,
)
from scenarios.schema.model import Part, field
from scenarios.schema.units import NS_PER_S, Duration, Number, Percent, Quantity
from scenarios.schema.words import Whole


class Identifier(Part):
    """Of any metric."""

    name: str = field(says="any", min_length=1)


class OfPods(Part):
    """The mean over pods."""

    metric: Identifier = field(says="which")
    target: AverageValueTarget = field(says="so much a pod")


class OfSource(Part):
    """One number."""

    metric: Identifier = field(says="which")
    target: SourceTarget = field(says="Value or AverageValue")


class ResourceCase(Part):
    """Of the metrics server."""

    type: Literal["Resource"] = field("Resource", says="its kind")
    resource: Resource = field(says="cpu and its target")

    def metric(self) -> MetricSpec:
        """As the rule has it."""
        target: ResourceTarget = self.resource.target
        if isinstance(target, UtilizationTarget):
            return hpa.CpuUtilization(target.averageUtilization)
        return CpuAverageValue(target.averageValue)


class PodsCase(Part):
    """Of every pod."""

    type: Literal["Pods"] = field("Pods", says="its kind")
    pods: OfPods = field(says="a metric of pods and its target")

    def metric(self) -> MetricSpec:
        """As the rule has it."""
        return hpa.PodsAverageValue(self.pods.metric.name, self.pods.target.averageValue)


class ObjectCase(Part):
    """Of an object."""

    type: Literal["Object"] = field("Object", says="its kind")
    object: OfSource = field(says="a metric and its target")

    def metric(self) -> MetricSpec:
        """As the rule has it."""
        return _of_source(self.object, "Object")


class ExternalCase(Part):
    """From elsewhere."""

    type: Literal["External"] = field("External", says="its kind")
    external: OfSource = field(says="a metric and its target")

    def metric(self) -> MetricSpec:
        """As the rule has it."""
        return _of_source(self.external, "External")


MetricCase = Annotated[
    Annotated[ResourceCase, Tag("resource")] | Annotated[PodsCase, Tag("pods")]
    | Annotated[ObjectCase, Tag("object")] | Annotated[ExternalCase, Tag("external")],
    by_key("resource", "pods", "object", "external"),
]  # fmt: skip


class PodCase(Part):
    """A pod the selector matches, with its newest samples."""

    name: str = field("pod", says="of the pod")
    phase: Literal["Pending", "Running", "Succeeded", "Failed"] = field("Running", says="status.phase")
    deleted: bool = field(False, says="a deletionTimestamp is set")
    ready: bool = field(True, says="the Ready condition")
    startTime: Number | None = field(-3600, says="status.startTime")
    readyTransitionTime: Number | None = field(-3600, says="lastTransitionTime of the Ready condition")
    request: Quantity | None = field(None, says="cpu requested, as 200m")
    usage: Quantity | None = field(None, says="cpu used, as 100m; none without a sample")
    timestamp: Number = field(0, says="the end of the sample's window")
    window: Number = field(15, says="its length")
    metrics: dict[str, Quantity] = field({}, says="Pods metrics by name")

    def sample(self) -> hpa.PodSample:
        """As the rule has it."""
        return hpa.PodSample(
            name=self.name, request_millicores=self.request, usage_millicores=self.usage, sample_ns=ns(self.timestamp),
            window_ns=ns(self.window), start_ns=ns_if_any(self.startTime), ready=self.ready,
            ready_transition_ns=ns_if_any(self.readyTransitionTime),
            phase=self.phase, deleted=self.deleted, values_milli=self.metrics,
        )  # fmt: skip


class Recommended(Part):
    """An entry of the history of recommendations."""

    timestamp: Number = field(says="when")
    recommendation: Whole = field(says="pods", ge=0)


class Scaled(Part):
    """An entry of the history of scale events."""

    timestamp: Number = field(says="when")
    replicaChange: Whole = field(says="pods added or removed", gt=0)


class Limits(Part):
    """What stands between a recommendation and a step."""

    minReplicas: Whole = field(1, says="spec.minReplicas", ge=0)
    maxReplicas: Whole = field(says="spec.maxReplicas", ge=1)
    behavior: Behavior | None = field(None, says="spec.behavior; without it the older path holds")
    downscale_stabilization: Duration = field(300 * NS_PER_S, says="--horizontal-pod-autoscaler-downscale-stabilization")
    now: Number = field(0, says="seconds, on the clock of all other times")
    currentReplicas: Whole = field(says="spec.replicas of the target", ge=0)
    recommendations: tuple[Recommended, ...] = field((), says="history; a fresh controller takes the current replicas for it")
    scaleUpEvents: tuple[Scaled, ...] = field((), says="scale-ups that were carried out")
    scaleDownEvents: tuple[Scaled, ...] = field((), says="scale-downs that were carried out")

    def state(self) -> hpa.HpaState:
        """As the rule has it."""
        return hpa.HpaState(
            recommendations=tuple(hpa.Recommendation(each.recommendation, ns(each.timestamp)) for each in self.recommendations),
            scale_up_events=tuple(hpa.ScaleEvent(each.replicaChange, ns(each.timestamp)) for each in self.scaleUpEvents),
            scale_down_events=tuple(hpa.ScaleEvent(each.replicaChange, ns(each.timestamp)) for each in self.scaleDownEvents),
        )

    def behaviour(self) -> hpa.Behavior | None:
        """As the rule has it."""
        return None if self.behavior is None else behavior_of(self.behavior)


class BehaviorCase(Limits):
    """A recommendation on its way to a step."""

    recommendation: Whole = field(says="pods the metrics ask for", ge=0)


class HpaCase(Limits):
    """One sync."""

    metrics: Annotated[tuple[MetricCase, ...], Field(min_length=1)] = field(says="spec.metrics")
    statusReplicas: Whole | None = field(None, says="status.replicas of the target; like currentReplicas if absent", ge=0)
    pods: tuple[PodCase, ...] = field((), says="the pods the selector matches")
    values: dict[str, Quantity] = field({}, says="Object and External metrics by name")
    tolerance: Percent = field(0.1, says="--horizontal-pod-autoscaler-tolerance")
    cpu_initialization_period: Duration = field(300 * NS_PER_S, says="--horizontal-pod-autoscaler-cpu-initialization-period")
    initial_readiness_delay: Duration = field(30 * NS_PER_S, says="--horizontal-pod-autoscaler-initial-readiness-delay")


def _of_source(one: OfSource, source: Literal["Object", "External"]) -> MetricSpec:
    if isinstance(one.target, ValueTarget):
        return hpa.SourceValue(one.metric.name, one.target.value, source)
    return hpa.SourceAverageValue(one.metric.name, one.target.averageValue, source)
