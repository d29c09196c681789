"""KEDA's ScaledObject. A trigger is written `type: metadata`; times of the day count from the start of the run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import Field, Tag, model_validator

from scenarios.schema.hpa import Behavior
from scenarios.schema.metrics import OF_PODS, Labels, SourceMetricName, by_key
from scenarios.schema.model import Part, Witness, field
from scenarios.schema.placed import Path
from scenarios.schema.units import NS_PER_S, Duration, Percent, Quantity
from scenarios.schema.words import Whole

AT = "agents.worker.scaling.keda."
DAY_NS = 24 * 3600 * NS_PER_S


class Prometheus(Part):
    """A query of a monitoring system."""

    metric: SourceMetricName = field(
        "requests_per_second", says="requests_per_second, concurrency, queue_length, latency_p50, latency_p95 or latency_p99",
        seen=Witness("keda", AT + "triggers.0.prometheus.metric", ("requests_per_second", "latency_p95")))
    of: Labels = field(
        Labels(), says="the service or workload; the agent's own service if absent",
        seen=Witness("keda", AT + "triggers.0.prometheus.of", ({"workload": "jobs"}, {"workload": "strays"})))
    threshold: Quantity = field(
        says="so much a pod (or altogether, for metricType Value)", gt=0,
        seen=Witness("keda", AT + "triggers.0.prometheus.threshold", (10, 30)))
    activationThreshold: Quantity = field(
        0, says="active above this",
        seen=Witness("keda", AT + "triggers.0.prometheus.activationThreshold", (3, 50)))
    metricType: Literal["AverageValue", "Value"] = field(
        "AverageValue", says="what the HPA is told",
        seen=Witness("keda", AT + "triggers.0.prometheus.metricType", ("AverageValue", "Value")))

    @model_validator(mode="after")
    def _is_known_there(self) -> Prometheus:
        if self.of.workload is not None and self.metric in OF_PODS:
            raise ValueError(f"{self.metric} is a metric of services; a workload has requests_per_second and latencies")
        return self


class Cron(Part):
    """Pods between two times of each period."""

    start: Duration = field(
        says="from here on in each period",
        seen=Witness("keda", AT + "triggers.1.cron.start", ("16s", "14s")))
    end: Duration = field(
        says="up to here",
        seen=Witness("keda", AT + "triggers.1.cron.end", ("21s", "17s")))
    period: Duration = field(
        DAY_NS, says="a day, unless told otherwise", gt=0,
        seen=Witness("keda", AT + "triggers.3.cron.period", ("24h", "11s")))
    desiredReplicas: Whole = field(
        says="pods between start and end", ge=1, le=100_000,
        seen=Witness("keda", AT + "triggers.1.cron.desiredReplicas", (2, 4)))

    @model_validator(mode="after")
    def _in_order(self) -> Cron:
        if self.start >= self.period or self.end > self.period or self.start == self.end:
            raise ValueError("start and end are two different times within the period")
        return self


class CpuTrigger(Part):
    """The utilisation of the pods' CPU requests. It never makes anything active."""

    value: Whole = field(
        says="percent of the request", ge=1, le=1_000_000,
        seen=Witness("keda", AT + "triggers.2.cpu.value", (60, 5)))


class PrometheusTrigger(Part):
    """By a query."""

    utilization: ClassVar[None] = None
    prometheus: Prometheus = field(
        says="what is asked, and the thresholds",
        seen=Witness("keda", AT + "triggers.0.prometheus", (
            {"of": {"workload": "jobs"}, "threshold": 10}, {"of": {"workload": "jobs"}, "threshold": 30})))


class CronTrigger(Part):
    """By the time of the day."""

    utilization: ClassVar[None] = None
    cron: Cron = field(
        says="when, and how many",
        seen=Witness("keda", AT + "triggers.1.cron", (
            {"start": "16s", "end": "21s", "desiredReplicas": 2}, {"start": "14s", "end": "21s", "desiredReplicas": 2})))


class CpuUsageTrigger(Part):
    """By the pods' CPU."""

    cpu: CpuTrigger = field(
        says="the target",
        seen=Witness("keda", AT + "triggers.2.cpu", ({"value": 60}, {"value": 5})))

    @property
    def utilization(self) -> int:
        """Percent of the request that is aimed at."""
        return self.cpu.value


Trigger = Annotated[
    Annotated[PrometheusTrigger, Tag("prometheus")] | Annotated[CronTrigger, Tag("cron")] | Annotated[CpuUsageTrigger, Tag("cpu")],
    by_key("prometheus", "cron", "cpu"),
]


class FallbackReplicas(Part):
    """What stands in for a trigger that cannot be read."""

    failureThreshold: Whole = field(
        says="failures in a row, as the HPA asks, up to which nothing stands in", ge=0, le=1_000_000,
        seen=Witness("keda", "agents.blind.scaling.keda.fallback.failureThreshold", (1, 9)))
    replicas: Whole = field(
        says="pods then", ge=0, le=100_000,
        seen=Witness("keda", "agents.blind.scaling.keda.fallback.replicas", (3, 5)))
    behavior: Literal["static", "currentReplicas", "currentReplicasIfHigher", "currentReplicasIfLower"] = field(
        "static", says="what else may count: the present pods, or the larger or smaller of both",
        seen=Witness("keda", "agents.blind.scaling.keda.fallback.behavior", ("static", "currentReplicas")))


