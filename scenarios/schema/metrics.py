"""What an autoscaler may aim at: autoscaling/v2 `metrics`, spelled as Kubernetes spells them.

Units as the metrics have them: requests a second, requests, seconds. Quantities are kept in thousandths.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Discriminator, Tag, model_validator

from scenarios.schema.model import Part, Witness, field
from scenarios.schema.placed import Path
from scenarios.schema.units import Quantity
from scenarios.schema.words import Name, Whole

PodMetricName = Literal["requests_per_second", "concurrency", "queue_length"]
SourceMetricName = Literal["requests_per_second", "concurrency", "queue_length", "latency_p50", "latency_p95", "latency_p99"]
Sources = Iterator[tuple[Path, str, str]]  # (path, "service" or "workload", name)
OF_PODS = ("concurrency", "queue_length")  # nobody outside the pods knows these


def by_key(*kinds: str) -> Discriminator:
    """What tells the members of a union apart by the one key that only one of them has."""

    def kind(value: Any) -> str | None:
        keys = value.keys() if isinstance(value, dict) else type(value).model_fields if isinstance(value, Part) else ()
        return next((each for each in kinds if each in keys), None)

    return Discriminator(kind, custom_error_type="lacks_kind", custom_error_message=f"must have one of {', '.join(kinds)}")


class UtilizationTarget(Part):
    """A percentage of what the pods request."""

    type: Literal["Utilization"] = field("Utilization", says="its kind")
    averageUtilization: Whole = field(
        says="percent of the request", ge=1, le=1_000_000,
        seen=Witness("metrics", "agents.several.scaling.hpa.metrics.0.resource.target.averageUtilization", (90, 30)))


class AverageValueTarget(Part):
    """So much a pod."""

    type: Literal["AverageValue"] = field("AverageValue", says="its kind")
    averageValue: Quantity = field(
        says="so much a pod: 100, 500m, 1k", gt=0,
        seen=Witness("metrics", "agents.several.scaling.hpa.metrics.1.pods.target.averageValue", ("6", 2)))


class ValueTarget(Part):
    """So much altogether."""

    type: Literal["Value"] = field("Value", says="its kind")
    value: Quantity = field(
        says="so much altogether: 100, 500m, 1k", gt=0,
        seen=Witness("metrics", "agents.several.scaling.hpa.metrics.2.object.target.value", ("30", "90")))


ResourceTarget = Annotated[
    Annotated[UtilizationTarget, Tag("averageUtilization")] | Annotated[AverageValueTarget, Tag("averageValue")],
    by_key("averageUtilization", "averageValue"),
]
SourceTarget = Annotated[
    Annotated[ValueTarget, Tag("value")] | Annotated[AverageValueTarget, Tag("averageValue")],
    by_key("value", "averageValue"),
]


class Resource(Part):
    """What the metrics server knows of a pod."""

    name: Literal["cpu"] = field("cpu", says="the resource")
    target: ResourceTarget = field(
        says="Utilization or AverageValue",
        seen=Witness("metrics", "agents.several.scaling.hpa.metrics.0.resource.target", (
            {"type": "Utilization", "averageUtilization": 90},
            {"type": "AverageValue", "averageValue": "100m"})))


class PodMetric(Part):
    """A metric that every pod has its own value of."""

    name: PodMetricName = field(
        says="requests_per_second, concurrency (requests inside) or queue_length (waiting); means since the last scrape",
        seen=Witness("metrics", "agents.several.scaling.hpa.metrics.1.pods.metric.name", ("concurrency", "requests_per_second")))


class Pods(Part):
    """The mean over the pods of a metric of their own."""

    metric: PodMetric = field(
        says="which",
        seen=Witness("metrics", "agents.several.scaling.hpa.metrics.1.pods.metric", (
            {"name": "concurrency"}, {"name": "requests_per_second"})))
    target: AverageValueTarget = field(
        says="AverageValue",
        seen=Witness("metrics", "agents.several.scaling.hpa.metrics.1.pods.target", ({"averageValue": 6}, {"averageValue": 2})))


class DescribedObject(Part):
    """The Kubernetes object that a metric describes."""

    apiVersion: Literal["v1"] = field("v1", says="of the object")
    kind: Literal["Service"] = field("Service", says="of the object")
    name: Name = field(
        says="the service",
        seen=Witness("metrics", "agents.several.scaling.hpa.metrics.2.object.describedObject.name", ("front", "several")))


class ObjectMetric(Part):
    """A metric of a service as a whole."""

    name: SourceMetricName = field(
        says="requests_per_second (as its callers send them), concurrency, queue_length, latency_p50, latency_p95, latency_p99",
        seen=Witness("metrics", "agents.several.scaling.hpa.metrics.2.object.metric.name", ("requests_per_second", "latency_p50")))


class Object(Part):
    """A metric that describes one object."""

    describedObject: DescribedObject = field(
        says="which service",
        seen=Witness("metrics", "agents.several.scaling.hpa.metrics.2.object.describedObject", (
            {"kind": "Service", "name": "front"}, {"kind": "Service", "name": "several"})))
    metric: ObjectMetric = field(
        says="which metric",
        seen=Witness("metrics", "agents.several.scaling.hpa.metrics.2.object.metric", (
            {"name": "requests_per_second"}, {"name": "latency_p50"})))
    target: SourceTarget = field(
        says="Value or AverageValue",
        seen=Witness("metrics", "agents.several.scaling.hpa.metrics.2.object.target", ({"value": 30}, {"averageValue": 5})))


class Labels(Part):
    """Whose metric it is; the agent's own service if absent."""

    service: Name | None = field(
        None, says="of this service",
        seen=Witness("metrics", "agents.outer.scaling.hpa.metrics.0.external.metric.selector.matchLabels.service", ("outer", "front")))
    workload: Name | None = field(
        None, says="of this class of requests, as the gateway counts it",
        seen=Witness("metrics", "agents.outer.scaling.hpa.metrics.1.external.metric.selector.matchLabels.workload", ("some", "few")))

    @model_validator(mode="after")
    def _at_most_one(self) -> Labels:
        if self.service is not None and self.workload is not None:
            raise ValueError("names a service and a workload; a series has one of them")
        return self

    def sources(self) -> Sources:
        """What is named."""
        for kind, name in (("service", self.service), ("workload", self.workload)):
            if name is not None:
                yield (kind,), kind, name


