"""Scenario → DataPlane: the one place that knows both engines."""

from __future__ import annotations

from scenarios.schema.scenario import Scenario
from sim.fast.engine import FastPlane
from sim.plane import DataPlane
from sim.reference.engine import ReferencePlane

ENGINES: dict[str, type[FastPlane] | type[ReferencePlane]] = {"fast": FastPlane, "reference": ReferencePlane}


def build_plane(scenario: Scenario, seed: int, engine: str = "fast", *, span_share: float = 0.0,
                record: bool = False) -> DataPlane:  # fmt: skip
    """A plane at time 0, empty of pods. `span_share` of requests leave spans; `record` keeps every trace row."""
    return ENGINES[engine](scenario, seed, span_share=span_share, record=record)
