"""Minds: what decides for a service."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import ClassVar

from scenarios.schema.hpa import Hpa
from scenarios.schema.keda import Keda
from scenarios.schema.knative import Kpa
from scenarios.schema.model import OneOf, Part, Plain, Witness, field
from scenarios.schema.optimizing import LazyCapacity, Mpc
from scenarios.schema.placed import Path
from scenarios.schema.planning import Forecast, Lookahead, Staffing, Timetable, Trend
from scenarios.schema.units import Duration
from scenarios.schema.vpa import Vpa
from scenarios.schema.words import PolicyReference


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
    kpa: Kpa | None = field(
        None, says="Knative's pod autoscaler",
        seen=Witness("minds", "agents.bursty.scaling", ({"kpa": {"target": 4}}, "fixed")))
    keda: Keda | None = field(
        None, says="KEDA's ScaledObject",
        seen=Witness("keda", "agents.still.scaling", (
            {"keda": {"triggers": [{"cpu": {"value": 50}}], "minReplicaCount": 1, "pollingInterval": 1, "paused_replicas": 2}},
            "fixed")))
    cron: Timetable | None = field(
        None, says="the time of the day",
        seen=Witness("planners", "agents.timed.scaling", (
            {"cron": {"schedules": [{"start": "3s", "end": "9s", "desiredReplicas": 4}]}}, "fixed")))
    staffing: Staffing | None = field(
        None, says="square-root staffing, by Halfin and Whitt",
        seen=Witness("planners", "agents.staffed.scaling", ({"staffing": {"max": 8, "interval": "1s"}}, "fixed")))
    trend: Trend | None = field(
        None, says="the HPA, on where a line through the last minutes leads",
        seen=Witness("planners", "agents.leaning.scaling", (
            {"trend": {"averageValue": 15, "max": 8, "sync_period": "1s"}}, "fixed")))
    forecast: Forecast | None = field(
        None, says="Holt-Winters or seasonal naive, a start-up ahead",
        seen=Witness("planners", "agents.seasonal.scaling", (
            {"forecast": {"averageValue": 10, "season": "6s", "lead": "2s", "max": 8, "interval": "1s"}}, "fixed")))
    lcp: LazyCapacity | None = field(
        None, says="lazy capacity provisioning, which knows the cost of pods, of starts and of waiting",
        seen=Witness("optimizers", "agents.lazy.scaling", (
            {"lcp": {"service_rate": "25/s", "startup_cost": "3s", "max": 8, "interval": "1s"}}, "fixed")))
    mpc: Mpc | None = field(
        None, says="model predictive control of a queue taken for a fluid",
        seen=Witness("optimizers", "agents.fluid.scaling", (
            {"mpc": {"service_rate": "25/s", "horizon": "8s", "lead": "2s", "max": 8, "interval": "1s"}}, "fixed")))
    lookahead: Lookahead | None = field(
        None, says="somebody who has read the scenario: a reference, not a policy",
        seen=Witness("planners", "agents.clairvoyant.scaling", ({"lookahead": {"lead": "2s", "max": 8}}, "fixed")))

    def sources(self) -> Iterator[tuple[Path, str, str]]:
        """(path, "service" or "workload", name) of everything whose metrics it names."""
        for path, kind, name in getattr(self.chosen, "sources", tuple)():
            yield (self.kind, *path), kind, name

    @property
    def most(self) -> float | None:
        """Pods it may ask for at most, which may be inf; None where nobody scales."""
        if self.fixed is not None:
            return None
        if self.kpa is not None:
            return self.kpa.max_scale or math.inf
        if self.keda is not None:
            return self.keda.maxReplicaCount
        if self.cron is not None:
            return max(self.cron.replicas, *(one.desiredReplicas for one in self.cron.schedules))
        most: int = self.chosen.max
        return most

    @property
    def cpu_targets(self) -> list[tuple[float, float]]:
        """(target, tolerance) of each share of the CPU that pods request, where it aims at that."""
        return [(target, self.chosen.tolerance) for target in getattr(self.chosen, "utilizations", ())]


class Sizing(OneOf):
    """Who decides how much CPU a pod requests."""

    named: ClassVar[bool] = True
    fixed: Plain | None = field(
        None, says="nobody: the requests and limits of the file stay",
        seen=Witness("sizing", "agents.tight.sizing", (
            "fixed", {"vpa": {"recommender_interval": "1s", "updater_interval": "2s", "confidence_interval_cpu": "2s"}})))
    vpa: Vpa | None = field(
        None, says="Kubernetes' Vertical Pod Autoscaler",
        seen=Witness("sizing", "agents.tight.sizing", (
            {"vpa": {"recommender_interval": "1s", "updater_interval": "2s", "confidence_interval_cpu": "2s"}}, "fixed")))


class Agent(Part):
    """The minds of one service's agent."""

    scaling: Scaling | None = field(
        None, says="who decides the number of pods; like `defaults` if absent",
        seen=Witness("scaling", "agents.plain.scaling", (
            "fixed",
            {"hpa": {"target_cpu": "60%", "max": 6, "sync_period": "1s"}})))
    sizing: Sizing | None = field(
        None, says="who decides how much CPU a pod requests; like `defaults` if absent",
        seen=Witness("sizing", "agents.tight.sizing", (
            {"vpa": {"recommender_interval": "1s", "updater_interval": "2s", "confidence_interval_cpu": "2s"}}, "fixed")))
    policy: PolicyReference | None = field(
        None, says="a learned policy that guides who scales: its bundle, relative to this file, and its digest; like `defaults` if absent",
        seen=Witness("guided", "agents.defaults.policy", (
            "hasty_policy.zip@sha256:d32f35bd50f637176ba986bd1f514dd2ed47955d23f4e007154e541b4440bdf6",
            None)))


class Telemetry(Part):
    """How the control plane sees the mesh."""

    scrape_interval: Duration = field(
        15_000_000_000, says="how often metrics are collected (metrics-server: 15 s)", gt=0,
        seen=Witness("scaling", "telemetry.scrape_interval", ("1s", "7s")))
    delivery_lag: Duration = field(
        0, says="from a scrape to the moment its figures are known",
        seen=Witness("scaling", "telemetry.delivery_lag", ("0s", "2s")))
