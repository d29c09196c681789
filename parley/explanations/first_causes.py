"""What began a degradation: the first service to leave the band of a healthy twin, and what happened just before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from parley.analysis.timeline import Series, Timeline
from parley.errors import UsageError
from parley.explanations.bands import Array, logarithms, outside
from parley.interventions.interventions import interventions_of
from parley.interventions.levers import MIND
from parley.runs.results import Run
from parley.storage.tables import read_columns
from parley.wording import TOKENS, clock, number, unit
from scenarios.flow import Flow
from scenarios.schema.scenario import Scenario

GONE, QUEUEING, ERRORS, INSIDE = "ready pods", "waiting", "errors, 1/s", "p99 inside, ms"
FLOORS = {ERRORS: 0.0, QUEUEING: 0.5, INSIDE: 0.1}  # errors a second, requests, logarithm of a time
FAILURES = ("failed", "rejected", "lost", "shed")  # of calls that came to a service
RUNNING = (3, 2, 1)  # windows in a row that a departure lasts, the longest asked for first
LOOKBACK_NS, LOOKBACK_WINDOWS = 60_000_000_000, 5
EVENTS_SHOWN = 4
KINDS = ("what if", "fault", "rollout", "pod", "load", "decision")  # what is told first


@dataclass(frozen=True)
class Event:
    """Something that happened."""

    time_ns: int
    kind: str  # one of KINDS
    service: str | None
    says: str

    def __str__(self) -> str:
        return f"{self.says} at {clock(self.time_ns)}"


@dataclass(frozen=True)
class Departure:
    """A service leaves the twin's band: in the window that ends at `time_ns` it had `now` where the twin had `was`."""

    service: str
    signal: str  # of FLOORS, or GONE
    time_ns: int
    was: float
    now: float

    def __str__(self) -> str:
        return f"{self.service}, {self.signal} {number(self.was)} → {number(self.now)} by {clock(self.time_ns)}"


@dataclass(frozen=True)
class FirstCause:
    """The first departure, what happened just before, and how it went on."""

    first: Departure
    before: tuple[Event, ...]
    spread: tuple[Departure, ...]  # the first of every service, in order

    def __str__(self) -> str:
        return f"first {self.first}; just before: {'; '.join(map(str, self.before)) or 'nothing that is known'}"

    def as_json(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self)


def first_cause(run: Run, twin: Run) -> FirstCause | None:
    """What began; None where no service is worse than the twin's band. Raises UsageError where the two cannot be compared."""
    was, now = (Timeline(one.path, one.scenario) for one in (twin, run))
    if was.services[0].end_s.tolist() != now.services[0].end_s.tolist():
        raise UsageError(f"{run.path} and {twin.path} have other windows: compare runs of one duration, warm-up and end")
    depth = _depths(run.scenario)
    order = [GONE, *FLOORS]
    for running in RUNNING:
        found = list(_departures(was, now, running))
        if found:
            found.sort(key=lambda one: (one.time_ns, -depth.get(one.service, 0), order.index(one.signal)))
            spread: dict[str, Departure] = {}
            for one in found:
                spread.setdefault(one.service, one)
            return FirstCause(found[0], _just_before(run, was, now, found[0]), tuple(spread.values()))
    return None


def _departures(was: Timeline, now: Timeline, running: int) -> Iterator[Departure]:
    """The first of each service and signal."""
    twins = {one.name: one for one in was.services}
    for one in now.services:
        if one.name not in twins:
            continue
        pods = [some.columns["ready"].astype(float) for some in (twins[one.name], one)]
        for i in np.flatnonzero((pods[1] == 0) & (pods[0] > 0))[:1]:  # calls that find nobody are no errors of a pod
            yield Departure(one.name, GONE, round(one.end_s[i] * 1e9), float(pods[0][i]), 0.0)
        for signal, floor in FLOORS.items():
            before, after = _figures(twins[one.name], signal), _figures(one, signal)
            scale = logarithms if signal == INSIDE else np.asarray
            worse = outside(scale(before), scale(after), floor, running) & (np.nan_to_num(after) > np.nan_to_num(before))
            for i in np.flatnonzero(worse)[:1]:
                yield Departure(one.name, signal, round(one.end_s[i] * 1e9), float(before[i]), float(after[i]))


