"""Heat maps over two things that were varied: cells, the colours they may have, and axes of values as they were written."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from parley.maps.frontiers import Floats
from parley.pages.plotting import CLEAR, packed, plain, plain_layout, quiet_axis, word
from parley.pages.section import Figure
from parley.pages.theme import ABOVE, BELOW, HEAT
from parley.wording import number

LETTER, LABEL_MAX = 6.5, 44  # pixels of a letter beside an axis; letters of its name
SCALE_HIGH, SCALE_STEPS = 66, 200
TITLE = {"color": "@quiet", "size": 11.5}


@dataclass(frozen=True)
class Scale:
    """Colours from the least to the greatest value."""

    low: float
    high: float
    colours: Sequence[Sequence[Any]] = field(default_factory=lambda: HEAT)  # Plotly's: (share of the way, colour)

    def cells(self) -> dict[str, Any]:
        """As a trace of cells has it."""
        return {"zmin": self.low, "zmax": self.high, "colorscale": self.colours, "showscale": False}


@dataclass(frozen=True)
class Plane:
    """What is varied from left to right (x) and from below to above (y), by name and value."""

    x_name: str
    x: Sequence[float] | Sequence[str]  # numbers stand where they belong, texts side by side
    y_name: str
    y: Sequence[str]
    x_labels: Sequence[str] = ()  # of each x, where numbers are mere places
    x_ticks: tuple[Sequence[float], Sequence[str]] | None = None  # (places, labels); as Plotly likes if absent


def diverging(low: float, high: float, level: float) -> Scale:
    """Faint at the level, one colour for what is below and another above; both go to their full strength."""
    low, high = min(low, level), max(high, level)
    if low == high:
        return Scale(low, high + 1, [[place / 2, colour] for place, colour in enumerate(ABOVE)])
    at = (level - low) / (high - low)
    below = [[at * place / 2, colour] for place, colour in enumerate(BELOW)] if at > 0 else []
    above = [[at + (1 - at) * place / 2, colour] for place, colour in enumerate(ABOVE)] if at < 1 else []
    return Scale(low, high, [*below, *above[1:]] if below else above)


def heat_map(name: str, plane: Plane, trace: dict[str, Any], height: int, title: str = "", top: int = 12, right: int = 14) -> Figure:
    """Cells of a plane; `trace` says their values (y, x) and colours, `top` is the room in pixels for words above."""
    left = 34 + LETTER * min(18, max(len(text) for text in plane.y))
    is_numeric = not isinstance(plane.x[0], str)
    x: Any = packed(plane.x, "f8") if is_numeric else [plain(str(text)) for text in plane.x]
    ticks = {} if plane.x_ticks is None else {"tickvals": list(plane.x_ticks[0]), "ticktext": [plain(text) for text in plane.x_ticks[1]]}
    layout = plain_layout(height, {"l": int(left), "r": right, "t": top, "b": 46}) | {
        "xaxis": _axis(plane.x_name, ticks if is_numeric else {"type": "category"}),
        "yaxis": _axis(plane.y_name, {"type": "category", "tickmode": "auto", "nticks": max(4, (height - top - 46) // 17)}),
        "hovermode": "closest", "annotations": [],
    }  # fmt: skip
    cells = {"type": "heatmap", "x": x, "y": [plain(text) for text in plane.y], "hoverongaps": False, "xgap": 1, "ygap": 1}
    if plane.x_labels:
        cells["text"] = [[plain(text) for text in plane.x_labels]] * len(plane.y)
    return Figure(name, [cells | trace], layout, title)


def told(plane: Plane, figure: str) -> str:
    """What a cell says under the pointer; `figure` is the line of its value."""
    return f"{plain(plane.x_name)}: %{{{'text' if plane.x_labels else 'x'}}}<br>{plain(plane.y_name)}: %{{y}}<br>{figure}<extra></extra>"


def scale_figure(scale: Scale, label: str, level: float | None) -> Figure:
    """The colours as a strip with their values, and the level in it if there is one; one for several heat maps."""
    values = np.linspace(scale.low, scale.high, SCALE_STEPS)
    layout = plain_layout(SCALE_HIGH, {"l": 12, "r": 12, "t": 22, "b": 26}) | {
        "xaxis": quiet_axis(gridcolor=CLEAR, ticks="outside", ticklen=4, tickcolor="@line", range=[scale.low, scale.high],
                            fixedrange=True, domain=[0, 0.5], nticks=7),
        "yaxis": {"visible": False, "fixedrange": True},
        "shapes": [{"type": "line", "xref": "x", "x0": at, "x1": at, "yref": "paper", "y0": -0.12, "y1": 1.12,
                    "line": {"color": "@ink", "width": 2}} for at in (level,) if at is not None],
        "annotations": [word(f"<b>{plain(label)}</b>", "@ink", 12, xref="paper", x=0, xanchor="left", yref="paper", y=1, yanchor="bottom",
                             yshift=3)],
    }  # fmt: skip
    trace = {"type": "heatmap", "x": packed(values, "f8"), "y": [0], "z": packed(values[np.newaxis]), "hoverinfo": "x"} | scale.cells()
    return Figure(f"The colours of {label}, from {number(scale.low)} to {number(scale.high)}", [trace], layout)


def bar(ticks: Sequence[float] = (), texts: Sequence[str] = (), form: str = "") -> dict[str, Any]:
    """The colours beside a heat map that has its own, with ticks at places of one's own or in d3's format."""
    at = {"tickvals": list(ticks), "ticktext": list(texts)} if ticks else {"nticks": 6, "tickformat": form}
    plain_bar = {"thickness": 10, "outlinewidth": 0, "tickfont": {"color": "@quiet", "size": 11}}
    return {"showscale": True, "colorbar": plain_bar | at}


def gaps_as_none(values: Sequence[float] | Floats) -> list[float | None]:
    """Plain numbers, None where there is none: a line has a gap there."""
    return [float(one) if np.isfinite(one) else None for one in values]


def _axis(name: str, more: dict[str, Any]) -> dict[str, Any]:
    title = {"text": plain(textwrap.shorten(name, LABEL_MAX, placeholder=" …")), "font": TITLE, "standoff": 8}
    return quiet_axis(gridcolor=CLEAR, title=title, ticks="outside", ticklen=3, tickcolor="@line", tickangle=0) | more
