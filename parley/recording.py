"""What is written down while a run goes on: tables, checkpoints of the digest, and the summary so far."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from agents.agent import Decision
from parley.run_folder import MANIFEST, SUMMARY, RunFolder
from parley.snapshots import PodTimes, Snapshot, window_rows
from parley.spans import span_columns
from parley.summarizing import summary_of
from parley.tables import Columns, TableWriter, columns_of_objects, columns_of_rows
from sim.clock import ControlPhase
from sim.mesh import Mesh
from sim.plane import Records

WINDOWS, CHECKPOINTS = 600, 20  # of a whole run, about
WINDOW_LEAST_NS = 100_000_000


def window_ns(duration_ns: int) -> int:
    """The length of a window: 1, 2 or 5 times a power of ten, at least WINDOW_LEAST_NS, so that about WINDOWS fit."""
    length = WINDOW_LEAST_NS
    while True:
        for factor in (1, 2, 5):
            if factor * length * WINDOWS >= duration_ns:
                return factor * length
        length *= 10


@dataclass
class Manifest:
    """What a run is, kept current in its folder."""

    folder: RunFolder
    content: dict[str, Any]
    began: float = field(default_factory=time.monotonic)

    def write(self, **changes: Any) -> None:
        """Change some entries and put the file in place."""
        self.content.update(changes, wall_s=round(time.monotonic() - self.began, 3))
        self.folder.write_json(MANIFEST, self.content)


class Recording:
    """A recorder on the control clock. It looks at window ends, before anybody acts there, and changes nothing."""

    def __init__(self, mesh: Mesh, decisions: list[Decision], manifest: Manifest) -> None:
        self._mesh, self._decisions, self._manifest = mesh, decisions, manifest
        self._layout, self._warmup = mesh.plane.layout, mesh.scenario.warmup
        self._window = window_ns(mesh.scenario.duration)
        windows = -(-mesh.scenario.duration // self._window)
        self._between_checkpoints = max(1, windows // CHECKPOINTS) * self._window
        makers: dict[str, Callable[[list[Any]], Columns]] = {
            "windows": columns_of_rows, "spans": self._span_columns,
            "decisions": columns_of_objects("decisions"), "pods": columns_of_objects("pods"),
        }  # fmt: skip
        self._tables = {name: TableWriter(manifest.folder, name, maker) for name, maker in makers.items()}
        self._pod_times = PodTimes(self._layout.services)
        self._decided = self._pod_events = 0  # already written
        self._last = self._warm = self._look()

    def begin(self) -> None:
        """Set the first window end on the clock."""
        self._wait()

    def end(self) -> dict[str, Any]:
        """Write down the rest; the summary of what there is."""
        self._close_window()
        self._take_spans(self._mesh.plane.open_spans())
        for table in self._tables.values():
            table.flush(now=True)
        return self._write_summary()

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
        self._close_window()
        now = self._mesh.clock.now_ns
        is_checkpoint = now % self._between_checkpoints == 0
        for table in self._tables.values():
            table.flush(now=is_checkpoint)
        if is_checkpoint:
            self._manifest.content["checkpoints"].append([now, self._mesh.plane.digest()])
            self._manifest.write(simulated_ns=now)
            self._write_summary()
        self._wait()

    def _close_window(self) -> None:
        before, after = self._last, self._look()
        if after.seen.now_ns > before.seen.now_ns:
            self._tables["windows"].add([*window_rows(self._layout, before, after, self._mesh.cluster)])
            self._last = after
        if after.seen.now_ns <= self._warmup:
            self._warm = after
        self._take_spans(self._mesh.plane.take_spans())
        rows = self._decisions[self._decided :]
        self._decided += len(rows)
        self._tables["decisions"].add(rows)

    def _take_spans(self, spans: Records) -> None:
        if len(spans):
            self._tables["spans"].add([spans], len(spans))

    def _span_columns(self, taken: list[Records]) -> Columns:
        return span_columns(self._layout, self._last.seen, np.concatenate(taken))

    def _look(self) -> Snapshot:
        events = self._mesh.cluster.log[self._pod_events :]
        self._pod_events += len(events)
        self._pod_times.take(events)
        self._tables["pods"].add(events)
        seen = self._mesh.plane.observe()
        return Snapshot(seen, self._pod_times.at(seen.now_ns))

    def _write_summary(self) -> dict[str, Any]:
        summary = summary_of(self._mesh, self._warm, self._last, self._manifest.content["until_ns"])
        self._manifest.folder.write_json(SUMMARY, summary)
        return summary
