"""Lines of figures against what was varied, with bands of their 95 % intervals over seeds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from parley.analysis.timeline import Array
from parley.pages.drawing import ROW_HEAD, Draw, Line, Row, drawn, room_of, rows_into
from parley.pages.plotting import CLEAR, packed, plain, plain_layout, quiet_axis
from parley.pages.section import Figure
from parley.statistics.intervals import Estimate

TICKS_MAX, MARKERS_MAX = 14, 60
BAND_FLOOR = 0.05  # of the mean, the lowest that a band goes on an axis of logarithms


def with_band(x: Sequence[Any], known: Sequence[Estimate | None], line: Callable[..., Line], is_log: bool = False,
              most: float = np.inf) -> list[Line]:  # fmt: skip
    """A line through means, and the area of their intervals where there are several seeds; `line` is a Line but for its place."""
    places = np.arange(len(x), dtype=float) if any(isinstance(one, str) for one in x) else np.array(x, dtype=float)
    order = np.argsort(places, kind="stable")
    places = places[order]
    mean, half = (np.array([np.nan if one is None else getattr(one, name) for one in known])[order] for name in ("mean", "half_width"))
    if not np.isfinite(half).any():
        return [line(places, mean)]
    half = np.where(np.isfinite(half), half, 0.0)
    floor = line(places, np.maximum(mean - half, BAND_FLOOR * mean if is_log else np.minimum(mean, 0.0)), width=0.0, label="")
    return [line(places, np.minimum(mean + half, most), width=0.0, label="", over=floor), line(places, mean)]


def against(name: str, axis: str, x: Sequence[Any], rows: Sequence[Row], height: int, title: str = "") -> Figure:
    """Rows of lines on one axis of values: numbers where they belong, texts side by side as they were written."""
    words = [plain(str(one)) for one in x] if any(isinstance(one, str) for one in x) else None
    margin = {"l": 62, "r": room_of(rows), "t": ROW_HEAD + 4, "b": 48}
    layout = plain_layout(height, margin) | {"xaxis": _values(axis, x, words), "shapes": [], "annotations": [], "hovermode": "x unified"}
    traces = rows_into(layout, rows, _drawn_by(words))
    return Figure(name, traces, layout, title)


def _drawn_by(words: Sequence[str] | None) -> Draw:
    def places(x: Array) -> Any:
        return packed(x, "f8") if words is None else [words[int(place)] for place in x]

    def draw(line: Line, axis: str) -> list[dict[str, Any]]:
        marks = {"mode": "lines+markers", "marker": {"size": 5.5}} if line.over is None and len(line.y) <= MARKERS_MAX else {}
        return [trace | marks for trace in drawn(line, axis, max(2, len(line.y)), places)]

    return draw


def _values(name: str, x: Sequence[Any], words: Sequence[str] | None) -> dict[str, Any]:
    axis = quiet_axis(gridcolor=CLEAR, linecolor="@faint", ticks="outside", ticklen=4, tickcolor="@faint",
                      title={"text": plain(name), "font": {"color": "@quiet", "size": 12}, "standoff": 8})  # fmt: skip
    if words is not None:
        return axis | {"type": "category", "categoryorder": "array", "categoryarray": list(words)}
    few = {"tickvals": [float(one) for one in x], "ticktext": [f"{one:g}" for one in x]} if len(x) <= TICKS_MAX else {}
    low, high = min(x), max(x)
    room = 0.03 * (high - low) or 0.5
    return axis | few | {"type": "linear", "range": [low - room, high + room]}
