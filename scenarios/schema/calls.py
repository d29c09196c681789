"""Who calls whom, how often, and with what certainty: the call graph as the endpoints' programs state it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from scenarios.schema.placed import Path
from scenarios.schema.programs import Branch, Cache, Call, Fallback, Ladder, Lock, Parallel, Step
from scenarios.schema.routing import Edge
from scenarios.schema.topology import Service
from scenarios.schema.workload import Workload


class Site(NamedTuple):
    """One `call` step in one endpoint."""

    caller: str  # service.endpoint
    callee: str  # service.endpoint
    expected: float  # calls for each visit of the caller, retries apart
    certain: bool  # no branch decides about it
    only_on_failure: bool  # inside a fallback; `expected` then counts as if it were always taken
    path: Path  # of the step


class Walked(NamedTuple):
    """A step of a program, wherever it is nested."""

    step: Step
    path: Path
    probability: float
    in_fallback: bool


Misses = Mapping[int, float]  # the share of look-ups that miss, by the identity of a cache step: two alike may stand apart


def walk(steps: tuple[Step, ...], path: Path, probability: float = 1.0, in_fallback: bool = False,
         misses: Misses | None = None) -> Iterator[Walked]:  # fmt: skip
    """Every step below, in the order of the file. Without `misses`, what a miss takes and what a hit takes are both certain."""
    for index, step in enumerate(steps):
        here = (*path, index)
        yield Walked(step, here, probability, in_fallback)
        if isinstance(step, Parallel):
            for number, branch in enumerate(step.parallel):
                yield from walk(branch, (*here, "parallel", number), probability, in_fallback, misses)
        elif isinstance(step, Branch):
            for number, way in enumerate(step.branch):
                inner = (*here, "branch", number, "steps")
                yield from walk(way.steps, inner, probability * way.probability, in_fallback, misses)
        elif isinstance(step, Cache):
            missed = 1.0 if misses is None else misses.get(id(step), 1.0)
            hit = 1.0 if misses is None else 1.0 - missed
            yield from walk(step.cache.on_miss, (*here, "cache", "on_miss"), probability * missed, in_fallback, misses)
            yield from walk(step.cache.hit, (*here, "cache", "hit"), probability * hit, in_fallback, misses)
        elif isinstance(step, Lock):
            yield from walk(step.lock.steps, (*here, "lock", "steps"), probability, in_fallback, misses)
        elif isinstance(step, Call):
            for program, place in remedies(step, here):
                yield from walk(program, place, probability, True, misses)


def remedies(step: Call, path: Path) -> list[tuple[tuple[Step, ...], Path]]:
    """The programs that may stand in for a failed call, each with its path."""
    if isinstance(step.on_failure, Fallback):
        return [(step.on_failure.fallback, (*path, "on_failure", "fallback"))]
    if isinstance(step.on_failure, Ladder):
        return [(rung.steps, (*path, "on_failure", "ladder", n, "steps")) for n, rung in enumerate(step.on_failure.ladder)]
    return []


def programs(services: Mapping[str, Service]) -> Iterator[tuple[str, tuple[Step, ...], Path]]:
    """(service.endpoint, its steps, their path) of every endpoint."""
    for name, service in services.items():
        for endpoint, steps in service.endpoints.items():
            yield f"{name}.{endpoint}", steps, ("services", name, "endpoints", endpoint)


def sites(services: Mapping[str, Service], misses: Misses | None = None) -> list[Site]:
    """Every call step of every endpoint; `misses` as for `walk`."""
    return [
        Site(caller, found.step.call, found.probability * found.step.repeat, found.probability >= 1.0, found.in_fallback,
             found.path)
        for caller, steps, path in programs(services)
        for found in walk(steps, path, misses=misses)
        if isinstance(found.step, Call)
    ]  # fmt: skip


def entry_targets(workload: Workload) -> Iterator[tuple[Path, str]]:
    """(path within the workload, service.endpoint) of everything a workload asks."""
    if workload.entry is not None:
        yield ("entry",), workload.entry
    for target in workload.mix or {}:
        yield ("mix", target), target
    users = workload.arrivals.users
    if users is not None and users.session is not None and users.session.start is not None:
        yield ("arrivals", "users", "session", "start"), users.session.start


def edges(services: Mapping[str, Service], workloads: Mapping[str, Workload]) -> list[Edge]:
    """Every edge that some request can take, each once: entries first, then calls in the order of the file."""
    outside = [Edge(name, "", *target.split(".")) for name, w in workloads.items() for _, target in entry_targets(w)]
    inside = [Edge(*site.caller.split("."), *site.callee.split(".")) for site in sites(services)]
    return list(dict.fromkeys([*outside, *inside]))
