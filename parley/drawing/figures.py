"""Pictures of a run, drawn from its folder."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

from parley.analysis.bargains import bargains_of
from parley.analysis.flows import Flows, stretch
from parley.analysis.timeline import Timeline
from parley.drawing.canvas import Picture, blank, name_faults, stacked
from parley.drawing.flow_figure import picture_of_flows
from parley.drawing.negotiation_figure import picture_of_negotiation
from parley.drawing.panels import (
    GREEN,
    INK,
    QUIET,
    RED,
    draw_hysteresis,
    draw_latency,
    draw_load,
    draw_queues,
    draw_replicas,
    name_warmup,
)
from parley.errors import UsageError
from parley.storage.run_folder import PICTURE
from parley.wording import count, money, number, percent
from scenarios.schema.scenario import Scenario

Panel = Callable[[Any, Timeline], None]
OVERVIEW: tuple[tuple[Panel, float], ...] = ((draw_load, 1.2), (draw_latency, 1.2), (draw_queues, 0.9), (draw_replicas, 1.0))
HIGH = 10.0  # inches
QUESTION_MAX = 170  # characters: one line


class Figures:
    """Pictures of one run."""

    def __init__(self, path: Path, scenario: Scenario, summary: dict[str, Any]) -> None:
        self._path, self._summary = path, summary
        self._timeline = Timeline(path, scenario)

    def overview(self) -> Picture:
        """Load against capacity, latency, queues and pods, over time."""
        figure, panels = stacked([height for _, height in OVERVIEW], HIGH, head=1.4)
        for axes, (draw, _) in zip(panels, OVERVIEW, strict=True):
            draw(axes, self._timeline)
            axes.tick_params(labelbottom=axes is panels[-1])
        figure.align_ylabels(panels)
        name_warmup(panels[0], self._timeline)
        name_faults(panels[0], self._timeline)
        _head(figure, self._timeline.scenario, self._summary)
        return Picture(figure)

    def save_overview(self) -> Path:
        """The overview as a file in the run folder. Raises FolderError."""
        return self.overview().save(self._path / PICTURE)

    def load(self) -> Picture:
        """Offered load against capacity."""
        return self._alone(draw_load)

    def latency(self) -> Picture:
        """Latency quantiles over time."""
        return self._alone(draw_latency)

    def queues(self) -> Picture:
        """What waits, by service."""
        return self._alone(draw_queues)

    def replicas(self) -> Picture:
        """Pods by service, with the decisions."""
        return self._alone(draw_replicas)

    def hysteresis(self) -> Picture:
        """What was answered well against what was asked for: up to the highest load, and down again. They part where the mesh fell."""
        figure = blank(9.0, 6.0)
        axes = figure.subplots(gridspec_kw={"left": 0.105, "right": 0.97, "top": 0.86, "bottom": 0.115})
        draw_hysteresis(axes, self._timeline)
        figure.text(0.105, 0.945, self._timeline.scenario.name.replace("_", " "), fontsize=17, fontweight="bold", color=INK, va="center")
        return Picture(figure)

    def negotiation(self) -> Picture:
        """Who asked for what, and held how much until when; the price, and the load. Raises UsageError where nobody negotiates."""
        bargains = bargains_of(self._path, self._timeline.scenario.workload)
        if not bargains.said:
            raise UsageError(f"{self._path}: nobody said anything in this run; a negotiation is drawn of one whose agents negotiate")
        return picture_of_negotiation(self._timeline, bargains)

    def flows(self, before: str | None = None, after: str | None = None, by: str = "service") -> Picture:
        """Calls between services, or zones, in two stretches ("1m..2m") of the run: its first and last quarter if none is given.

        Raises UsageError where the run did not keep what it takes.
        """
        flows = Flows(self._path, self._timeline.scenario)
        over = [one if text is None else stretch(text, flows.until_ns) for text, one in zip((before, after), flows.ends(), strict=True)]
        was, now = ((one, flows.graph(one, by)) for one in over)
        return picture_of_flows(self._timeline.scenario, was, now, by)

    def _alone(self, draw: Panel) -> Picture:
        figure, (axes,) = stacked([1.0], 4.5, head=0.5)
        draw(axes, self._timeline)
        name_warmup(axes, self._timeline)
        name_faults(axes, self._timeline)
        return Picture(figure)


def _head(figure: Any, scenario: Scenario, summary: dict[str, Any]) -> None:
    """Name, question, and the figures that answer it."""
    left, right, top = 0.062, 0.985, 1 - 0.2 / HIGH
    figure.text(left, top, scenario.name, fontsize=22, fontweight="bold", color=INK, va="top")
    question = textwrap.shorten(scenario.question, QUESTION_MAX, placeholder=" …")
    figure.text(left, top - 0.058, question, fontsize=13, color=QUIET, va="top", style="italic")
    for index, (name, value, colour) in enumerate(reversed(_tiles(summary))):
        figure.text(right - 0.098 * index, top, value, fontsize=18, fontweight="bold", color=colour, va="top", ha="right")
        figure.text(right - 0.098 * index, top - 0.031, name, fontsize=11, color=QUIET, va="top", ha="right")
    figure.text(right, 0.008, f"trace {summary['trace_digest']}", fontsize=9, color=QUIET, ha="right", family="monospace")


def _tiles(summary: dict[str, Any]) -> list[tuple[str, str, str]]:
    met = [one["met"] for one in summary["slo"].values()]
    tiles = [
        ("requests", count(summary["requests"]["offered"]), INK), ("good", percent(summary["good"]), INK),
        ("p50, ms", number(summary["latency_ms"]["p50"], 3), INK), ("p99, ms", number(summary["latency_ms"]["p99"], 3), INK),
    ]  # fmt: skip
    if met:
        tiles.append(("objectives", "met" if all(met) else "missed", GREEN if all(met) else RED))
    if summary["cost"]["total"]:
        tiles.append(("cost", money(summary["cost"]["total"], summary["cost"]["currency"]), INK))
    return tiles
