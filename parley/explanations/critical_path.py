"""Where the time of one request went: its critical path, walked backwards through its spans, in parts that add up.

At the end of a visit the call that came back last decided when the visit went on: from there its try is followed, and so
on to the client. Of the tries of one call those before the last were lost. What lies between two calls of a visit was
spent in its pod. Spans do not tell branches apart: of parallel branches the one whose last call came back last is taken.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from parley.analysis.tracing import RequestTrace, Span
from parley.explanations.programs import Traits

QUEUEING, SERVICE, NETWORK, RETRIES, STARTING, WAITING = KINDS = (
    "queueing", "service", "network", "retries", "start-up", "waiting")  # fmt: skip
OK = "ok"


@dataclass(frozen=True)
class Part:
    """Some of a request's time: what it was spent on, and at which service."""

    kind: str  # one of KINDS
    service: str
    ns: int


@dataclass(frozen=True)
class Shortages:
    """When a service had pods that were asked for and not ready: [from, to) in ns, in order."""

    stretches: Mapping[str, Sequence[tuple[int, int]]] = field(default_factory=dict)

    def within(self, service: str, start_ns: int, end_ns: int) -> int:
        """How much of [start, end) fell into them, in ns."""
        return sum(max(0, min(end, end_ns) - max(start, start_ns)) for start, end in self.stretches.get(service, ()))


def parts_of(trace: RequestTrace, traits: Mapping[str, Traits], shortages: Shortages | None = None) -> list[Part]:
    """The critical path of a request that is over, in order of time backwards; the parts add up to its latency in ns.

    `traits` are those of each endpoint, by `service.endpoint`.
    """
    walk = _Walk(trace, traits, shortages or Shortages())
    start, end = int(trace.start), int(trace.start + trace.latency)
    return [part for part in walk.between(-1, start, end, "") if part.ns]


class _Walk:
    def __init__(self, trace: RequestTrace, traits: Mapping[str, Traits], shortages: Shortages) -> None:
        self._traits, self._shortages = traits, shortages
        self._below: dict[int, list[Span]] = {}
        for span in trace.spans:
            if not np.isnan(span.returned):
                self._below.setdefault(span.parent, []).append(span)

    def between(self, parent: int, start: int, end: int, name: str) -> Iterator[Part]:
        """What a caller waited for from `start` to `end`; gaps between its calls are the client's own."""
        gaps: list[tuple[int, int]] = []
        for first, last, span in self._calls(parent, start, end, name, gaps):
            yield from self._call(span, first, last)
        yield from (Part(RETRIES, name.split(".", maxsplit=1)[0] or "client", to - since) for since, to in gaps if parent < 0)

    def _calls(self, parent: int, start: int, end: int, name: str, gaps: list[tuple[int, int]]) -> Iterator[tuple[int, int, Span]]:
        """(from, to, last try) of the calls that decided when the caller went on, the last first; `gaps` lie between them."""
        candidates = self._waited_for(self._below.get(parent, []), name)
        at = end
        while True:
            over = [one for one in candidates if one.returned <= at and one.sent >= start]
            if not over:
                break
            span = max(over, key=lambda one: (one.returned, one.outcome == OK, one.call))
            first = self._first_sent(span)
            gaps.append((int(span.returned), at))
            yield first, int(span.returned), span
            at, candidates = first, [one for one in over if one is not span and one.returned <= first]
        gaps.append((start, at))

    def _waited_for(self, spans: list[Span], name: str) -> list[Span]:
        """Without the calls of branches that came back after their join was decided (`first`, or some of several)."""
        traits = self._traits.get(name)
        left: set[int] = set()
        for race in traits.races if traits else ():
            ends = sorted((one.returned, place) for place, targets in enumerate(race.branches)
                          for one in [max((span for span in spans if span.name in targets), key=lambda span: span.returned, default=None)]
                          if one is not None and one.outcome == OK)  # fmt: skip
            if len(ends) >= race.needed:
                joined = ends[race.needed - 1][0]
                left |= {one.call for one in spans if one.returned > joined and any(one.name in targets for targets in race.branches)}
        return [one for one in spans if one.call not in left]

    def _tries(self, last: Span) -> list[Span]:
        """The tries of a call, the last first: each before it is the newest of the same route that had left by then."""
        found = [last]
        siblings = self._below.get(last.parent, [])
        while found[-1].attempt > 0:
            now = found[-1]
            before = [one for one in siblings if one.attempt == now.attempt - 1 and (one.route, one.name) == (now.route, now.name)
                      and one.sent <= now.sent and one.call < now.call]  # fmt: skip
            if not before:
                break
            found.append(max(before, key=lambda one: (min(one.returned, now.sent), one.call)))
        return found

    def _first_sent(self, last: Span) -> int:
        return int(self._tries(last)[-1].sent)

    def _call(self, last: Span, start: int, end: int) -> Iterator[Part]:
        """One call with all its tries; what came before the last of them left was lost."""
        service = last.name.split(".")[0]
        if last.outcome != OK:
            yield Part(RETRIES, service, end - start)
            return
        yield Part(RETRIES, service, int(last.sent) - start)
        yield from self._try(last, service)

    def _try(self, span: Span, service: str) -> Iterator[Part]:
        delivered, ended = int(span.delivered), int(span.ended)
        yield Part(NETWORK, service, int(span.returned) - ended + delivered - int(span.sent))
        gaps: list[tuple[int, int]] = []
        for first, last, below in self._calls(span.call, delivered, ended, span.name, gaps):
            yield from self._call(below, first, last)
        yield from self._inside(span, service, gaps)

    def _inside(self, span: Span, service: str, gaps: list[tuple[int, int]]) -> Iterator[Part]:
        """Time in the pod without a call: at work, in queues, and waiting for what the program or its routes make wait for."""
        traits = self._traits.get(span.name, Traits())
        inside = sum(end - start for start, end in gaps)
        began = 0 if np.isnan(span.started) else int(span.started)
        first_gap = gaps[-1]  # the earliest
        queued = began - int(span.delivered) if traits.begins_with_work and began and began <= first_gap[1] else 0
        worked = min(int(span.worked), inside - queued)
        rest = inside - queued - worked
        waited = min(rest, traits.certain_wait_ns) if not traits.waits_for else rest
        short = self._shortages.within(service, int(span.delivered), int(span.delivered) + queued)
        later = rest - waited  # for a core, later than the first
        if self._shortages.within(service, int(span.delivered) + queued, int(span.ended)):
            short += later
        yield from (Part(SERVICE, service, worked), Part(WAITING, service, waited))
        yield from (Part(QUEUEING, service, queued + later - short), Part(STARTING, service, short))
