"""Which requests leave spans, and spans as columns with names instead of numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from parley.tables import Columns, Words
from scenarios.flow import Flow
from scenarios.rates import mean_rate
from scenarios.schema.scenario import Scenario
from scenarios.schema.units import NS_PER_S
from sim.laws.retrying import OUTCOMES
from sim.layout import Layout
from sim.plane import Observation
from sim.records import SPAN

MODES = ("sample", "all", "none")
SAMPLED = 5_000  # requests of a run that leave spans, about
NOT_YET = ("delivered_ns", "started_ns", "ended_ns", "returned_ns")  # null until they happen


def span_share(scenario: Scenario, mode: str) -> float:
    """The share of requests that leave spans: all, none, or so many that about SAMPLED do."""
    if mode != "sample":
        return 1.0 if mode == "all" else 0.0
    expected = sum(mean_rate(parts) for parts in Flow(scenario).arrivals.values()) * scenario.duration / NS_PER_S
    return min(1.0, SAMPLED / max(1.0, expected))


def span_columns(layout: Layout, pods: Sequence[str], taken: Sequence[bytes]) -> Columns:
    """Columns of `spans/` from the bytes of Span records; open ends are null. `pods` are names as `pod_names` has them."""
    records = [np.frombuffer(some, dtype=SPAN.dtype) for some in taken]
    given = {name: np.concatenate([some[name] for some in records]) for name, _ in SPAN.fields}
    entry = {route.name: route.caller for route in layout.routes if route.caller in layout.workloads}
    named: Columns = {
        "workload": Words([entry.get(route.name) for route in layout.routes], given["route"]),
        "route": Words([route.name for route in layout.routes], given["route"]),
        "service": Words([service for service, _ in layout.endpoints], given["endpoint"]),
        "endpoint": Words([endpoint for _, endpoint in layout.endpoints], given["endpoint"]),
        "pod": Words([*pods, None], given["pod"]),
        "outcome": Words(OUTCOMES, given["outcome"]), "served": Words(OUTCOMES, given["served"]),
    }  # fmt: skip
    return {**given, **{name: np.ma.array(given[name], mask=given[name] < 0) for name in NOT_YET}, **named}


def pod_names(layout: Layout, seen: Observation) -> list[str]:
    """`cart-3` for every pod, in the order they became ready."""
    pairs = zip(seen.pod_service.tolist(), seen.pod_number.tolist(), strict=True)
    return [pod_name(layout.services[service], number) for service, number in pairs]


def pod_name(service: str, number: int | None) -> str:
    """What people call a pod."""
    return f"{service}-{number}"
