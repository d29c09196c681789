"""Scenario → DataPlane: the one place that knows both engines."""

from __future__ import annotations

from collections.abc import Sequence

from scenarios.schema.scenario import Scenario
from sim.draws import Seed
from sim.fast.engine import FastPlane, advance_many
from sim.plane import DataPlane
from sim.reference.engine import ReferencePlane

ENGINES: dict[str, type[FastPlane] | type[ReferencePlane]] = {"fast": FastPlane, "reference": ReferencePlane}


def advance_planes(some: Sequence[DataPlane], until_ns: Sequence[int]) -> None:
    """Advance every plane to its own time; those of the fast engine in one compiled call after the other."""
    fast = [(plane, until) for plane, until in zip(some, until_ns, strict=True) if isinstance(plane, FastPlane)]
    advance_many([plane for plane, _ in fast], [until for _, until in fast])
    for plane, until in zip(some, until_ns, strict=True):
        if not isinstance(plane, FastPlane):
            plane.advance(until)


def build_plane(scenario: Scenario, seed: Seed, engine: str = "fast", *, span_share: float = 0.0,
                span_tail: bool = False, record: bool = False) -> DataPlane:  # fmt: skip
    """A plane at time 0, empty of pods.

    `span_share` of requests leave spans, with `span_tail` only those of them that failed or took longer than their
    class's objective (M4); `record` keeps every trace row.
    """
    return ENGINES[engine](scenario, seed, span_share=span_share, span_tail=span_tail, record=record)
