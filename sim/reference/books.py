"""What is written down while requests live: trace rows, spans, counters of classes and intervals, histograms."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.laws import digesting
from sim.laws.grading import count_quality
from sim.laws.measuring import BUCKETS, bucket, count_finished, is_bad, is_measured
from sim.laws.retrying import OK
from sim.layout import Layout
from sim.plane import Records
from sim.records import REQUEST_TALLY, SPAN
from sim.reference.life import Request, Try
from sim.trace import Row

Tally = REQUEST_TALLY.make_class()
Span = SPAN.make_class()


class Books:
    """The books of one run: requests by class and interval (M3), spans (M4), histograms (M1)."""

    def __init__(self, layout: Layout, record: bool) -> None:
        self.layout = layout
        self.lanes = digesting.start()
        self.rows: list[Row] | None = [] if record else None
        self.spans: list[Any] = []
        self.open_tries: dict[tuple[int, int], Try] = {}  # sampled tries whose span is not over
        self.workloads = [Tally() for _ in layout.workloads]
        self.alive: list[set[int]] = [set() for _ in layout.workloads]  # numbers of requests whose client waits
        self.intervals = [Tally() for _ in layout.intervals]
        self.workload_histogram = np.zeros((len(layout.workloads), BUCKETS), dtype=np.int64)
        self.interval_histogram = np.zeros((len(layout.intervals), BUCKETS), dtype=np.int64)
        self.service_histogram = np.zeros((len(layout.services), BUCKETS), dtype=np.int64)

    def row(self, time_ns: int, kind: int, request: int, call: int, place: int, value: int) -> None:
        """A trace row: into the digest, and kept where rows are recorded."""
        digesting.fold(self.lanes, time_ns, request, digesting.row_word(kind, call, place), value)
        if self.rows is not None:
            self.rows.append(Row(time_ns, kind, request, call, place, value))

    def take_rows(self) -> list[Row]:
        """Rows since the last call."""
        rows = self.rows or []
        self.rows = None if self.rows is None else []
        return rows

    def offered(self, request: Request) -> None:
        """A request came."""
        self.alive[request.workload].add(request.number)
        self.workloads[request.workload].offered += 1
        for i, interval in enumerate(self.layout.intervals):
            if is_measured(interval, request.workload, request.arrived_ns):
                self.intervals[i].offered += 1

    def finished(self, request: Request, outcome: int, latency_ns: int, quality: int) -> None:
        """A request is over: its class's books, and those of the intervals it arrived in."""
        of_class = request.workload
        self.alive[of_class].remove(request.number)
        count_finished(self.workloads[of_class], outcome, latency_ns, self.layout.good_ns(of_class))
        if self.layout.is_graded:
            count_quality(self.workloads[of_class], outcome, quality)
        if outcome == OK:
            self.workload_histogram[of_class][bucket(latency_ns)] += 1
        for i, interval in enumerate(self.layout.intervals):
            if is_measured(interval, of_class, request.arrived_ns):
                count_finished(self.intervals[i], outcome, latency_ns, interval.good_ns)
                if self.layout.is_graded:
                    count_quality(self.intervals[i], outcome, quality)
                if outcome == OK:
                    self.interval_histogram[i][bucket(latency_ns)] += 1
        if request.held is not None:
            self._decide(request, is_bad(outcome, latency_ns, self.layout.good_ns(of_class)))

    def _decide(self, request: Request, is_kept: bool) -> None:
        """M4: whether an undecided request leaves spans; those that were held are written now, others as they end."""
        if is_kept and request.held is not None:
            self.spans += request.held
        request.sampled, request.held = is_kept, None

    def visited(self, service: int, inside_ns: int) -> None:
        """A visit ended; its time inside the pod."""
        self.service_histogram[service][bucket(inside_ns)] += 1

    def sent(self, one: Try) -> None:
        """A try left; the span of a sampled one begins."""
        if one.request.sampled:
            self.open_tries[one.request.number, one.number] = one

    def closed(self, one: Try) -> None:
        """A try's answer came; its span is over: written, held until its request is decided, or left if that was."""
        request = one.request
        if self.open_tries.pop((request.number, one.number), None) is not None and request.sampled:
            (self.spans if request.held is None else request.held).append(_span(one))

    def take_spans(self) -> Records:
        """Spans since the last call."""
        spans, self.spans = self.spans, []
        return SPAN.gather(spans)

    def open_spans(self) -> Records:
        """Spans of tries still in flight whose requests are kept, in order."""
        tries = [self.open_tries[at] for at in sorted(self.open_tries)]
        return SPAN.gather([_span(one) for one in tries if one.request.sampled and one.request.held is None])


def _span(one: Try) -> Any:
    parent = one.caller.visit
    return Span(
        request=one.request.number, call=one.number, parent=-1 if parent is None else parent.number,
        route=one.route.index, endpoint=one.endpoint, pod=-1 if one.pod is None else one.pod.ident,
        attempt=one.attempt, outcome=one.outcome, served=one.served, sent_ns=one.sent_ns,
        delivered_ns=one.delivered_ns, started_ns=one.started_ns, ended_ns=one.ended_ns,
        returned_ns=one.returned_ns, worked_ns=one.worked_ns,
    )  # fmt: skip
