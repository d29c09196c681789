"""What a change did, over time: two runs that are one until an instant, and by how much they differ from there on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from parley.analysis.timeline import Series, Timeline
from parley.errors import UsageError
from parley.explanations.bands import Array, Flags, logarithms, outside
from parley.runs.replaying import Standing
from parley.runs.results import Run
from parley.storage.tables import read_columns
from scenarios.schema.units import HOUR_NS
from sim.telemetry import quantile_ns

WAITING_FLOOR, RATIO_FLOOR = 0.5, 0.01  # requests; of a quantile
STATES = ("starting", "ready", "unready", "draining", "lost")  # of a pod on a node: it costs
QUANTILES = {"p50_ms": 0.5, "p99_ms": 0.99}


@dataclass(frozen=True)
class Change:
    """A figure as it was, and as it is with the change."""

    was: float
    now: float

    @property
    def difference(self) -> float:
        """How much more it is now."""
        return self.now - self.was

    def __repr__(self) -> str:
        return f"{self.was:.6g} → {self.now:.6g}"


@dataclass(frozen=True)
class Matters:
    """From when to when a difference is larger than what the run does by itself; ends of the first and last such windows."""

    start_ns: int
    end_ns: int


@dataclass(frozen=True)
class ClassChange:
    """Requests of a class from the instant on: counts of those that came or were over, quantiles of successes in ms."""

    offered: Change
    good: Change
    failed: Change
    p50_ms: Change
    p99_ms: Change
    matters: Matters | None  # None: it never does


@dataclass(frozen=True)
class ServiceChange:
    """A service from the instant on: means over time of what waits and of ready pods, visits, and hours of pods."""

    waiting: Change
    pods: Change
    visits: Change
    pod_hours: Change
    matters: Matters | None


@dataclass(frozen=True)
class Attribution:
    """The difference of two runs from an instant on."""

    classes: Mapping[str, ClassChange]
    services: Mapping[str, ServiceChange]
    cost: Change  # of the whole run, in its currency
    ends_ns: NDArray[np.int64]  # (windows,) of those that end after the instant
    saved: Mapping[str, NDArray[np.int64]]  # by class (windows,): good answers more than before, up to each window's end
    averted: Mapping[str, NDArray[np.int64]]  # likewise failures fewer

    @property
    def matters(self) -> Matters | None:
        """From when to when any of it does."""
        every = [one.matters for some in (self.classes, self.services) for one in some.values() if one.matters]
        return Matters(min(one.start_ns for one in every), max(one.end_ns for one in every)) if every else None

    def as_json(self) -> dict[str, Any]:
        """As written to whatif.json."""
        return {
            "classes": {name: asdict(one) for name, one in self.classes.items()},
            "services": {name: asdict(one) for name, one in self.services.items()},
            "cost": asdict(self.cost), "matters": asdict(self.matters) if self.matters else None,
            "windows": {"end_ns": self.ends_ns.tolist(), "saved": {name: some.tolist() for name, some in self.saved.items()},
                        "averted": {name: some.tolist() for name, some in self.averted.items()}},
        }  # fmt: skip


@dataclass(frozen=True)
class Side:
    """One of the two runs: its folder, and how it stood at the instant and at its end."""

    run: Run
    at: Standing
    end: Standing


def attributed(was: Side, now: Side, at_ns: int) -> Attribution:
    """The difference from an instant on. Raises UsageError where the windows of the two are not the same."""
    until_ns = int(now.run.manifest["simulated_ns"])  # a run that was killed has windows beyond what its manifest knows
    before, after = (Timeline(side.run.path, side.run.scenario, until_ns) for side in (was, now))
    classes, services = (list(_pairs(getattr(before, kind), getattr(after, kind))) for kind in ("classes", "services"))
    late = classes[0][0].end_s * 1e9 > at_ns
    hours = [_pod_hours(side.run, at_ns) for side in (was, now)]
    ends_ns = np.rint(classes[0][0].end_s[late] * 1e9).astype(np.int64)
    grown = {name: [_over(one, other, name)[late] for one, other in classes] for name in ("good", "failed")}
    names = [one.name for one, _ in classes]
    return Attribution(
        {one.name: _class(was, now, i, _when(class_flags(one, other), one, at_ns)) for i, (one, other) in enumerate(classes)},
        {one.name: _service(one, other, [some.get(one.name, 0.0) for some in hours], late, at_ns) for one, other in services},
        Change(*(side.run.summary["cost"]["total"] for side in (was, now))), ends_ns,
        {name: np.cumsum(some) for name, some in zip(names, grown["good"], strict=True)},
        {name: -np.cumsum(some) for name, some in zip(names, grown["failed"], strict=True)},
    )  # fmt: skip


def class_flags(was: Series, now: Series) -> Flags:
    """Windows in which a class fares otherwise than by itself: in good answers, failures or p99."""
    counts = [outside(*_both(was, now, name)) for name in ("good", "failed")]
    before, after = _both(was, now, "latency_p99_ms")
    p99 = outside(logarithms(before), logarithms(after), RATIO_FLOOR)
    flags: Flags = np.logical_or.reduce([*counts, p99])
    return flags


def _service(was: Series, now: Series, hours: list[float], late: Flags, at_ns: int) -> ServiceChange:
    width = (was.end_s - was.start_s)[late]
    means = {
        name: Change(*(float(np.average(np.nan_to_num(one[late]), weights=width)) for one in _both(was, now, name)))
        for name in ("waiting", "ready")
    }
    visits = Change(*(float(one[late].sum()) for one in _both(was, now, "visits")))
    flags = outside(*_both(was, now, "waiting"), WAITING_FLOOR) | outside(*_both(was, now, "ready"))
    return ServiceChange(means["waiting"], means["ready"], visits, Change(*hours), _when(flags, was, at_ns))


def _class(was: Side, now: Side, place: int, matters: Matters | None) -> ClassChange:
    counts = {
        name: Change(*(float(side.end.tallies[name][place] - side.at.tallies[name][place]) for side in (was, now)))
        for name in ("offered", "good", "failed")
    }
    grown = [side.end.histogram[place] - side.at.histogram[place] for side in (was, now)]
    latencies = {name: Change(*(quantile_ns(one, q) / 1e6 for one in grown)) for name, q in QUANTILES.items()}
    return ClassChange(**counts, **latencies, matters=matters)


def _pairs(was: Sequence[Series], now: Sequence[Series]) -> list[tuple[Series, Series]]:
    """Series of one name; both have the same windows."""
    others = {one.name: one for one in now}
    for one in was:
        if one.name in others and not np.array_equal(one.end_s, others[one.name].end_s):
            raise UsageError("the two runs have other windows: compare runs of one duration, warm-up and end")
    return [(one, others[one.name]) for one in was if one.name in others]


def _both(was: Series, now: Series, column: str) -> tuple[Array, Array]:
    return was.columns[column].astype(float), now.columns[column].astype(float)


def _over(was: Series, now: Series, column: str) -> NDArray[np.int64]:
    """How much more of a counter, by window."""
    one, other = _both(was, now, column)
    return np.rint(other - one).astype(np.int64)


def _when(flags: Flags, series: Series, at_ns: int) -> Matters | None:
    places = np.flatnonzero(flags & (series.end_s * 1e9 > at_ns))
    if not len(places):
        return None
    start, end = series.start_s[places[0]] * 1e9, series.end_s[places[-1]] * 1e9
    return Matters(max(at_ns, round(start)), round(end))


def _pod_hours(run: Run, since_ns: int) -> dict[str, float]:
    """By service, each pod from its node on to its end, from an instant on."""
    rows, end_ns = read_columns(run.path, "pods", ["time_ns", "service", "number", "phase"]), int(run.manifest["simulated_ns"])
    on: dict[tuple[str, float], int] = {}
    used: dict[str, int] = {}
    for time_ns, service, number, phase in zip(*rows.values(), strict=True):
        if phase in STATES:
            on.setdefault((service, number), int(time_ns))
        elif phase == "gone" and (service, number) in on:
            used[service] = used.get(service, 0) + max(0, int(time_ns) - max(since_ns, on.pop((service, number))))
    for (service, _), began_ns in on.items():
        used[service] = used.get(service, 0) + end_ns - max(since_ns, began_ns)
    return {service: ns / HOUR_NS for service, ns in used.items()}
