"""Which requests leave spans, and spans as columns with names instead of numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from parley.storage.tables import Columns, Words
from scenarios.flow import Flow
from scenarios.rates import mean_rate
from scenarios.schema.scenario import Scenario
from scenarios.schema.units import NS_PER_S
from sim.laws.retrying import OUTCOMES
from sim.layout import Layout
from sim.plane import Glance
from sim.records import SPAN

MODES = ("sample", "tail", "all", "none")
TAIL = "tail"  # of the modes, the one that decides when a request is over (M4)
SAMPLED = 5_000  # requests of a run that leave spans, about
NOT_YET = ("delivered_ns", "started_ns", "ended_ns", "returned_ns")  # null until they happen


def span_share(scenario: Scenario, mode: str) -> float:
    """The share of requests that leave spans, or with TAIL may: all, none, or so many that about SAMPLED do."""
    if mode != "sample":
        return 0.0 if mode == "none" else 1.0
    expected = sum(mean_rate(parts) for parts in Flow(scenario).arrivals.values()) * scenario.duration / NS_PER_S
    return min(1.0, SAMPLED / max(1.0, expected))


class SpanColumns:
    """Makes columns of `spans/` from the bytes of Span records, part after part in the same memory; open ends are null."""

    def __init__(self, layout: Layout, pods: Sequence[str]) -> None:
        """`pods` are names as `pod_names` has them; more may come."""
        entry = {route.name: route.caller for route in layout.routes if route.caller in layout.workloads}
        self._words: dict[str, tuple[str, Sequence[str | None]]] = {  # by column: the field that numbers them, and they
            "workload": ("route", [entry.get(route.name) for route in layout.routes]),
            "route": ("route", [route.name for route in layout.routes]),
            "service": ("endpoint", [service for service, _ in layout.endpoints]),
            "endpoint": ("endpoint", [endpoint for _, endpoint in layout.endpoints]),
            "outcome": ("outcome", OUTCOMES), "served": ("served", OUTCOMES),
        }  # fmt: skip
        self._pods = pods
        self._room = np.zeros((len(SPAN.fields), 0), dtype=np.int64)

    def __call__(self, taken: Sequence[bytes]) -> Columns:
        """The columns of one part; good until the next."""
        records = [np.frombuffer(some, dtype=SPAN.dtype) for some in taken]
        rows = sum(map(len, records))
        if rows > self._room.shape[1]:
            self._room = np.zeros((len(SPAN.fields), rows), dtype=np.int64)  # once: fresh memory costs more than its use
        numbers = {name: np.concatenate([some[name] for some in records], out=room[:rows])
                   for (name, _), room in zip(SPAN.fields, self._room, strict=True)}  # fmt: skip
        words = {**self._words, "pod": ("pod", [*self._pods, None])}
        return {
            **numbers, **{name: np.ma.array(numbers[name], mask=numbers[name] < 0) for name in NOT_YET},
            **{name: Words(some, numbers[field]) for name, (field, some) in words.items()},
        }  # fmt: skip


def pod_names(layout: Layout, seen: Glance) -> list[str]:
    """`cart-3` for every pod, in the order they became ready."""
    pairs = zip(seen.pod_service.tolist(), seen.pod_number.tolist(), strict=True)
    return [pod_name(layout.services[service], number) for service, number in pairs]


def pod_name(service: str, number: int | None) -> str:
    """What people call a pod."""
    return f"{service}-{number}"
