"""The waterfall of one request, from its spans: who waited where, and for whom."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.text import Text

from parley.errors import UsageError
from parley.storage.run_folder import SUMMARY
from parley.storage.tables import read_columns
from parley.wording import count, number

if TYPE_CHECKING:
    from parley.runs.results import Run

NETWORK, QUEUE, WORK, BELOW, ORPHAN, BLANK = "n", "q", "w", "-", "o", " "
COLOURS = {NETWORK: "blue", QUEUE: "bold yellow", WORK: "bold green", BELOW: "dim", ORPHAN: "bold magenta", BLANK: ""}
MEANINGS = {NETWORK: "network", QUEUE: "queued", WORK: "works", BELOW: "waits for calls below", ORPHAN: "its caller gave up"}
BAR_LEAST, NAME_MOST = 16, 44


@dataclass(frozen=True)
class Span:
    """One try of one request; nan is what had not happened when the run ended."""

    call: int
    parent: int
    route: str
    name: str  # service.endpoint
    pod: str | None
    attempt: int
    outcome: str
    sent: float
    delivered: float
    started: float
    ended: float
    returned: float
    worked: float


@dataclass(frozen=True)
class RequestTrace:
    """The spans of one request, in order of calls."""

    number: int
    workload: str
    spans: tuple[Span, ...]
    now: float  # when the run ended

    @property
    def start(self) -> float:
        """When the client first sent it, in ns."""
        return min(span.sent for span in self.spans)

    @property
    def is_open(self) -> bool:
        """Whether the client still waited when the run ended."""
        return any(np.isnan(span.returned) for span in self.spans if span.parent < 0)

    @property
    def latency(self) -> float:
        """Until the client had its last answer or gave up, in ns; until the end of the run where it still waited."""
        return (self.now if self.is_open else max(span.returned for span in self.spans if span.parent < 0)) - self.start

    @property
    def end(self) -> float:
        """When the last of its spans was over, orphans included."""
        return max((x for span in self.spans for x in (span.ended, span.returned) if not np.isnan(x)), default=self.now)

    @property
    def outcome(self) -> str:
        """How the client's last try ended."""
        return [span.outcome for span in self.spans if span.parent < 0][-1]


@dataclass(frozen=True)
class Seen:
    """Sampled requests as their clients saw them, in order of number."""

    requests: NDArray[np.int64]
    start_ns: NDArray[np.float64]
    latency_ns: NDArray[np.float64]  # until the run's end where the client still waited
    succeeded: NDArray[np.bool_]  # neither: the client still waited
    failed: NDArray[np.bool_]


class Traces:
    """The sampled requests of a run. What their clients saw is in memory; the rest is read when it is asked for."""

    def __init__(self, run: Run) -> None:
        self._path, self._now = run.path, float(run.manifest["simulated_ns"])
        self._at_client = read_columns(run.path, "spans", ["request", "sent_ns", "returned_ns", "outcome"], ("parent", "<", 0))
        if not len(self._at_client["request"]):
            raise UsageError(f"{run.path}: this run kept no spans (--spans {run.manifest['spans']})")

    @classmethod
    def of(cls, run: Run) -> Traces | None:
        """The traces of a run; None where it kept none."""
        try:
            return cls(run)
        except UsageError:
            return None

    def __len__(self) -> int:
        return len(self.seen.requests)

    @cached_property
    def seen(self) -> Seen:
        """What the clients saw, a value a request."""
        rows = self._at_client
        requests, place = np.unique(rows["request"], return_inverse=True)
        first, last = np.full(len(requests), np.inf), np.zeros(len(requests))
        succeeded, in_flight = np.zeros((2, len(requests)), dtype=np.bool_)
        np.minimum.at(first, place, rows["sent_ns"].astype(float))
        returned = rows["returned_ns"].astype(float)
        np.maximum.at(last, place, np.where(np.isnan(returned), self._now, returned))
        succeeded[place[rows["outcome"] == "ok"]] = True  # of tries that race, one is enough
        in_flight[place[np.isnan(returned)]] = True
        return Seen(requests, first, last - first, succeeded & ~in_flight, ~succeeded & ~in_flight)

    def slowest(self, most: int) -> list[RequestTrace]:
        """The requests whose clients waited longest, longest first; of equals the first that came."""
        return self.requests(self.seen.requests[np.lexsort((self.seen.requests, -self.seen.latency_ns))[:most]])

    def typical(self, most: int) -> list[RequestTrace]:
        """The successful requests nearest to the median latency; of equals the first that came."""
        fine = np.flatnonzero(self.seen.succeeded)
        if not len(fine):
            return []
        away = np.abs(self.seen.latency_ns[fine] - np.median(self.seen.latency_ns[fine]))
        return self.requests(self.seen.requests[fine[np.lexsort((self.seen.requests[fine], away))[:most]]])

    def request(self, wanted: int) -> RequestTrace:
        """The trace of one request. Raises UsageError where it left no spans."""
        found = self.requests([wanted])
        if not found:
            raise UsageError(f"request {wanted} left no spans; {len(self):,} of the run's requests did")
        return found[0]

    def requests(self, wanted: Sequence[int] | NDArray[np.int64]) -> list[RequestTrace]:
        """The traces of some requests, in that order, from one reading; those without spans are left out."""
        numbers = [int(number) for number in wanted]
        rows = read_columns(self._path, "spans", where=("request", "in", numbers))
        order = np.lexsort((rows["call"], rows["request"]))
        firsts = np.flatnonzero(np.diff(rows["request"][order], prepend=-1))
        found = {int(rows["request"][some[0]]): self._trace(rows, some) for some in np.split(order, firsts[1:]) if len(some)}
        return [found[number] for number in numbers if number in found]

    def _trace(self, rows: dict[str, Any], some: Any) -> RequestTrace:
        spans = tuple(_span(rows, i) for i in some)
        workload = rows["workload"][some[0]] or spans[0].route.split(" ")[0]
        return RequestTrace(int(rows["request"][some[0]]), str(workload), spans, self._now)


