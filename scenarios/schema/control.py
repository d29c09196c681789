"""Minds: what decides for a service. The HPA's behaviour block is spelled as Kubernetes spells it."""

from __future__ import annotations

import math
from typing import Annotated, ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from scenarios.schema.model import OneOf, Part, Plain, Witness, field
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


class Hpa(Part):
    """The Kubernetes Horizontal Pod Autoscaler on CPU, with the controller's flags."""

    target_cpu: Percent = field(
        says="averageUtilization aimed at", gt=0,
        seen=Witness("scaling", "agents.plain.scaling.hpa.target_cpu", ("60%", "120%")))
    min: Whole = field(
        1, says="minReplicas", ge=1, le=100_000,
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
    def _whole(cls, target: float) -> float:
        if not math.isclose(target * 100, round(target * 100), abs_tol=1e-9) or round(target * 100) < 1:
            raise ValueError("is not a whole percent of at least 1; Kubernetes' averageUtilization is an integer")
        return target

    @model_validator(mode="after")
    def _in_order(self) -> Hpa:
        if self.min > self.max:
            raise ValueError(f"min ({self.min}) is more than max ({self.max})")
        return self


class Scaling(OneOf):
    """Who decides the number of pods."""

    named: ClassVar[bool] = True
    fixed: Plain | None = field(
        None, says="nobody: the replicas of the file stay",
        seen=Witness("scaling", "agents.plain.scaling", (
            "fixed",
            {"hpa": {"target_cpu": "60%", "max": 6, "sync_period": "1s"}})))
    hpa: Hpa | None = field(
        None, says="the Kubernetes HPA",
        seen=Witness("scaling", "agents.plain.scaling", (
            {"hpa": {"target_cpu": "60%", "max": 6, "sync_period": "1s"}},
            "fixed")))


class Agent(Part):
    """The minds of one service's agent."""

    scaling: Scaling | None = field(
        None, says="who decides the number of pods; like `defaults` if absent",
        seen=Witness("scaling", "agents.plain.scaling", (
            "fixed",
            {"hpa": {"target_cpu": "60%", "max": 6, "sync_period": "1s"}})))


class Telemetry(Part):
    """How the control plane sees the mesh."""

    scrape_interval: Duration = field(
        15_000_000_000, says="how often metrics are collected (metrics-server: 15 s)", gt=0,
        seen=Witness("scaling", "telemetry.scrape_interval", ("1s", "7s")))