class Selector(Part):
    """Which of several series of that name."""

    matchLabels: Labels = field(
        Labels(), says="service or workload",
        seen=Witness("metrics", "agents.outer.scaling.hpa.metrics.0.external.metric.selector.matchLabels", (
            {"service": "outer"}, {"workload": "few"})))


class ExternalMetric(Part):
    """A metric from a monitoring system."""

    name: SourceMetricName = field(
        says="requests_per_second, concurrency, queue_length, latency_p50, latency_p95, latency_p99 (in seconds)",
        seen=Witness("metrics", "agents.outer.scaling.hpa.metrics.0.external.metric.name", ("latency_p95", "concurrency")))
    selector: Selector = field(
        Selector(), says="of which service or workload; the agent's own service if absent",
        seen=Witness("metrics", "agents.outer.scaling.hpa.metrics.0.external.metric.selector", (
            {"matchLabels": {"service": "outer"}}, {"matchLabels": {"workload": "few"}})))

    @model_validator(mode="after")
    def _is_known_there(self) -> ExternalMetric:
        if self.selector.matchLabels.workload is not None and self.name in OF_PODS:
            raise ValueError(f"{self.name} is a metric of services; a workload has requests_per_second and latencies")
        return self


class External(Part):
    """A metric that belongs to no object."""

    metric: ExternalMetric = field(
        says="which metric",
        seen=Witness("metrics", "agents.outer.scaling.hpa.metrics.0.external.metric", (
            {"name": "latency_p95", "selector": {"matchLabels": {"service": "outer"}}}, {"name": "concurrency"})))
    target: SourceTarget = field(
        says="Value or AverageValue",
        seen=Witness("metrics", "agents.outer.scaling.hpa.metrics.0.external.target", (
            {"type": "Value", "value": "150m"}, {"type": "AverageValue", "averageValue": "20m"})))


class ResourceMetricSource(Part):
    """Measured by the metrics server."""

    is_from_elsewhere: ClassVar[bool] = False
    type: Literal["Resource"] = field("Resource", says="its kind")
    resource: Resource = field(
        says="cpu and its target",
        seen=Witness("metrics", "agents.several.scaling.hpa.metrics.0.resource", (
            {"name": "cpu", "target": {"averageUtilization": 90}},
            {"name": "cpu", "target": {"averageUtilization": 30}})))

    def sources(self) -> Sources:
        """None: it measures the autoscaler's own pods."""
        return iter(())

    @property
    def utilization(self) -> int | None:
        """Percent of the request, where that is aimed at."""
        target = self.resource.target
        return target.averageUtilization if isinstance(target, UtilizationTarget) else None


class PodsMetricSource(Part):
    """Measured in every pod."""

    is_from_elsewhere: ClassVar[bool] = False
    utilization: ClassVar[None] = None
    type: Literal["Pods"] = field("Pods", says="its kind")
    pods: Pods = field(
        says="a metric of pods and its target",
        seen=Witness("metrics", "agents.several.scaling.hpa.metrics.1.pods", (
            {"metric": {"name": "concurrency"}, "target": {"averageValue": 6}},
            {"metric": {"name": "concurrency"}, "target": {"averageValue": 2}})))

    def sources(self) -> Sources:
        """None: it measures the autoscaler's own pods."""
        return iter(())


class ObjectMetricSource(Part):
    """Measured of one object."""

    is_from_elsewhere: ClassVar[bool] = True
    utilization: ClassVar[None] = None
    type: Literal["Object"] = field("Object", says="its kind")
    object: Object = field(
        says="an object's metric and its target",
        seen=Witness("metrics", "agents.several.scaling.hpa.metrics.2.object", (
            {"describedObject": {"name": "front"}, "metric": {"name": "requests_per_second"}, "target": {"value": 30}},
            {"describedObject": {"name": "front"}, "metric": {"name": "requests_per_second"}, "target": {"value": 90}})))

    def sources(self) -> Sources:
        """The service it describes."""
        yield ("object", "describedObject", "name"), "service", self.object.describedObject.name


class ExternalMetricSource(Part):
    """Measured by a monitoring system."""

    is_from_elsewhere: ClassVar[bool] = True
    utilization: ClassVar[None] = None
    type: Literal["External"] = field("External", says="its kind")
    external: External = field(
        says="a metric from elsewhere and its target",
        seen=Witness("metrics", "agents.outer.scaling.hpa.metrics.0.external", (
            {"metric": {"name": "latency_p95"}, "target": {"value": "150m"}},
            {"metric": {"name": "concurrency"}, "target": {"averageValue": 3}})))

    def sources(self) -> Sources:
        """The service or workload of its selector."""
        for path, kind, name in self.external.metric.selector.matchLabels.sources():
            yield ("external", "metric", "selector", "matchLabels", *path), kind, name


Metric = Annotated[
    Annotated[ResourceMetricSource, Tag("resource")] | Annotated[PodsMetricSource, Tag("pods")]
    | Annotated[ObjectMetricSource, Tag("object")] | Annotated[ExternalMetricSource, Tag("external")],
    by_key("resource", "pods", "object", "external"),
]  # fmt: skip