class HpaConfig(Part):
    """Of the HPA that KEDA creates."""

    behavior: Behavior | None = field(
        None, says="as in autoscaling/v2",
        seen=Witness("keda", AT + "advanced.horizontalPodAutoscalerConfig.behavior", (
            {}, {"scaleUp": {"policies": [{"type": "Pods", "value": 1, "periodSeconds": 4}]}})))


class Advanced(Part):
    """What else can be said."""

    horizontalPodAutoscalerConfig: HpaConfig = field(
        HpaConfig(), says="of the HPA that KEDA creates",
        seen=Witness("keda", AT + "advanced.horizontalPodAutoscalerConfig", (
            {}, {"behavior": {"scaleUp": {"policies": [{"type": "Pods", "value": 1, "periodSeconds": 4}]}}})))


class Keda(Part):
    """KEDA moves between no pods and some; above that an HPA scales by the triggers' values."""

    triggers: Annotated[tuple[Trigger, ...], Field(min_length=1)] = field(
        says="what scales: prometheus, cron, cpu",
        seen=Witness("keda", AT + "triggers", (
            [{"prometheus": {"of": {"workload": "jobs"}, "threshold": 10}}],
            [{"prometheus": {"of": {"workload": "jobs"}, "threshold": 30}}])))
    pollingInterval: Whole = field(
        30, says="seconds between two looks at the triggers", ge=1, le=86_400,
        seen=Witness("keda", AT + "pollingInterval", (1, 7)))
    cooldownPeriod: Whole = field(
        300, says="seconds since the last activity before the last pod goes", ge=0, le=86_400,
        seen=Witness("keda", AT + "cooldownPeriod", (3, 60)))
    initialCooldownPeriod: Whole = field(
        0, says="the same before there was any activity", ge=0, le=86_400,
        seen=Witness("keda", AT + "initialCooldownPeriod", (0, 20)))
    minReplicaCount: Whole = field(
        0, says="pods at least", ge=0, le=100_000,
        seen=Witness("keda", AT + "minReplicaCount", (0, 2)))
    maxReplicaCount: Whole = field(
        100, says="pods at most", ge=1, le=100_000,
        seen=Witness("keda", AT + "maxReplicaCount", (12, 3)))
    idleReplicaCount: Whole | None = field(
        None, says="pods while no trigger is active; fewer than minReplicaCount", ge=0, le=100_000,
        seen=Witness("keda", "agents.idler.scaling.keda.idleReplicaCount", (1, 0)))
    fallback: FallbackReplicas | None = field(
        None, says="what stands in for a trigger that cannot be read; without it the HPA does not scale down",
        seen=Witness("keda", "agents.blind.scaling.keda.fallback", (
            {"failureThreshold": 1, "replicas": 3}, {"failureThreshold": 1, "replicas": 5})))
    advanced: Advanced = field(
        Advanced(), says="the HPA's behavior",
        seen=Witness("keda", AT + "advanced", ({}, {"horizontalPodAutoscalerConfig": {
            "behavior": {"scaleUp": {"policies": [{"type": "Pods", "value": 1, "periodSeconds": 4}]}}}})))
    paused: bool = field(
        False, says="autoscaling.keda.sh/paused: nobody scales",
        seen=Witness("keda", AT + "paused", (False, True)))
    paused_replicas: Whole | None = field(
        None, says="autoscaling.keda.sh/paused-replicas: this many, and nobody scales", ge=0, le=100_000,
        seen=Witness("keda", "agents.still.scaling.keda.paused_replicas", (2, 4)))
    paused_scale_in: bool = field(
        False, says="autoscaling.keda.sh/paused-scale-in: no fewer",
        seen=Witness("keda", AT + "paused_scale_in", (False, True)))
    paused_scale_out: bool = field(
        False, says="autoscaling.keda.sh/paused-scale-out: no more",
        seen=Witness("keda", AT + "paused_scale_out", (False, True)))
    sync_period: Duration = field(
        15 * NS_PER_S, says="--horizontal-pod-autoscaler-sync-period", gt=0,
        seen=Witness("keda", AT + "sync_period", ("1s", "5s")))
    tolerance: Percent = field(
        0.1, says="--horizontal-pod-autoscaler-tolerance",
        seen=Witness("keda", AT + "tolerance", ("10%", "900%")))

    @model_validator(mode="after")
    def _in_order(self) -> Keda:
        if self.minReplicaCount > self.maxReplicaCount:
            raise ValueError(f"minReplicaCount ({self.minReplicaCount}) is more than maxReplicaCount ({self.maxReplicaCount})")
        if self.idleReplicaCount is not None and self.idleReplicaCount >= self.minReplicaCount:
            raise ValueError(f"idleReplicaCount ({self.idleReplicaCount}) is not less than minReplicaCount ({self.minReplicaCount})")
        if self.minReplicaCount == 0 and all(isinstance(one, CpuUsageTrigger) for one in self.triggers):
            raise ValueError("minReplicaCount is 0, and cpu alone never makes anything active; give another trigger, or at least 1 pod")
        return self

    @property
    def utilizations(self) -> list[float]:
        """The cpu utilisations aimed at, as shares of the request."""
        return [one.utilization / 100 for one in self.triggers if one.utilization is not None]

    def sources(self) -> Iterator[tuple[Path, str, str]]:
        """(path, "service" or "workload", name) of everything whose metrics it names."""
        for index, trigger in enumerate(self.triggers):
            if isinstance(trigger, PrometheusTrigger):
                for path, kind, name in trigger.prometheus.of.sources():
                    yield ("triggers", index, "prometheus", "of", *path), kind, name
