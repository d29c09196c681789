"""Heat maps over time: how latencies of requests are spread, and where in the mesh time is spent."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from parley.analysis.timeline import Array, Series, Timeline
from parley.pages.drawing import WARM_UP, Dots, Frame, Line, Row, over_time
from parley.pages.facts import Facts
from parley.pages.plotting import CLEAR, packed, packed_ms, plain
from parley.pages.section import Figure, Note, Section
from parley.pages.sections.load import NO_WINDOWS
from parley.pages.theme import HEAT
from parley.wording import clock, count, number

ACROSS, UP = 120, 44  # cells
SERVICES_MAX = 30
DECADES_OF_DIGITS = 1.7  # of a scale that also names twos and fives
FAILURES_MAX = 400
SPREADS = {"sample": "sampled", "all": "", "tail": "failed or too slow"}


def heat(facts: Facts) -> Section:
    """From spans the requests, from windows the services."""
    if not facts.has_windows:
        return Section("heat", "Latency over time", left_out=NO_WINDOWS)
    by_service = _of_services(facts.timeline)
    if facts.traces is None:
        kept = facts.manifest["spans"]
        return Section("heat", "Latency over time", _SERVICES, [by_service],
                       left_out=f"The map of requests is drawn from spans, and this run kept none (--spans {kept}).")  # fmt: skip
    kind = SPREADS.get(facts.manifest["spans"], "")
    says = (f"Above, from spans: {count(len(facts.traces))} {kind} requests by when they came and how long their clients waited; the "
            "stronger the colour, the more of them. Crosses failed; the line is the p99 of all answers, from windows.")  # fmt: skip
    return Section(
        "heat", "Latency over time", says, [_of_requests(facts), Note(f"Below, from windows. {_SERVICES}"), by_service]
    )


_SERVICES = "The p99 of the time that visits spent inside each service; the stronger the colour, the longer. A gap: nothing was visited."


def _of_requests(facts: Facts) -> Figure:
    assert facts.traces is not None
    timeline, seen = facts.timeline, facts.traces.seen
    start_s, latency_ms = seen.start_ns / 1e9, seen.latency_ns / 1e6
    latency_ms = np.maximum(latency_ms, np.min(latency_ms[latency_ms > 0], initial=1.0) / 2)  # refused at once
    low, high = np.log10([latency_ms.min() / 1.15, latency_ms.max() * 1.15])
    counts, when, how_long = np.histogram2d(start_s[seen.succeeded], np.log10(latency_ms[seen.succeeded]), (ACROSS, UP),
                                            ((0, timeline.end_s), (low, high)))  # fmt: skip
    bad = np.flatnonzero(seen.failed)[:: -(-max(1, int(seen.failed.sum())) // FAILURES_MAX)]
    crosses = Dots(start_s[bad], latency_ms[bad], [f"request {seen.requests[i]:,} failed after {latency_ms[i]:.4g} ms" for i in bad],
                   "failed", "@red", "x", 6)  # fmt: skip
    lines = [
        Line(
            one.middle_s,
            one.columns["latency_p99_ms"],
            "p99" if len(timeline.classes) == 1 else f"p99 {one.name}",
            "@orange",
            dash,
            1.4,
            label="",
        )
        for one, dash in zip(timeline.classes[:3], ("solid", "dash", "dot"), strict=False)
    ]
    row = Row("latency, ms", lines, [crosses] if len(bad) else [], is_log=True)
    figure = over_time("How latencies of requests are spread over time", [row], Frame(timeline, 380))
    shown = np.where(counts > 0, np.log10(1 + counts), np.nan).T
    lowest, highest = figure.layout["yaxis"]["range"]
    axis = figure.layout["yaxis"] | {"range": [float(min(low, lowest)), float(max(high, highest))]}
    trace = _map(when, 10 ** ((how_long[1:] + how_long[:-1]) / 2), shown, counts.T, "%{y:.3~g} ms: %{customdata} requests")
    return Figure(figure.name, [trace, *figure.traces], figure.layout | _of_maps(figure.layout, axis))


def _of_services(timeline: Timeline) -> Figure:
    """A row a service, those that got slowest."""
    visited = [one for one in timeline.services if np.isfinite(one.columns["inside_p99_ms"]).any()] or timeline.services[:1]
    slowest = sorted(visited, key=lambda one: -_highest(one))[:SERVICES_MAX]
    shown = [one for one in timeline.services if one in slowest]
    of_all = "" if len(shown) == len(visited) else f", the {len(shown)} slowest of {len(visited)} services"
    edges = np.linspace(0, timeline.end_s, ACROSS + 1)
    inside_ms = np.array([_greatest(one, edges) for one in shown])
    figure = over_time(
        "The p99 inside each service over time",
        [Row(f"p99 inside, ms{of_all}")],
        Frame(timeline, 80 + 24 * max(4, len(shown))),
    )
    margin = figure.layout["margin"] | {"l": min(200, 20 + 7 * max(len(one.name) for one in shown)), "r": 70}
    axis = figure.layout["yaxis"] | {"type": "category", "autorange": "reversed", "range": None, "tickformat": "", "dtick": 1,
                                     "gridcolor": CLEAR}  # fmt: skip
    logs = np.log10(np.where(inside_ms > 0, inside_ms, np.nan))
    trace = _map(edges, [plain(one.name) for one in shown], logs, inside_ms, "%{y}: %{customdata:.4~g} ms")
    there = logs[np.isfinite(logs)]
    ticks = log_ticks(float(there.min()), float(there.max())) if len(there) else []
    bar = {"thickness": 10, "outlinewidth": 0, "tickvals": ticks, "ticktext": [number(10**x) for x in ticks],
           "tickfont": {"color": "@quiet", "size": 11}, "title": {"text": "ms", "font": {"size": 12}}}  # fmt: skip
    words = [one for one in figure.layout["annotations"] if one["text"] != WARM_UP]  # a cell lies below it
    layout = figure.layout | _of_maps(figure.layout, axis) | {"margin": margin, "annotations": words}
    return Figure(figure.name, [trace | {"showscale": True, "colorbar": bar}], layout)


def log_ticks(low: float, high: float) -> list[float]:
    """1, 2, 5, 10, ... between two logarithms; where that is one or none, the two."""
    every = [10.0**power * digit for power in range(math.floor(low), math.ceil(high) + 1) for digit in (1, 2, 5)]
    if high - low > DECADES_OF_DIGITS:
        every = [value for value in every if f"{value:e}".startswith("1")]
    found = [math.log10(value) for value in every if low <= math.log10(value) <= high]
    return found if len(found) > 1 else [low, high]


def _of_maps(layout: dict[str, Any], axis: dict[str, Any]) -> dict[str, Any]:
    """What is different in a layout where cells are drawn."""
    return {"hovermode": "closest", "shapes": _lines_above(layout["shapes"]), "yaxis": axis}


def _lines_above(shapes: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Cells hide the bands of faults and the warm-up: lines where they begin and end lie above."""
    found = []
    for shape in shapes:
        if shape["type"] == "rect":
            colour = "@quiet" if shape["fillcolor"] == "@faint" else shape["fillcolor"]
            line = {"type": "line", "layer": "above", "line": {"color": colour, "width": 1.2, "dash": "dot"}, "x0": shape["x1"]}
            found.append({key: shape[key] for key in ("xref", "yref", "y0", "y1", "x1")} | line)
        else:
            found.append(shape | {"layer": "above"})
    return [*(shape for shape in shapes if shape["type"] == "rect"), *found]


