"""The Kubernetes Horizontal Pod Autoscaler, autoscaling/v2, spelled as Kubernetes spells it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from scenarios.schema.bounded import Bounded
from scenarios.schema.metrics import Metric
from scenarios.schema.model import Part, Witness, field
from scenarios.schema.placed import Path
from scenarios.schema.units import Duration, Percent
from scenarios.schema.words import Whole


class ScalingPolicy(Part):
    """How much may change within a period."""

    type: Literal["Pods", "Percent"] = field(
        says="pods, or percent of the pods at the start of the period",
        seen=Witness("scaling", "agents.ruled.scaling.hpa.behavior.scaleUp.policies.0.type", ("Pods", "Percent")))
    value: Whole = field(
        says="how many, or how many percent", gt=0, le=1_000_000,
        seen=Witness("scaling", "agents.ruled.scaling.hpa.behavior.scaleUp.policies.0.value", (2, 1)))
    periodSeconds: Whole = field(
        says="the period, in seconds", gt=0, le=1800,
        seen=Witness("scaling", "agents.ruled.scaling.hpa.behavior.scaleUp.policies.0.periodSeconds", (2, 6)))


class ScalingRules(Part):
    """One direction of a behaviour; what is absent has Kubernetes' default for that direction."""

    stabilizationWindowSeconds: Whole | None = field(
        None, says="how far back recommendations count", ge=0, le=3600,
        seen=Witness("scaling", "agents.ruled.scaling.hpa.behavior.scaleDown.stabilizationWindowSeconds", (2, 60)))
    selectPolicy: Literal["Max", "Min", "Disabled"] = field(
        "Max", says="which of several policies holds",
        seen=Witness("scaling", "agents.ruled.scaling.hpa.behavior.scaleUp.selectPolicy", ("Max", "Disabled")))
    policies: Annotated[tuple[ScalingPolicy, ...], Field(min_length=1)] | None = field(
        None, says="the limits",
        seen=Witness("scaling", "agents.ruled.scaling.hpa.behavior.scaleUp.policies", (
            [{"type": "Pods", "value": 1, "periodSeconds": 5}],
            [{"type": "Pods", "value": 6, "periodSeconds": 1}])))
    tolerance: Percent | None = field(
        None, says="no change while the ratio is this close to 1",
        seen=Witness("scaling", "agents.ruled.scaling.hpa.behavior.scaleUp.tolerance", ("10%", "900%")))


class Behavior(Part):
    """autoscaling/v2 `behavior`."""

    scaleUp: ScalingRules | None = field(
        None, says="on the way up",
        seen=Witness("scaling", "agents.ruled.scaling.hpa.behavior.scaleUp", ({}, {"selectPolicy": "Disabled"})))
    scaleDown: ScalingRules | None = field(
        None, says="on the way down",
        seen=Witness("scaling", "agents.ruled.scaling.hpa.behavior.scaleDown", (
            {"stabilizationWindowSeconds": 0},
            {"selectPolicy": "Disabled"})))


class Hpa(Bounded):
    """The Kubernetes Horizontal Pod Autoscaler, with the controller's flags. Of several metrics the largest proposal holds."""

    target_cpu: Percent | None = field(
        None, says="short for one metric: averageUtilization of the pods' cpu requests", gt=0,
        seen=Witness("scaling", "agents.plain.scaling.hpa.target_cpu", ("60%", "120%")))
    metrics: Annotated[tuple[Metric, ...], Field(min_length=1)] | None = field(
        None, says="what is aimed at, in place of target_cpu",
        seen=Witness("metrics", "agents.several.scaling.hpa.metrics", (
            [{"pods": {"metric": {"name": "concurrency"}, "target": {"averageValue": 2}}}],
            [{"pods": {"metric": {"name": "concurrency"}, "target": {"averageValue": 4}}}])))
    min: Whole = field(
        1, says="minReplicas; 0 (the gate HPAScaleToZero) needs an Object or External metric", ge=0, le=100_000,
        seen=Witness("scaling", "agents.plain.scaling.hpa.min", (1, 3)))
    max: Whole = field(
        says="maxReplicas", ge=1, le=100_000,
        seen=Witness("scaling", "agents.plain.scaling.hpa.max", (6, 3)))
    behavior: Behavior | None = field(
        None, says="limits and windows per direction; without it the older path holds",
        seen=Witness("scaling", "agents.ruled.scaling.hpa.behavior", (
            {"scaleUp": {"selectPolicy": "Disabled"}},
            {"scaleDown": {"selectPolicy": "Disabled"}})))
    tolerance: Percent = field(
        0.1, says="--horizontal-pod-autoscaler-tolerance",
        seen=Witness("scaling", "agents.plain.scaling.hpa.tolerance", ("10%", "900%")))
    sync_period: Duration = field(
        15_000_000_000, says="--horizontal-pod-autoscaler-sync-period", gt=0,
        seen=Witness("scaling", "agents.plain.scaling.hpa.sync_period", ("1s", "3s")))
    downscale_stabilization: Duration = field(
        300_000_000_000, says="--horizontal-pod-autoscaler-downscale-stabilization",
        seen=Witness("scaling", "agents.plain.scaling.hpa.downscale_stabilization", ("1s", "60s")))
    cpu_initialization_period: Duration = field(
        300_000_000_000, says="--horizontal-pod-autoscaler-cpu-initialization-period",
        seen=Witness("scaling", "agents.plain.scaling.hpa.cpu_initialization_period", ("0s", "60s")))
    initial_readiness_delay: Duration = field(
        30_000_000_000, says="--horizontal-pod-autoscaler-initial-readiness-delay",
        seen=Witness("scaling", "agents.plain.scaling.hpa.initial_readiness_delay", ("30s", "0s")))

    @field_validator("target_cpu")
    @classmethod
    def _whole(cls, target: float | None) -> float | None:
        if target is None:
            return None
        if not math.isclose(target * 100, round(target * 100), abs_tol=1e-9) or round(target * 100) < 1:
            raise ValueError("is not a whole percent of at least 1; Kubernetes' averageUtilization is an integer")
        return target

    @model_validator(mode="after")
    def _has_an_aim(self) -> Hpa:
        if (self.target_cpu is None) == (self.metrics is None):
            has = "neither" if self.metrics is None else "both"
            raise ValueError(f"must have exactly one of target_cpu, as in target_cpu: 60%, and metrics; it has {has}")
        if self.min == 0 and not any(metric.is_from_elsewhere for metric in self.metrics or ()):
            raise ValueError("min is 0, and pods that are not there measure nothing; give an Object or External metric too")
        return self

    def sources(self) -> Iterator[tuple[Path, str, str]]:
        """(path, "service" or "workload", name) of everything whose metrics it names."""
        for index, metric in enumerate(self.metrics or ()):
            for path, kind, name in metric.sources():
                yield ("metrics", index, *path), kind, name

    @property
    def utilizations(self) -> list[float]:
        """The cpu utilisations aimed at, as shares of the request."""
        if self.target_cpu is not None:
            return [self.target_cpu]
        targets = [metric.utilization for metric in self.metrics or ()]
        return [target / 100 for target in targets if target is not None]