def print_trace(console: Console, trace: RequestTrace) -> None:
    """The waterfall: a line a try, indented below its caller, on one axis of time."""
    console.print(Text.assemble((f"request {trace.number:,}", "bold cyan"), f" · {trace.workload} · came at {trace.start / 1e9:.6f} s · ",
                                (f"{number(trace.latency / 1e6)} ms", "bold"), " · ", _verdict(trace)))  # fmt: skip
    lines = [(depth, span) for depth, span in tree(trace)]
    names = [f"{'  ' * depth}{name_of(span)}" for depth, span in lines]
    wide = min(NAME_MOST, max(map(len, names)))
    room = max(BAR_LEAST, console.width - wide - 24)
    for name, (_, span) in zip(names, lines, strict=True):
        spent = (trace.now if np.isnan(span.returned) else span.returned) - span.sent
        short = name if len(name) <= wide else f"{name[: wide - 1]}…"
        line = Text.assemble(f"{short:<{wide}} ", _bar(trace, span, room), f" {number(spent / 1e6):>8} ", _ending(span))
        console.print(line, no_wrap=True, overflow="ellipsis")
    edge = f"{number((trace.end - trace.start) / 1e6)} ms"
    console.print(Text(f"{'':<{wide}} 0{edge:>{room - 1}}", "dim"), no_wrap=True)


def print_legend(console: Console) -> None:
    """What the letters of a bar mean."""
    parts = [piece for sign, says in MEANINGS.items() for piece in ((sign, COLOURS[sign]), f" {says}   ")]
    console.print(Text.assemble(*parts))


def print_traces(console: Console, run: Run, slowest: int, request: int | None) -> None:
    """One request, or the slowest few."""
    traces = Traces(run)
    chosen = [traces.request(request)] if request is not None else traces.slowest(slowest)
    if request is None:
        known = (run.path / SUMMARY).exists()  # a run that was killed at once has spans, but no summary yet
        of_all = f", of {count(run.summary['requests']['offered'])} in the run" if known else ""
        console.print(f"the slowest of {count(len(traces))} requests with spans{of_all}\n")
    for trace in chosen:
        print_trace(console, trace)
        console.print()
    print_legend(console)


def _span(rows: dict[str, Any], i: np.int64) -> Span:
    times = [float(rows[f"{name}_ns"][i]) for name in ("sent", "delivered", "started", "ended", "returned", "worked")]
    return Span(int(rows["call"][i]), int(rows["parent"][i]), rows["route"][i], f"{rows['service'][i]}.{rows['endpoint'][i]}",
                rows["pod"][i], int(rows["attempt"][i]), rows["outcome"][i], *times)  # fmt: skip


def tree(trace: RequestTrace, parent: int = -1, depth: int = 0) -> Iterator[tuple[int, Span]]:
    """Depth and span, each below the visit that called it."""
    for span in trace.spans:
        if span.parent == parent:
            yield depth, span
            yield from tree(trace, span.call, depth + 1)


def name_of(span: Span) -> str:
    """`catalog.list @3 try 2`."""
    retry = f" try {span.attempt + 1}" if span.attempt else ""
    return f"{span.name} @{span.pod.rsplit('-', 1)[1] if span.pod else '-'}{retry}"


def _bar(trace: RequestTrace, span: Span, room: int) -> Text:
    """The span as letters on the request's axis; what is shorter than a letter still shows one."""
    scale = room / max(trace.end - trace.start, 1.0)
    below = [child for child in trace.spans if child.parent == span.call]
    cells = [state_at(span, below, trace.start + (i + 0.5) / scale, trace.now) for i in range(room)]
    if not "".join(cells).strip():
        cells[min(room - 1, int((span.sent - trace.start) * scale))] = _longest(span)
    bar = Text()
    for cell in cells:
        bar.append(cell, COLOURS[cell])
    return bar


def state_at(span: Span, below: list[Span], time: float, now: float) -> str:
    """What a try does at a time."""
    ended, returned = (now if np.isnan(x) else x for x in (span.ended, span.returned))
    if not span.sent <= time < max(ended, returned):
        return BLANK
    if time >= returned:
        return ORPHAN
    if np.isnan(span.delivered) or time < span.delivered or time >= ended:
        return NETWORK
    if np.isnan(span.started) or time < span.started:
        return QUEUE if not any(child.sent <= time for child in below) else BELOW
    waits = any(child.sent <= time < (now if np.isnan(child.returned) else child.returned) for child in below)
    return BELOW if waits else WORK


def _longest(span: Span) -> str:
    return WORK if span.worked > 0 else NETWORK


def _ending(span: Span) -> Text:
    return Text("ok", "green") if span.outcome == "ok" else Text(span.outcome, "yellow" if span.outcome == "pending" else "bold red")


def _verdict(trace: RequestTrace) -> Text:
    if trace.is_open:
        return Text("still in flight", "yellow")
    return Text("ok", "green") if trace.outcome == "ok" else Text(trace.outcome, "bold red")
