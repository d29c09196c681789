"""Knative's pod autoscaler: the annotations of autoscaling.knative.dev and the keys of config-autoscaler, - written _."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from scenarios.schema.model import Part, Witness, field
from scenarios.schema.units import NS_PER_S, Duration, Number
from scenarios.schema.words import Whole

AT = "agents.bursty.scaling.kpa."


class Kpa(Part):
    """Averages over a stable window and a short panic window, every two seconds, from scrapes of its own every second."""

    metric: Literal["concurrency", "rps"] = field(
        "concurrency", says="what pods are counted by: requests inside, or requests a second",
        seen=Witness("minds", AT + "metric", ("concurrency", "rps")))
    container_concurrency: Whole = field(
        0, says="containerConcurrency, as far as the target goes: the most a pod may be aimed at; 0 is no limit", ge=0, le=100_000,
        seen=Witness("minds", AT + "container_concurrency", (0, 2)))
    target: Number | None = field(
        None, says="what a pod takes before utilization; container_concurrency if absent, else 100 inside or 200 a second", gt=0,
        seen=Witness("minds", AT + "target", (4, 8)))
    target_utilization_percentage: Number = field(
        70.0, says="percent of the target that is aimed at", ge=1, le=100,
        seen=Witness("minds", AT + "target_utilization_percentage", (70, 35)))
    stable_window: Duration = field(
        60 * NS_PER_S, says="how far back the stable average goes, and how long a panic outlives its cause",
        ge=6 * NS_PER_S, le=3600 * NS_PER_S,
        seen=Witness("minds", AT + "stable_window", ("8s", "60s")))
    panic_window_percentage: Number = field(
        10.0, says="the panic window, as percent of the stable one", ge=1, le=100,
        seen=Witness("minds", AT + "panic_window_percentage", (40, 10)))
    panic_threshold_percentage: Number = field(
        200.0, says="panic when pods wanted at once are so many percent of the ready ones", gt=110, le=1000,
        seen=Witness("minds", AT + "panic_threshold_percentage", (200, 900)))
    max_scale_up_rate: Number = field(
        1000.0, says="times the ready pods, at most, a decision", gt=1, le=1e6,
        seen=Witness("minds", AT + "max_scale_up_rate", (1000, 1.5)))
    max_scale_down_rate: Number = field(
        2.0, says="the ready pods through so much, at least, a decision", gt=1, le=1e6,
        seen=Witness("minds", AT + "max_scale_down_rate", (2, 1.1)))
    scale_down_delay: Duration = field(
        0, says="a lower count must have been asked for so long", le=3600 * NS_PER_S,
        seen=Witness("minds", AT + "scale_down_delay", ("0s", "30s")))
    activation_scale: Whole = field(
        1, says="pods at least, whenever any are wanted", ge=1, le=100_000,
        seen=Witness("minds", AT + "activation_scale", (1, 3)))
    min_scale: Whole = field(
        1, says="pods at least; 0 would need an activator, which is not modelled", ge=1, le=100_000,
        seen=Witness("minds", AT + "min_scale", (1, 2)))
    max_scale: Whole = field(
        0, says="pods at most; 0 is no limit", ge=0, le=100_000,
        seen=Witness("minds", AT + "max_scale", (8, 3)))
    metric_aggregation_algorithm: Literal["linear", "weighted-exponential"] = field(
        "linear", says="how a window's seconds are averaged",
        seen=Witness("minds", AT + "metric_aggregation_algorithm", ("linear", "weighted-exponential")))

    @model_validator(mode="after")
    def _in_order(self) -> Kpa:
        if 0 < self.max_scale < self.min_scale:
            raise ValueError(f"min_scale ({self.min_scale}) is more than max_scale ({self.max_scale})")
        return self
