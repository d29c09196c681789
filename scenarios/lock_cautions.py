"""Warnings of locks: keys that are wanted more often than they can be held, and locks that wait for each other."""

from __future__ import annotations

from collections.abc import Iterator

from scenarios.flow import Flow, Hold
from scenarios.hit_ratio import hottest_share
from scenarios.schema.calls import programs, walk
from scenarios.schema.lock_rules import Space, reentries, space
from scenarios.schema.placed import Path, written
from scenarios.schema.programs import Lock
from scenarios.schema.scenario import Scenario
from scenarios.schema.units import NS_PER_S


def lock_cautions(flow: Flow) -> Iterator[str]:
    """Every warning about the locks of a world."""
    yield from _hot_keys(flow)
    yield from _opposite_orders(flow.world)
    yield from _reentries(flow.world)


def _hot_keys(flow: Flow) -> Iterator[str]:
    """Keys that are wanted for more than all of the time: the first key is the hottest of every step that shares it."""
    found: dict[Space, list[Hold]] = {}
    for hold in flow.holds():
        found.setdefault(space(hold.service, hold.spec, hold.path), []).append(hold)
    for (service, _), holds in found.items():
        pods = max(1, flow.world.services[service].replicas) if holds[0].spec.scope == "pod" else 1
        wanted = [(hold.per_s * hottest_share(hold.spec.keys) / pods, hold.hold_ns) for hold in holds]
        busy, rate = sum(per_s * hold_ns for per_s, hold_ns in wanted) / NS_PER_S, sum(per_s for per_s, _ in wanted)
        if busy >= 1.0:
            cure = "more keys do" if holds[0].spec.scope == "service" else "more keys do as well"
            more = "more replicas do not help" if holds[0].spec.scope == "service" else "more replicas help"
            yield (f"{written(holds[0].path)}.lock: its hottest key is wanted {rate:.4g}/s and can be held {rate / busy:.4g}/s, "
                   f"{busy / rate * 1e3:.3g} ms each time, so who wants it waits ever longer; {more}, {cure}")  # fmt: skip


def _opposite_orders(world: Scenario) -> Iterator[str]:
    """Two locks, each inside the other somewhere: of two strands each may hold what the other waits for."""
    inside: dict[tuple[Space, Space], Path] = {}
    for target, steps, path in programs(world.services):
        service = target.split(".", maxsplit=1)[0]
        for outer in walk(steps, path):
            if not isinstance(outer.step, Lock):
                continue
            around = space(service, outer.step.lock, outer.path)
            for inner in walk(outer.step.lock.steps, (*outer.path, "lock", "steps")):
                if isinstance(inner.step, Lock):
                    inside.setdefault((around, space(service, inner.step.lock, inner.path)), inner.path)
    for (around, within), place in inside.items():
        if (within, around) in inside and str(around[1]) < str(within[1]):
            yield (f"{written(place)}.lock: {within[1]!r} is locked inside {around[1]!r} here and the other way at "
                   f"{written(inside[within, around])}, so two requests may wait for each other for ever")  # fmt: skip


def _reentries(world: Scenario) -> Iterator[str]:
    """Locks that a request may come to again while it holds one of their keys."""
    told: set[Path] = set()
    for outer, inner, is_sure in reentries(world):
        if not is_sure and inner.path not in told:
            told.add(inner.path)
            yield (f"{written(inner.path)}.lock: is come to by calls from inside {written(outer.path)}.lock, so a request that "
                   "meets the key it holds waits for itself for ever")  # fmt: skip
