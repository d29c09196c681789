"""What a report knows of one run: its folder, read once."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from parley.analysis.timeline import Timeline
from parley.analysis.tracing import Traces
from scenarios.schema.scenario import Scenario

if TYPE_CHECKING:
    from parley.runs.results import Run


class Facts:
    """A run as sections ask for it."""

    def __init__(self, run: Run) -> None:
        self._run, self.path = run, run.path
        self.manifest: dict[str, Any] = run.manifest

    @cached_property
    def summary(self) -> dict[str, Any] | None:
        """The figures; None for a run that was killed before its first checkpoint."""
        return self._run.summary if self._run.has_summary else None

    @cached_property
    def scenario(self) -> Scenario:
        """The world that was run."""
        return self._run.scenario

    @cached_property
    def timeline(self) -> Timeline:
        """Windows, decisions and faults."""
        return Timeline(self.path, self.scenario)

    @cached_property
    def traces(self) -> Traces | None:
        """The sampled requests; None for a run that kept none."""
        return Traces.of(self._run)

    @property
    def has_windows(self) -> bool:
        """Whether a first window was written."""
        return bool(self.timeline.classes) and len(self.timeline.classes[0].start_s) > 0
