"""Draws of databases: primaries that come and go by command, reads of standbys, and commits that wait."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from scenarios.schema.calls import edges
from scenarios.schema.replicating import SessionAttrs
from scenarios.schema.scenario import Scenario
from sim import commands as c

lags = st.sampled_from(["0ms", "5ms", "40ms", "80ms", {"exponential": "20ms"}, {"lognormal": {"mean": "9ms", "cv": 1.0}}])


@st.composite
def with_databases(draw: st.DrawFn, world: dict[str, Any]) -> dict[str, Any]:
    """The world, some services of which have a primary; reads, where there are some, go wherever they may."""
    databases = [name for name in world["services"] if draw(st.integers(0, 2)) == 0]
    for name in databases:
        endpoints = list(world["services"][name]["endpoints"])
        world["services"][name]["replicas"] += draw(st.integers(0, 2))
        world["services"][name]["replication"] = {
            "writes": endpoints[-1:] if draw(st.integers(0, 3)) else endpoints, "lag": draw(lags),
            "synchronous_commit": draw(st.sampled_from(["local", "local", "on", "remote_apply"])),
            "stale_quality": draw(st.sampled_from([1.0, 0.5])),
        }  # fmt: skip
    made = Scenario.model_validate(world)
    asked = edges(made.services, made.workload)
    for name in databases:
        for endpoint in world["services"][name]["endpoints"]:
            is_asked = any((edge.callee, edge.callee_endpoint) == (name, endpoint) for edge in asked)
            if is_asked and endpoint not in world["services"][name]["replication"]["writes"]:
                wanted = draw(st.sampled_from(SessionAttrs.__args__))
                world["routes"].setdefault(f"* -> {name}.{endpoint}", {})["target_session_attrs"] = wanted
    return world


def first_primaries(scenario: Scenario) -> list[c.PodPromoted]:
    """Pod 0 of every database that has one leads at first."""
    return [c.PodPromoted(name, 0) for name, spec in scenario.services.items() if spec.replication is not None and spec.replicas]
