"""Locks that are wanted while they are held: by a step inside, or by an endpoint that a call from inside leads to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from scenarios.errors import Mistake
from scenarios.schema.calls import programs, sites, walk
from scenarios.schema.placed import Path, written
from scenarios.schema.programs import Call, Lock, LockSettings

if TYPE_CHECKING:
    from scenarios.schema.scenario import Scenario

Space = tuple[str, Path | str]  # service, and a name, or the path of a step that has keys of its own


class Held(NamedTuple):
    """A lock step, and the endpoint whose program it is in."""

    target: str  # service.endpoint
    spec: LockSettings
    path: Path

    @property
    def space(self) -> Space:
        """Lock steps of one space lock the same keys."""
        return space(self.target.split(".", maxsplit=1)[0], self.spec, self.path)


class Reentry(NamedTuple):
    """A lock step that is come to while a lock of its keys is held for the same request."""

    outer: Held
    inner: Held
    is_sure: bool  # both want the same key of the same place


def space(service: str, spec: LockSettings, path: Path) -> Space:
    """Of a lock step at that path."""
    return service, spec.name or path


def lock_mistakes(world: Scenario) -> Iterator[Mistake]:
    """Lock steps of one name: none inside another, for it would wait for itself; and all of one scope."""
    scopes: dict[Space, str] = {}
    for held in _locks(world):
        lock, name = held.spec, held.spec.name
        if name is None:
            continue
        if scopes.setdefault(held.space, lock.scope) != lock.scope:
            yield Mistake((*held.path, "lock", "scope"), f"is {lock.scope!r}, but another lock {name!r} of {held.space[0]} is not")
        for inner in walk(lock.steps, (*held.path, "lock", "steps")):
            if isinstance(inner.step, Lock) and inner.step.lock.name == name:
                yield Mistake((*inner.path, "lock", "name"), f"is that of a lock around it: where both want one key of {name!r}, "
                              "the inner one would wait for ever. Give it another name")  # fmt: skip


def reentry_mistakes(world: Scenario) -> Iterator[Mistake]:
    """Calls from inside a lock that lead to the same key of it."""
    told: set[Path] = set()
    for outer, inner, is_sure in reentries(world):
        if is_sure and inner.path not in told:
            told.add(inner.path)
            yield Mistake((*inner.path, "lock"),
                          f"is come to by calls from inside {written(outer.path)}.lock, which holds the same key: the request would wait "
                          "for itself for ever. Call from outside of that lock, or give one of the two another name")  # fmt: skip


def reentries(world: Scenario) -> Iterator[Reentry]:
    """Every pair of a lock and one of the same keys that its calls lead to, directly or from endpoint to endpoint."""
    locks = [*_locks(world)]
    calls: dict[str, set[str]] = {}
    for site in sites(world.services):
        calls.setdefault(site.caller, set()).add(site.callee)
    for outer in locks:
        reached = _reached(outer, calls)
        for inner in locks:
            if inner.target in reached and inner.space == outer.space:
                yield Reentry(outer, inner, _want_one_key(outer.spec, inner.spec) and _is_one_place(world, outer))


def _locks(world: Scenario) -> Iterator[Held]:
    for target, steps, path in programs(world.services):
        for found in walk(steps, path):
            if isinstance(found.step, Lock):
                yield Held(target, found.step.lock, found.path)


def _reached(outer: Held, calls: Mapping[str, set[str]]) -> set[str]:
    """The endpoints that are at work, for the same request, while the lock is held."""
    ahead = [found.step.call for found in walk(outer.spec.steps, outer.path) if isinstance(found.step, Call)]
    reached: set[str] = set()
    while ahead:
        target = ahead.pop()
        if target not in reached:
            reached.add(target)
            ahead += calls.get(target, ())
    return reached


def _want_one_key(one: LockSettings, other: LockSettings) -> bool:
    """There is but one, or both go by one header of the request (B14)."""
    by_header = one.header_name is not None and one.header_name == other.header_name and one.keys == other.keys
    return by_header or one.keys.count == other.keys.count == 1


def _is_one_place(world: Scenario, held: Held) -> bool:
    """Whether a call that comes back meets the same locks: not where each pod has its own, and there are several."""
    name = held.space[0]
    scaling = world.minds(name).scaling
    return held.spec.scope == "service" or max(world.services[name].replicas, scaling.most or 0 if scaling else 0) <= 1
