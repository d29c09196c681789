"""Lines in rows below each other, most over time: traces and a layout for Plotly, with words beside lines instead of a legend."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from parley.analysis.timeline import Array, Timeline
from parley.drawing.panels import apart, fault_lanes, fault_spans
from parley.pages.plotting import at_ms, packed, packed_ms, plain, plain_layout, quiet_axis, time_axis, word
from parley.pages.section import Figure

POINTS, POINTS_SMALL = 640, 240  # of a line, at most; beyond that the least and the greatest of each stretch stay
WARM_UP = "warm-up"
SPARSE = 0.8  # of a line's points; with fewer, points that stand alone are drawn as such
LETTER, LANE, ROW_HEAD = 7.0, 17, 26  # pixels: a letter's width, a line of names of faults, the title above a row


@dataclass(frozen=True)
class Line:
    """A line; `y` may have gaps (nan). A level that was read at the end of a window is a step."""

    x_s: Array  # seconds, or what else the rows are drawn against
    y: Array
    name: str
    colour: str
    dash: str = "solid"
    width: float = 1.8
    is_step: bool = False
    label: str | None = None  # beside its end; "" for none, else its name
    hover: str = "%{y:.4~g}"
    over: Line | None = None  # the area down to this line is filled
    fill: str = ""  # the area down to zero, in this colour
    stack: str = ""  # lines of one name stand on each other


@dataclass(frozen=True)
class Dots:
    """Marks, each with a text of its own."""

    x_s: Array
    y: Array
    texts: Sequence[str]
    name: str
    colour: str
    symbol: str = "circle"
    size: int = 8


@dataclass(frozen=True)
class Level:
    """A bound across the row."""

    y: float
    name: str
    colour: str = "@red"


@dataclass(frozen=True)
class Row:
    """Axes over time: a title with its unit, and what is drawn."""

    title: str
    lines: Sequence[Line] = ()
    dots: Sequence[Dots] = ()
    levels: Sequence[Level] = ()
    weight: float = 1.0
    is_log: bool = False
    low: float | None = 0.0
    high: float | None = None
    ticks: str = ""  # d3's format

    def span(self) -> tuple[float, float]:
        """From the least to the greatest to be seen, with room above."""
        values = [line.y[np.isfinite(line.y)] for line in self.stacked()] + [dots.y for dots in self.dots]
        every = (
            np.concatenate([*values, np.array([level.y for level in self.levels])])
            if values or self.levels
            else np.zeros(0)
        )
        every = every[every > 0] if self.is_log else every
        if not len(every):
            return (0.1, 10.0) if self.is_log else (0.0, 1.0)
        least, most = float(every.min()), float(every.max())
        if self.is_log:
            return (least / 2, most * 2) if most / least >= 4 else (least / 4, most * 4)
        low = least if self.low is None else self.low
        high = self.high if self.high is not None else low + 1.12 * (most - low)
        return low, high if high > low else low + 1.0

    def stacked(self) -> list[Line]:
        """Lines at the height they are drawn at."""
        if not self.lines or not self.lines[0].stack:
            return list(self.lines)
        total = np.sum([np.nan_to_num(line.y) for line in self.lines], axis=0)
        return [*self.lines, Line(self.lines[0].x_s, total, "", "")]


Draw = Callable[[Line, str], list[dict[str, Any]]]  # a line on a y axis → its traces
Pack = Callable[[Array], Any]  # places along x → as Plotly reads them


@dataclass(frozen=True)
class Frame:
    """What all figures of a run share: its time, warm-up and faults."""

    timeline: Timeline
    height: int
    is_small: bool = False

    @property
    def points(self) -> int:
        """Of a line, at most."""
        return POINTS_SMALL if self.is_small else POINTS


def over_time(name: str, rows: Sequence[Row], frame: Frame, title: str = "") -> Figure:
    """Rows on one axis of time. `name` says what is to be seen, for those who do not see it."""
    lanes = [] if frame.is_small else fault_lanes(frame.timeline, 150)
    top = 8 + LANE * (1 + max((lane for *_, lane in lanes), default=-1)) + ROW_HEAD
    margin = {"l": 44 if frame.is_small else 62, "r": room_of(rows), "t": top, "b": 30}
    layout: dict[str, Any] = plain_layout(frame.height, margin) | {
        "xaxis": time_axis(frame.timeline.end_s, 5 if frame.is_small else 14),
        "shapes": _marks(frame.timeline),
        "annotations": _names_of_faults(frame, lanes),
        "hovermode": "x unified" if not any(row.dots for row in rows) else "closest",
    }
    traces = rows_into(layout, rows, lambda line, axis: drawn(line, axis, frame.points))
    return Figure(name, traces, layout, title)


def rows_into(layout: dict[str, Any], rows: Sequence[Row], draw: Draw) -> list[dict[str, Any]]:
    """Rows below each other on one x axis: their traces; their axes, bounds and words are added to a layout that has its height."""
    traces: list[dict[str, Any]] = []
    inside = layout["height"] - layout["margin"]["t"] - layout["margin"]["b"]
    layout["xaxis"] |= {"anchor": f"y{len(rows)}" if len(rows) > 1 else "y"}
    for number, (row, domain) in enumerate(zip(rows, _domains([row.weight for row in rows], inside), strict=True), 1):
        axis = "y" if number == 1 else f"y{number}"
        low, high = row.span()
        tall = inside * (domain[1] - domain[0])
        layout[f"yaxis{'' if number == 1 else number}"] = _upright(row, (low, high), tall) | {"domain": domain, "anchor": "x"}
        traces += [trace for line in row.lines for trace in draw(line, axis)]
        traces += [_dots(dots, axis) for dots in row.dots]
        layout["shapes"] += [_level(level, axis) for level in row.levels]
        layout["annotations"] += [_title(row.title, axis), *_labels(row, axis, (low, high), tall)]
    return traces


def _upright(row: Row, span: tuple[float, float], height: float) -> dict[str, Any]:
    """The axis of a row, with as many ticks as there is room for."""
    low, high = span
    axis = quiet_axis(fixedrange=True, linecolor="@faint", nticks=max(3, int(height / 34)),
                      tickformat=row.ticks or ("~s" if high >= 1e5 else ",.4~g"))  # fmt: skip
    if not row.is_log:
        return axis | {"range": [low, high]}
    return axis | {"type": "log", "range": [float(np.log10(x)) for x in span], "dtick": 1 if high / low > 150 else "D2"}


def thinned(x: Array, y: Array, most: int) -> tuple[Array, Array]:
    """No more than so many points: of each stretch the least and the greatest, where they are, so that no extreme is lost."""
    if len(x) <= most:
        return x, y
    bounds = np.linspace(0, len(x), most // 2 + 1).astype(np.int64)
    kept: list[int] = []
    for first, last in itertools.pairwise(bounds):
        stretch = y[first:last]
        there = np.flatnonzero(np.isfinite(stretch))
        if len(there):
            kept += {int(first + there[np.argmin(stretch[there])]), int(first + there[np.argmax(stretch[there])])}
        else:
            kept.append(int(first))
    chosen: NDArray[np.int64] = np.array(sorted(kept))
    return x[chosen], y[chosen]


def drawn(line: Line, axis: str, points: int, pack: Pack = packed_ms) -> list[dict[str, Any]]:
    """Traces of a line: itself, and the one that its area goes down to."""
    x, y = (line.x_s, line.y) if line.stack or line.over else thinned(line.x_s, line.y, points)
    if line.is_step and len(x):  # a level at the end of a window held from its start
        x, y = np.append(0.0, x), np.append(y[0], y)
    shape = {"shape": "vh"} if line.is_step else {}
    is_sparse = 0 < np.isfinite(y).mean() < SPARSE if len(y) else False
    trace: dict[str, Any] = {
        "type": "scatter", "mode": "lines+markers" if is_sparse else "lines", "marker": {"size": 3.5}, "yaxis": axis,
        "x": pack(x), "y": packed(y), "name": plain(line.name),
        "line": {"color": line.colour, "width": line.width, "dash": line.dash, **shape},
        "hovertemplate": f"{line.hover}<extra>{plain(line.name)}</extra>",
    }  # fmt: skip
    if line.stack:
        trace |= {"stackgroup": line.stack, "fillcolor": line.colour}
    if line.fill:
        trace |= {"fill": "tozeroy", "fillcolor": line.fill}
    if line.over is None:
        return [trace]
    below = drawn(line.over, axis, len(line.over.x_s), pack)[0] | {"hoverinfo": "skip", "hovertemplate": None}
    return [below, trace | {"fill": "tonexty", "fillcolor": f"{line.colour}~", "hoverinfo": "skip", "hovertemplate": None}]


def _dots(dots: Dots, axis: str) -> dict[str, Any]:
    return {
        "type": "scatter", "mode": "markers", "x": packed_ms(dots.x_s), "y": packed(dots.y), "yaxis": axis, "name": plain(dots.name),
        "text": [plain(text) for text in dots.texts], "hovertemplate": "%{text}<extra></extra>",
        "marker": {"symbol": dots.symbol, "size": dots.size, "color": dots.colour, "line": {"color": "@paper", "width": 1}},
    }  # fmt: skip


def _level(level: Level, axis: str) -> dict[str, Any]:
    return {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "yref": axis, "y0": level.y, "y1": level.y,
            "line": {"color": level.colour, "width": 1.4, "dash": "dash"}}  # fmt: skip


def _title(text: str, axis: str) -> dict[str, Any]:
    return word(
        f"<b>{plain(text)}</b>",
        "@ink",
        xref="paper",
        x=0,
        xanchor="left",
        yref=f"{axis} domain",
        y=1,
        yanchor="bottom",
        yshift=3,
    )


def _labels(row: Row, axis: str, span: tuple[float, float], height: float) -> list[dict[str, Any]]:
    """Words at the right edge, moved apart where their lines end too close."""
    wanted = sorted((_share(y, span, row.is_log) * height, text, colour) for y, text, colour in _ends(row))
    places = apart([place for place, *_ in wanted], [1] * len(wanted), height)
    return [
        word(plain(text), colour, 11, xref="paper", x=1, xanchor="left", xshift=6, yref=f"{axis} domain",
              y=min(1.0, max(0.0, place / height)), yanchor="middle")
        for place, (_, text, colour) in zip(places, wanted, strict=True)
    ]  # fmt: skip


def _ends(row: Row) -> list[tuple[float, str, str]]:
    """(height, word, colour) of each line that is named, and of each bound."""
    found = [(level.y, level.name, level.colour) for level in row.levels]
    below = np.zeros(1)
    for line in row.lines:
        text, there = line.name if line.label is None else line.label, np.flatnonzero(np.isfinite(line.y))
        if text and len(there):
            level = float(np.mean(line.y[there[-5:]]))
            found.append((float(below[-1]) + level / 2 if line.stack else level, text, line.colour))
        below = below + float(np.nan_to_num(line.y[-1])) if line.stack and len(line.y) else below
    return found


def _share(y: float, span: tuple[float, float], is_log: bool) -> float:
    low, high = span
    at = np.log(max(y, low) / low) / np.log(high / low) if is_log else (y - low) / (high - low)
    return float(np.clip(at, 0, 1))


def room_of(rows: Sequence[Row]) -> int:
    """For the longest word at the right edge, in pixels."""
    longest = max((len(text) for row in rows for _, text, _ in _ends(row)), default=0)
    return int(min(190, 14 + LETTER * longest)) if longest else 26


def _domains(weights: Sequence[float], inside: float) -> list[list[float]]:
    """Of each row from the top down, with room for its title."""
    gap = ROW_HEAD / inside
    free = 1 - gap * (len(weights) - 1)
    found, top = [], 1.0
    for weight in weights:
        bottom = top - free * weight / sum(weights)
        found.append([max(0.0, bottom), top])
        top = bottom - gap
    return found


def _marks(timeline: Timeline) -> list[dict[str, Any]]:
    """The warm-up and every fault, as bands over all rows."""
    warm_s = min(timeline.scenario.warmup / 1e9, timeline.end_s)
    found = [_band(0, warm_s, "@faint", 0.45)] if warm_s > 0 else []
    for _, start, end in fault_spans(timeline):
        if end > start:
            found.append(_band(start, end, "@gold", 0.16))
        found.append({"type": "line", "xref": "x", "x0": at_ms(start), "x1": at_ms(start), "yref": "paper", "y0": 0, "y1": 1,
                      "layer": "below", "line": {"color": "@gold", "width": 1}})  # fmt: skip
    return found


def _band(start_s: float, end_s: float, colour: str, opacity: float) -> dict[str, Any]:
    return {"type": "rect", "xref": "x", "x0": at_ms(start_s), "x1": at_ms(end_s), "yref": "paper", "y0": 0, "y1": 1, "layer": "below",
            "fillcolor": colour, "opacity": opacity, "line": {"width": 0}}  # fmt: skip


def _names_of_faults(frame: Frame, lanes: Sequence[tuple[str, float, bool, int]]) -> list[dict[str, Any]]:
    timeline = frame.timeline
    found = [
        word(plain(name.replace("_", " ")), "@gold", xref="x", x=at_ms(start), xanchor="right" if is_late else "left", yref="paper", y=1,
              yanchor="bottom", yshift=ROW_HEAD - 4 + LANE * lane)
        for name, start, is_late, lane in lanes
    ]  # fmt: skip
    if timeline.scenario.warmup / 1e9 > 0.05 * timeline.end_s and not frame.is_small:
        found.append(
            word(WARM_UP, "@quiet", 11, xref="x", x=at_ms(0), xanchor="left", xshift=4, yref="paper", y=1, yanchor="top")
        )
    return found