def _figures(one: Series, signal: str) -> Array:
    if signal == ERRORS:
        errors: Array = sum(np.nan_to_num(one.columns[name].astype(float)) for name in FAILURES) / (one.end_s - one.start_s)
        return errors
    name = "waiting" if signal == QUEUEING else "inside_p99_ms"
    found: Array = one.columns[name].astype(float)
    return found


def _depths(world: Scenario) -> Mapping[str, int]:
    """Calls on the longest way from outside to each service; who calls in a circle is as deep as there are services."""
    calls = {(caller.split(".")[0], callee.split(".")[0]) for caller, callee in Flow(world).routes}
    depth = dict.fromkeys([*world.workload, *world.services], 0)
    for _ in world.services:
        longer = {callee: max([depth[callee], *(depth[one] + 1 for one, to in calls if to == callee)]) for _, callee in calls}
        depth |= {callee: min(ways, len(world.services)) for callee, ways in longer.items()}
    return depth


def _just_before(run: Run, was: Timeline, now: Timeline, first: Departure) -> tuple[Event, ...]:
    """Events of the time before, the most telling first: of that service, by kind, the latest."""
    window_ns = int(np.median(np.diff(now.services[0].end_s, prepend=0.0)) * 1e9)
    begin_ns = first.time_ns - max(LOOKBACK_NS, LOOKBACK_WINDOWS * window_ns)
    known = [*_done(run), *_planned(run.scenario), *_pods(run), *_load(was, now), *_decided(run)]
    near = [one for one in known if begin_ns <= one.time_ns <= first.time_ns]  # a window sees the faults of its end
    near.sort(key=lambda one: (KINDS.index(one.kind), one.service not in (None, first.service), -one.time_ns))
    return tuple(near[:EVENTS_SHOWN])


def _done(run: Run) -> Iterator[Event]:
    for one in interventions_of(run.manifest, run.scenario):
        yield from (Event(one.at_ns, "what if", None, str(action)) for action in one.do)


def _planned(world: Scenario) -> Iterator[Event]:
    for name, fault in world.faults.items():
        yield Event(fault.at, "fault", getattr(fault.chosen, "service", None), f"fault {name} ({fault.kind}) begins")
        if fault.duration is not None:
            yield Event(fault.at + fault.duration, "fault", getattr(fault.chosen, "service", None), f"fault {name} ends")
    for name, rollout in world.rollouts.items():
        yield Event(rollout.at, "rollout", rollout.service, f"rollout {name} of {rollout.service} begins")


def _pods(run: Run) -> Iterator[Event]:
    """Pods that die or are not ready; many of one service at an instant are one event."""
    rows = read_columns(run.path, "pods", ["time_ns", "service", "number", "phase"])
    phases: dict[tuple[str, float], str] = {}
    fallen: dict[tuple[int, str, str], list[int]] = {}
    for time_ns, service, number_, phase in zip(*rows.values(), strict=True):
        before = phases.get((service, number_))
        phases[service, number_] = phase
        what = "lost" if phase == "lost" else "not ready" if phase == "unready" else "dead" if phase == "gone" and before == "ready" else ""
        if what:
            fallen.setdefault((int(time_ns), service, what), []).append(int(number_))
    for (time_ns, service, what), numbers in fallen.items():
        who = f"pod {service}-{numbers[0]} is" if len(numbers) == 1 else f"{len(numbers)} pods of {service} are"
        yield Event(time_ns, "pod", service, f"{who} {what}")


def _load(was: Timeline, now: Timeline) -> Iterator[Event]:
    """The first window in which a class comes more often than the twin's band allows."""
    twins = {one.name: one for one in was.classes}
    for one in now.classes:
        if one.name not in twins:
            continue
        before, after = (some.columns["offered"].astype(float) for some in (twins[one.name], one))
        for i in np.flatnonzero(outside(before, after) & (after > before))[:1]:
            length = one.end_s[i] - one.start_s[i]
            yield Event(round(one.start_s[i] * 1e9), "load", None, f"{one.name} come at {number(after[i] / length, 3)}/s, "
                        f"not {number(before[i] / length, 3)}/s,")  # fmt: skip


def _decided(run: Run) -> Iterator[Event]:
    for row in run.decision_rows():
        counted = unit(row, run.scenario.services)
        if row["applied"] and row["mind"] != MIND and counted:
            towards = f" a fill of {row['service']}" if counted == TOKENS else ""
            says = f"{row['agent']} ({row['mind']}) goes from {row['before']} to {row['after']} {counted}{towards}"
            yield Event(int(row["time_ns"]), "decision", row["service"], says)
