"""What is written down while a run goes on: tables, checkpoints of the digest, and the summary so far."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from parley.interventions.interventions import Seated
from parley.recording.message_rows import MESSAGES, Outbox, message_columns
from parley.recording.snapshots import Lookout, Snapshot, service_means
from parley.recording.spans import SpanColumns, pod_name, pod_names
from parley.recording.summarizing import QUANTILES, summary_of
from parley.recording.warming import judged
from parley.recording.windows import Window, WindowColumns, window_ns
from parley.statistics.batching import Batches
from parley.storage.parts import TableWriter, Writer
from parley.storage.run_folder import MANIFEST, SUMMARY, RunFolder, as_json
from parley.storage.tables import columns_of_objects
from scenarios.schema.steadiness import unsteady
from sim.clock import ControlPhase
from sim.mesh import Mesh
from sim.plane import Glance, Records
from sim.telemetry import Grown, HistogramGrowth

CHECKPOINTS = 20  # of a whole run, about
SPANS_A_PART = 65_536


@dataclass
class Manifest:
    """What a run is, kept current in its folder."""

    folder: RunFolder
    content: dict[str, Any]
    began: float = field(default_factory=time.monotonic)

    def changed(self, **changes: Any) -> bytes:
        """Change some entries; the file as it is to be."""
        self.content.update(changes, wall_s=round(time.monotonic() - self.began, 3))
        return as_json(self.content)

    def write(self, **changes: Any) -> None:
        """Change some entries and put the file in place."""
        self.folder.write_bytes(MANIFEST, self.changed(**changes))


class Recording:
    """A recorder on the control clock. It looks at window ends, before anybody acts there, and changes nothing."""

    def __init__(self, mesh: Mesh, seated: Seated, manifest: Manifest, writer: Writer) -> None:
        self._mesh, self._seated, self._manifest, self._writer = mesh, seated, manifest, writer
        self._layout, self._warmup = mesh.plane.layout, mesh.scenario.warmup
        self._window = window_ns(mesh.scenario.duration)
        windows = -(-mesh.scenario.duration // self._window)
        self._between_checkpoints = max(1, windows // CHECKPOINTS) * self._window
        self._pod_names: list[str] = []
        table = partial(TableWriter, writer, manifest.folder)
        self._spans = table("spans", SpanColumns(self._layout, self._pod_names), SPANS_A_PART)
        self._lookout = Lookout(self._layout, mesh.cluster)
        self._tables = {
            "windows": table("windows", WindowColumns(self._layout, self._lookout.busyness)), "spans": self._spans,
            "decisions": table("decisions", columns_of_objects("decisions")),
            "pods": table("pods", columns_of_objects("pods")),
        }  # fmt: skip
        self._outbox = None if seated.messages is None else Outbox(seated.messages)
        if self._outbox is not None:
            self._tables[MESSAGES] = table(MESSAGES, message_columns)
        self._latencies, self._insides = HistogramGrowth(), HistogramGrowth()
        self._batches = Batches(len(self._layout.workloads)) if unsteady(mesh.scenario) is None else None
        self._inside: list[int] = []  # requests, at the ends of windows
        self._decided = 0  # already written
        seen = mesh.plane.glance()
        self._last = self._warm = self._look(seen)
        self._grown(seen)
        self._pod_names += pod_names(self._layout, seen)

    def begin(self) -> None:
        """Set the first window end on the clock, and take what comes before it."""
        self._mesh.cluster.on_ready.append(lambda pod: self._pod_names.append(pod_name(pod.service, pod.number)))
        self._mesh.plane.drain_spans(self._take_spans)
        self._wait()

    def end(self) -> dict[str, Any]:
        """Hand over the rest; the summary of what there is."""
        self._close_window()
        self._take_messages(at_the_end=True)
        self._take_spans(self._mesh.plane.open_spans())
        for table in self._tables.values():
            table.flush(now=True)
        summary = self._summary() | {"warmup": judged(self._mesh.scenario, self._inside)}
        if self._batches is not None:
            summary["estimates"] = {path: one.as_json() for path, one in self._batches.estimates(self._layout.workloads, QUANTILES).items()}
        self._writer.hand_over(partial(self._manifest.folder.write_json, SUMMARY, summary))
        return summary

    @property
    def last(self) -> Snapshot:
        """How things stood at the end of the last window."""
        return self._last

    def _wait(self) -> None:
        now = self._mesh.clock.now_ns
        due = (now // self._window + 1) * self._window
        if now < self._warmup < due:
            due = self._warmup
        self._mesh.clock.at(due, ControlPhase.SCRAPE, "windows", self._tick)

    def _tick(self) -> None:
        self._writer.check()
        self._close_window()
        now = self._mesh.clock.now_ns
        is_checkpoint = now % self._between_checkpoints == 0
        for table in self._tables.values():
            table.flush(now=is_checkpoint)
        if is_checkpoint:
            self._manifest.content["checkpoints"].append([now, self._mesh.plane.digest()])
            manifest, summary = self._manifest.changed(simulated_ns=now), as_json(self._summary())
            self._writer.hand_over(partial(self._checkpoint, manifest, summary))
        self._wait()

    def _checkpoint(self, manifest: bytes, summary: bytes) -> None:
        """In the writer's thread, after the parts: only what the tables hold is told."""
        if all(table.is_whole for table in self._tables.values()):
            self._manifest.folder.write_bytes(MANIFEST, manifest)
            self._manifest.folder.write_bytes(SUMMARY, summary)

    def _close_window(self) -> None:
        seen = self._mesh.plane.glance()
        before, after = self._last, self._look(seen)
        if after.now_ns > before.now_ns:
            window = Window(before, after, *self._grown(seen))
            self._tables["windows"].add([window], len(after.classes) + len(after.services))
            self._last = after
            self._note(window)
        if after.now_ns <= self._warmup:
            self._warm = after
        self._take_spans(self._mesh.plane.take_spans())
        rows = self._seated.decisions[self._decided :]
        self._decided += len(rows)
        self._tables["decisions"].add(rows)
        self._take_messages()

    def _note(self, window: Window) -> None:
        """For what is judged at the end: whether the warm-up was long enough, and how sure the figures are."""
        before, after = window.before, window.after
        if after.now_ns % self._window == 0:
            self._inside.append(after.in_flight)
        if self._batches is not None and before.now_ns >= self._warmup and after.now_ns - before.now_ns == self._window:
            self._batches.add(after.classes - before.classes, window.latencies)

    def _take_messages(self, at_the_end: bool = False) -> None:
        if self._outbox is not None:
            self._tables[MESSAGES].add(self._outbox.take(at_the_end))

    def _take_spans(self, spans: Records) -> None:
        for first in range(0, len(spans), SPANS_A_PART):
            some = spans[first : first + SPANS_A_PART]
            self._spans.add([some.tobytes()], len(some))  # bytes, for NumPy copies records field by field
            self._spans.flush()

    def _look(self, seen: Glance) -> Snapshot:
        found = self._lookout.snapshot(seen)
        self._tables["pods"].add(self._lookout.events)
        return found

    def _grown(self, seen: Glance) -> tuple[Grown, Grown]:
        """What grew of the histograms since the last time."""
        return self._latencies.take(seen.workload_histogram), self._insides.take(seen.service_histogram)

    def _summary(self) -> dict[str, Any]:
        means = service_means(self._lookout.busyness, self._warm, self._last)
        return summary_of(self._mesh, means, self._manifest.content["until_ns"], self._seated)
