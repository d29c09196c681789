"""What a latency is made of: critical paths of the slowest requests and of those in the middle, by service and kind of time."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from parley.analysis.tracing import Traces
from parley.errors import UsageError
from parley.explanations.critical_path import KINDS, OK, Part, Shortages, parts_of
from parley.explanations.first_causes import FirstCause, first_cause
from parley.explanations.programs import traits_of
from parley.recording.spans import TAIL
from parley.runs.results import Run, load_run
from parley.runs.twins import twin_of
from parley.storage.tables import read_columns
from parley.wording import count, milliseconds, number
from scenarios.naming import suggestion

SLOWEST, MIDDLE = "p99", "p50"
SLOWEST_SHARE, MIDDLE_SHARES = 0.01, (0.45, 0.55)
WALKED_MAX = 1_000  # requests of a group whose paths are walked, evenly chosen
FEW = 20  # requests of a group that say little
TOLD = 4  # parts of a headline
WORTH = 0.005  # of the whole: what a headline leaves out


@dataclass(frozen=True)
class Breakdown:
    """Where the time of a group of requests went, on their critical paths."""

    name: str  # p99 or p50
    value_ms: float  # the quantile, as the summary has it
    requests: int  # in the group
    walked: int  # of them
    total_ns: int  # latencies of those walked, which the parts add up to
    parts: Mapping[tuple[str, str], int]  # ns by (service, kind of KINDS)

    @property
    def mean_ms(self) -> float:
        """The mean latency of those walked."""
        return self.total_ns / self.walked / 1e6

    def share(self, service: str | None = None, kind: str | None = None) -> float:
        """The share of a service, of a kind, or of both; nan where no time passed."""
        some = sum(ns for (of, what), ns in self.parts.items() if service in (None, of) and kind in (None, what))
        return some / self.total_ns if self.total_ns else math.nan

    @property
    def services(self) -> list[str]:
        """Those on the paths, the largest share first."""
        return sorted({service for service, _ in self.parts}, key=lambda service: (-self.share(service), service))

    @property
    def kinds(self) -> list[str]:
        """Kinds of time that occur."""
        return [kind for kind in KINDS if any(what == kind for _, what in self.parts)]

    def __str__(self) -> str:
        largest = sorted(self.parts.items(), key=lambda item: (-item[1], item[0]))
        told = [f"{number(100 * ns / self.total_ns, 2)} % {_said(kind, service)}" for (service, kind), ns in largest[:TOLD]
                if ns >= WORTH * self.total_ns]  # fmt: skip
        return f"{self.name} = {milliseconds(self.value_ms)}: {', '.join(told) or 'no time at all'}"

    def __repr__(self) -> str:
        return f"<Breakdown {self}>"


@dataclass(frozen=True)
class Explanation:
    """What the latencies of a run are made of, by class, and what began a degradation."""

    run: Run
    classes: Mapping[str, Mapping[str, Breakdown]]  # by class, then p99 and p50
    waits_for: Mapping[str, Sequence[str]]  # by service: what the kind `waiting` may be there
    notes: tuple[str, ...]
    cause: FirstCause | None = None  # where there was something to compare with
    against: Run | None = None

    def __str__(self) -> str:
        return "\n".join(f"{name}: {one}" for name, some in self.classes.items() for one in some.values())

    def __repr__(self) -> str:
        told = "; ".join(f"{name} {some[SLOWEST]}" for name, some in self.classes.items() if SLOWEST in some)
        return f"<Explanation {told}{'' if self.cause is None else f' · {self.cause}'}>"

    def as_json(self) -> dict[str, Any]:
        """Figures and shares, by class, quantile, service and kind."""
        return {
            "classes": {name: {q: _as_json(one) for q, one in some.items()} for name, some in self.classes.items()},
            "waits_for": {service: list(some) for service, some in self.waits_for.items()}, "notes": list(self.notes),
            "against": None if self.against is None else str(self.against.path),
            "cause": None if self.cause is None else self.cause.as_json(),
        }  # fmt: skip


def explain(run: Run | str | os.PathLike[str], *, against: Run | str | os.PathLike[str] | None = None, twin: bool = False,
            workload: str | None = None, out: str | os.PathLike[str] | None = None) -> Explanation:  # fmt: skip
    """Say what p99 and p50 of a run are made of, from its spans.

    `against` is a healthy run of the same services, and `twin` makes one, in the folder `out`: the run's world without
    its faults. With either the first cause of a degradation is looked for. `workload` asks for one class only.
    Raises UsageError where there are no spans of slow requests.
    """
    of = run if isinstance(run, Run) else load_run(run)
    if twin and against is not None:
        raise UsageError("against names a healthy run, twin makes one: ask for one of them")
    if out is not None and not twin:
        raise UsageError("out is the folder of the twin, and none is asked for")
    other = twin_of(of, out) if twin else load_run(against) if against is not None and not isinstance(against, Run) else against
    groups, notes = _Groups(of), []
    names = list(of.scenario.workload)
    if workload is not None and workload not in names:
        raise UsageError(f"there is no workload {workload!r}{suggestion(workload, names) or '; there are ' + ', '.join(names)}")
    classes: dict[str, dict[str, Breakdown]] = {}
    for name in names if workload is None else [workload]:
        made, said = groups.explained(name)
        classes |= {name: made} if made else {}
        notes += said
    if not classes and other is None:
        raise UsageError(f"{of.path}: {'; '.join(notes)}")
    cause = None if other is None else first_cause(of, other)
    return Explanation(of, classes, groups.waits_for, tuple(notes), cause, other)


class _Groups:
    """Requests of a run by how long they took."""

    def __init__(self, run: Run) -> None:
        self._run, self._traces = run, Traces(run)
        self._traits = traits_of(run.scenario)
        rows = read_columns(run.path, "spans", ["request", "call", "workload", "outcome", "sent_ns", "returned_ns"], ("parent", "<", 0))
        order = np.lexsort((rows["call"], rows["request"]))
        rows = {name: some[order] for name, some in rows.items()}
        first = np.flatnonzero(np.diff(rows["request"], prepend=-1))
        last = np.append(first[1:], len(order)) - 1
        self._number, self._workload = rows["request"][first], rows["workload"][first]
        self._latency = np.maximum.reduceat(rows["returned_ns"].astype(float), first) - np.minimum.reduceat(rows["sent_ns"], first)
        self._counts = (rows["outcome"][last] == OK) & (rows["sent_ns"][first] >= run.scenario.warmup)

    @property
    def waits_for(self) -> dict[str, tuple[str, ...]]:
        """By service: what else than a queue a visit may wait for."""
        found: dict[str, dict[str, None]] = {}
        for target, traits in self._traits.items():
            named = [*traits.waits_for, *(["wait steps"] if traits.certain_wait_ns else [])]
            found.setdefault(target.split(".")[0], {}).update(dict.fromkeys(named))
        return {service: tuple(some) for service, some in found.items() if some}

    @cached_property
    def _shortages(self) -> Shortages:
        return shortages(self._run)

    def explained(self, workload: str) -> tuple[dict[str, Breakdown], list[str]]:
        """Breakdowns of a class by quantile, and what is to be said of them."""
        mine = np.flatnonzero(self._counts & (self._workload == workload))
        mine = mine[np.argsort(self._latency[mine], kind="stable")]
        known = self._run.summary["classes"][workload]
        succeeded, values = known["measured"]["succeeded"], known["latency_ms"]
        is_tail = self._run.manifest["spans"] == TAIL
        slow = math.ceil(SLOWEST_SHARE * (succeeded if is_tail else len(mine)))  # the tail's are not all of them that were asked
        groups = {SLOWEST: mine[len(mine) - slow :] if slow <= len(mine) else mine[:0]}
        if not is_tail:
            groups[MIDDLE] = mine[math.floor(MIDDLE_SHARES[0] * len(mine)) : math.ceil(MIDDLE_SHARES[1] * len(mine))]
        made = {name: self._breakdown(name, values[name], some) for name, some in groups.items() if len(some)}
        return made, list(_notes(workload, {name: len(some) for name, some in groups.items()}, succeeded, len(mine), is_tail))

    def _breakdown(self, name: str, value_ms: float, chosen: NDArray[np.int64]) -> Breakdown:
        walked = chosen[np.unique(np.linspace(0, len(chosen) - 1, WALKED_MAX).astype(int))]
        parts: dict[tuple[str, str], int] = {}
        total = 0
        for trace in self._traces.requests(self._number[walked].tolist()):
            some: list[Part] = parts_of(trace, self._traits, self._shortages)
            total += int(trace.latency)
            for part in some:
                parts[part.service, part.kind] = parts.get((part.service, part.kind), 0) + part.ns
        assert sum(parts.values()) == total, "the parts of a path do not add up"
        return Breakdown(name, value_ms, len(chosen), len(walked), total, parts)


def shortages(run: Run) -> Shortages:
    """When each service had pods that were pending or starting."""
    rows = read_columns(run.path, "pods", ["time_ns", "service", "number", "phase"])
    starting: set[tuple[str, float]] = set()
    short: dict[str, int] = {}
    since: dict[str, int] = {}
    stretches: dict[str, list[tuple[int, int]]] = {}
    for time_ns, service, number_, phase in zip(*rows.values(), strict=True):
        before, key = short.get(service, 0), (service, number_)
        if phase == "pending":
            short[service] = before + 1
        elif phase == "starting":
            starting.add(key)
        elif key in starting or (number_ != number_ and phase == "gone"):
            starting.discard(key)
            short[service] = before - 1
        if before == 0 and short.get(service, 0) > 0:
            since[service] = int(time_ns)
        elif before > 0 and short[service] == 0 and int(time_ns) > since[service]:
            stretches.setdefault(service, []).append((since[service], int(time_ns)))
    for service, lacking in short.items():
        if lacking > 0:
            stretches.setdefault(service, []).append((since[service], int(run.manifest["simulated_ns"])))
    return Shortages(stretches)


def _notes(workload: str, found: Mapping[str, int], succeeded: int, sampled: int, is_tail: bool) -> Iterator[str]:
    """What is missing, and which option of `run` brings it."""
    slow = found[SLOWEST]
    if not succeeded:
        yield f"{workload}: nothing succeeded after the warm-up"
    elif is_tail and not slow:
        yield (f"{workload}: fewer than 1 % of its requests missed their objective, so `--spans tail` has not all of the slowest; "
               "`--spans all` has")  # fmt: skip
    elif is_tail:
        yield f"{workload}: `--spans tail` has no requests of the middle; `--spans sample` or `all` has"
    elif not sampled:
        yield f"{workload}: no request of it left spans; `--spans all` keeps those of every request"
    elif slow < FEW and sampled < succeeded:
        yield (f"{workload}: only {count(slow)} of the slowest 1 % have spans; run it with `--spans all`, or `--spans tail` where its "
               "objective lies below p99")  # fmt: skip


def _said(kind: str, service: str) -> str:
    return {"service": f"work at {service}", "network": f"network to {service}", "retries": f"lost tries of {service}",
            "start-up": f"queueing at {service} while pods started"}.get(kind, f"{kind} at {service}")  # fmt: skip


def _as_json(one: Breakdown) -> dict[str, Any]:
    shares = {service: {kind: one.share(service, kind) for kind in one.kinds if (service, kind) in one.parts} for service in one.services}
    return {"value_ms": one.value_ms, "mean_ms": one.mean_ms, "requests": one.requests, "walked": one.walked, "shares": shares}
