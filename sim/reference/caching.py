"""Caches: values by key, looked up, filled, and waited for."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import simpy

from scenarios.schema.programs import CacheSettings
from sim.laws.caching import is_fresh, stands_in
from sim.laws.grading import graded, parts
from sim.records import CACHE_TALLY
from sim.reference.life import Program, Strand
from sim.reference.turns import DONE, FAILED, HANDED, STALE, Turn

if TYPE_CHECKING:
    from sim.reference.engine import ReferencePlane

Process = Generator[simpy.Event, Any, Any]
Tally = CACHE_TALLY.make_class()


class Cache:
    """The values of one cache step: in one pod, or of a whole service."""

    def __init__(self, spec: CacheSettings, tally: Any) -> None:
        self.spec, self.tally = spec, tally
        self.filled: OrderedDict[int, int] = OrderedDict()  # when each value came in, ns; first who has to go first
        self.busy: dict[int, Turn] = {}  # keys that are being filled, where others may wait for that

    def has(self, key: int, now_ns: int) -> bool:
        """S3: whether a fresh value is there; that it was asked for is remembered (S4)."""
        if key not in self.filled or not is_fresh(self.filled[key], self.spec.ttl or 0, now_ns):
            return False
        if self.spec.policy == "lru":
            self.filled.move_to_end(key)
        return True

    def fill(self, key: int, now_ns: int) -> None:
        """S4: a value comes in, as the newest; the first in line has to go if there are too many."""
        self.tally.fills += 1
        self.filled[key] = now_ns
        self.filled.move_to_end(key)
        if self.spec.capacity is not None and len(self.filled) > self.spec.capacity:
            self.filled.popitem(last=False)
            self.tally.evicted += 1

    def has_stale(self, key: int, now_ns: int) -> bool:
        """S8: whether a value stands in for one that could not be had."""
        spec = self.spec
        return key in self.filled and stands_in(self.filled[key], spec.ttl or 0, spec.stale_if_error or 0, now_ns)


def look_up(plane: ReferencePlane, strand: Strand, cache: Cache, key: int, programs: tuple[Program, Program]) -> Process:
    """A cache step: go on with the value that is there, or wait for it, or fill. `programs`: of a miss, and of a hit."""
    tally, on_miss, on_hit = cache.tally, *programs
    if cache.has(key, plane.now_ns):
        tally.hits += 1
        return (yield from on_hit())
    told = HANDED
    if key in cache.busy:
        tally.coalesced += 1
        told = yield from cache.busy[key].wait(plane, strand)
        if told == HANDED and strand.abandoned:
            strand.turns.pop().hand_over(plane)
            return False
    else:
        tally.misses += 1
        if cache.spec.coalesce:
            Turn(key, cache.busy).take(strand)
    if told == HANDED:
        told = yield from fill(plane, strand, cache, key, on_miss)
    if told == STALE:
        tally.stale += 1
        strand.quality = graded(strand.quality, parts(cache.spec.stale_quality))
    return told != FAILED


def fill(plane: ReferencePlane, strand: Strand, cache: Cache, key: int, on_miss: Program) -> Process:
    """A miss gets the value, and whoever waits for it is told; how it ended."""
    quality = strand.quality
    succeeded = yield from on_miss()
    turn = strand.turns.pop() if cache.spec.coalesce else None
    if strand.abandoned:
        if turn is not None:
            turn.hand_over(plane)
        return FAILED
    told = DONE
    if succeeded:
        cache.fill(key, plane.now_ns)
    else:
        strand.quality = quality
        told = STALE if cache.has_stale(key, plane.now_ns) else FAILED
    if turn is not None:
        turn.end(told)
    return told