def _highest(one: Series) -> float:
    return float(np.nanmax(one.columns["inside_p99_ms"], initial=0.0))


def _greatest(one: Series, edges: Array) -> Array:
    """The highest p99 of the windows in each cell, so that none is hidden; nan where there was none."""
    found = np.full(len(edges) - 1, np.nan)
    first = np.clip(np.searchsorted(edges, one.start_s, side="right") - 1, 0, len(found) - 1)
    last = np.clip(np.searchsorted(edges, one.end_s, side="left") - 1, 0, len(found) - 1)
    for a, b, value in zip(first, last, one.columns["inside_p99_ms"], strict=True):
        found[a : b + 1] = np.fmax(found[a : b + 1], value)
    return found


def _map(edges_s: Array, y: Any, shown: Array, told: Array, words: str) -> dict[str, Any]:
    """Cells coloured by `shown`, that tell `told`."""
    middle = (edges_s[1:] + edges_s[:-1]) / 2
    width = clock(1e9 * float(edges_s[1] - edges_s[0]))
    return {
        "type": "heatmap", "x": packed_ms(middle), "y": y if isinstance(y, list) else packed(y), "z": packed(shown),
        "customdata": packed(told),
        "colorscale": HEAT, "showscale": False, "hoverongaps": False,
        "hovertemplate": f"%{{x}}, {width} wide<br>{words}<extra></extra>",
    }  # fmt: skip
