"""Windows: what happened between two snapshots, kept as it is until a part of `windows/` is made of many at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from parley.recording.snapshots import PHASES, SERVING, Busyness, Snapshot, quotients
from parley.storage.tables import Columns, Words
from sim.layout import Layout
from sim.records import REQUEST_TALLY
from sim.telemetry import TALLIED, Grown, Integers

WINDOWS, WINDOW_LEAST_NS = 600, 100_000_000  # of a whole run, about; of one
REQUESTS = {name: place for place, (name, _) in enumerate(REQUEST_TALLY.fields)}
CLASS_COUNTS = ("offered", "succeeded", "good", "failed", "timed_out", "rejected")
SERVICE_COUNTS = ("visits", "failed", "rejected", "lost", "shed", "throttled")


def window_ns(duration_ns: int) -> int:
    """The length of a window: 1, 2 or 5 times a power of ten, at least WINDOW_LEAST_NS, so that about WINDOWS fit."""
    length = WINDOW_LEAST_NS
    while True:
        for factor in (1, 2, 5):
            if factor * length * WINDOWS >= duration_ns:
                return factor * length
        length *= 10


@dataclass(frozen=True)
class Window:
    """The mesh between two snapshots, [start, end)."""

    before: Snapshot
    after: Snapshot
    latencies: Grown  # a row a class
    insides: Grown  # a row a service


class WindowColumns:
    """Makes columns of `windows/`: of each window the classes, then the services."""

    def __init__(self, layout: Layout, busyness: Busyness) -> None:
        self._names, self._classes, self._services = [*layout.workloads, *layout.services], len(layout.workloads), len(layout.services)
        self._busyness = busyness

    def __call__(self, windows: Sequence[Window]) -> Columns:
        """The columns of one part."""
        rows, classes = len(self._names), self._classes
        starts, ends = (np.array([getattr(one, side).now_ns for one in windows]) for side in ("before", "after"))
        of_classes, of_services = self._of_classes(windows), self._of_services(windows, ends - starts)
        columns: Columns = {
            "start_ns": np.repeat(starts, rows), "end_ns": np.repeat(ends, rows),
            "kind": Words(("class", "service"), np.tile(np.arange(rows) >= classes, len(windows)).astype(np.int64)),
            "name": Words(self._names, np.tile(np.arange(rows), len(windows))),
        }  # fmt: skip
        for name, some in (of_classes | of_services).items():
            column, absent = np.zeros((len(windows), rows), dtype=some.dtype), np.ones((len(windows), rows), dtype=np.bool_)
            for of_kind, place in ((of_classes, slice(classes)), (of_services, slice(classes, rows))):
                if name in of_kind:
                    column[:, place], absent[:, place] = of_kind[name], np.isnan(of_kind[name])
            columns[name] = np.ma.array(column.reshape(-1), mask=absent.reshape(-1))
        return columns

    def _of_classes(self, windows: Sequence[Window]) -> dict[str, NDArray[np.int64] | NDArray[np.float64]]:
        """By column: (windows, classes)."""
        after, grown = np.stack([one.after.classes for one in windows]), _grown("classes", windows)
        change = {name: grown[..., place] for name, place in REQUESTS.items()}
        offered, succeeded, failed = (after[..., REQUESTS[name]] for name in ("offered", "succeeded", "failed"))
        found = {name: change[name] for name in CLASS_COUNTS} | {"in_flight": offered - succeeded - failed}
        latencies = _quantiles_ns([one.latencies for one in windows], self._classes, 0.5, 0.9, 0.99)
        latencies = {"mean": quotients(change["latency_ns"], change["succeeded"]), **latencies}
        return found | {f"latency_{name}_ms": ns / 1e6 for name, ns in latencies.items()}

    def _of_services(self, windows: Sequence[Window], elapsed_ns: Integers) -> dict[str, NDArray[np.int64] | NDArray[np.float64]]:
        """By column: (windows, services)."""
        elapsed = elapsed_ns[:, None]
        grown = _grown("services", windows)
        serving_ns = _grown("pod_time", windows)[:, SERVING].sum(axis=1)
        insides = _quantiles_ns([one.insides for one in windows], self._services, 0.5, 0.99)
        pods = np.stack([one.after.pods for one in windows])
        return {
            **{name: grown[..., TALLIED[name]] for name in SERVICE_COUNTS},
            **{f"inside_{name}_ms": ns / 1e6 for name, ns in insides.items()},
            "busy_cores": quotients(self._busyness.millicore_ns(grown), np.array(1000)) / elapsed,
            "utilization": self._busyness.utilization(grown, serving_ns),
            **{name: grown[..., TALLIED[f"{name}_area_ns"]] / elapsed for name in ("waiting", "present", "stalled")},
            "desired": np.array([one.after.desired for one in windows]),
            **{phase.value: pods[:, place] for place, phase in enumerate(PHASES)},
        }  # fmt: skip


def _grown(what: str, windows: Sequence[Window]) -> Integers:
    after: Integers = np.stack([getattr(one.after, what) for one in windows])
    before: Integers = np.stack([getattr(one.before, what) for one in windows])
    return after - before


def _quantiles_ns(grown: Sequence[Grown], rows: int, *qs: float) -> dict[str, NDArray[np.float64]]:
    """By name: (windows, rows)."""
    found = Grown.stacked(grown, rows).quantiles_ns(len(grown) * rows, *qs)
    return {f"p{round(100 * q)}": one.reshape(len(grown), rows) for q, one in zip(qs, found, strict=True)}
