"""Which requests leave spans, and spans as columns with names instead of numbers."""

from __future__ import annotations

import numpy as np

from parley.tables import Columns, Words
from scenarios.flow import Flow
from scenarios.rates import mean_rate
from scenarios.schema.scenario import Scenario
from scenarios.schema.units import NS_PER_S
from sim.laws.retrying import OUTCOMES
from sim.layout import Layout
from sim.plane import Observation, Records

MODES = ("sample", "all", "none")
SAMPLED = 5_000  # requests of a run that leave spans, about
NOT_YET = ("delivered_ns", "started_ns", "ended_ns", "returned_ns")  # null until they happen


def span_share(scenario: Scenario, mode: str) -> float:
    """The share of requests that leave spans: all, none, or so many that about SAMPLED do."""
    if mode != "sample":
        return 1.0 if mode == "all" else 0.0
    expected = sum(mean_rate(parts) for parts in Flow(scenario).arrivals.values()) * scenario.duration / NS_PER_S
    return min(1.0, SAMPLED / max(1.0, expected))


def span_columns(layout: Layout, seen: Observation, spans: Records) -> Columns:
    """Columns of `spans/`; open ends are null."""
    entry = {route.name: route.caller for route in layout.routes if route.caller in layout.workloads}
    columns: Columns = {
        "workload": Words([entry.get(route.name) for route in layout.routes], spans["route"]),
        "route": Words([route.name for route in layout.routes], spans["route"]),
        "service": Words([service for service, _ in layout.endpoints], spans["endpoint"]),
        "endpoint": Words([endpoint for _, endpoint in layout.endpoints], spans["endpoint"]),
        "pod": Words([*pod_names(layout, seen), None], spans["pod"]),
        "outcome": Words(OUTCOMES, spans["outcome"]), "served": Words(OUTCOMES, spans["served"]),
    }  # fmt: skip
    for name in ("request", "call", "parent", "attempt", "sent_ns", "worked_ns"):
        columns[name] = spans[name].astype(np.int64)
    for name in NOT_YET:
        columns[name] = np.ma.masked_less(spans[name], 0)
    return columns


def pod_names(layout: Layout, seen: Observation) -> list[str]:
    """`cart-3` for every pod, in the order they became ready."""
    pairs = zip(seen.pod_service.tolist(), seen.pod_number.tolist(), strict=True)
    return [f"{layout.services[service]}-{number}" for service, number in pairs]
