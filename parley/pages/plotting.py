"""What every figure of a report is made of: a quiet layout, the axis of time, arrays and words as Plotly reads them."""

from __future__ import annotations

import base64
import html
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from parley.drawing.panels import step_of_ticks
from parley.wording import clock

DAY_S = 86_400.0
START_MS = 86_400_000  # where a run begins on an axis of dates: Plotly takes 1000 … 9999 for years
CLEAR = "rgba(0,0,0,0)"
FONT = {
    "family": "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif",
    "size": 13,
    "color": "@ink",
}


def plain_layout(height: int, margin: dict[str, int]) -> dict[str, Any]:
    """A quiet layout: transparent, in the page's letters, without a legend."""
    return {
        "height": height, "margin": margin | {"pad": 0}, "paper_bgcolor": CLEAR, "plot_bgcolor": CLEAR, "font": FONT, "showlegend": False,
        "hoverlabel": {"bgcolor": "@card", "bordercolor": "@line", "font": {"color": "@ink", "size": 12}, "align": "left",
                       "namelength": -1},
        "dragmode": "zoom",
    }  # fmt: skip


def time_axis(end_s: float, ticks: int = 14) -> dict[str, Any]:
    """Simulated time, written as 8m15s at every zoom; beyond a day ticks stand still."""
    reach = [START_MS, START_MS + 1000 * end_s]
    axis = quiet_axis(range=reach, gridcolor=CLEAR, linecolor="@faint", ticks="outside", ticklen=4, tickcolor="@faint",
                      minallowed=reach[0], maxallowed=reach[1])  # fmt: skip
    if end_s > DAY_S:
        at = np.arange(0, end_s * 1.0001, step_of_ticks(end_s))
        return axis | {"tickvals": [at_ms(x) for x in at], "ticktext": [clock(1e9 * x) for x in at]}
    brief = "%-Mm%S" if end_s >= 60 else "%-S"
    minutes = "%-Hh%Mm" if end_s >= 3600 else "%-Mm"
    stops = [([None, 99], f"{brief}.%Ls"), ([100, 999], f"{brief}.%1fs"), ([1000, 59_999], f"{brief}s"),
             ([60_000, None], minutes)]  # fmt: skip
    return axis | {
        "type": "date", "hoverformat": "%-Hh%Mm%Ss" if end_s >= 3600 else "%-Mm%S.%Ls" if end_s >= 60 else "%-S.%Ls",
        "nticks": ticks, "tickangle": 0,
        "tickformatstops": [{"dtickrange": reach, "value": text} for reach, text in stops],
    }  # fmt: skip


def quiet_axis(**more: Any) -> dict[str, Any]:
    """An axis with faint lines and small figures."""
    return {"gridcolor": "@faint", "zeroline": False, "tickfont": {"color": "@quiet", "size": 11}} | more


def at_ms(second: float) -> float:
    """Where a time stands on the axis."""
    return START_MS + 1000.0 * float(second)


def packed(values: ArrayLike, dtype: str = "f4") -> dict[str, Any]:
    """An array as Plotly reads it without a digit being written out; nan is a gap."""
    made = np.ascontiguousarray(values, dtype=f"<{dtype}")
    shape = {"shape": ",".join(map(str, made.shape))} if made.ndim > 1 else {}
    return {"dtype": dtype, "bdata": base64.b64encode(made.tobytes()).decode(), **shape}


def packed_ms(seconds: ArrayLike) -> dict[str, Any]:
    """Times on the axis as whole milliseconds; in doubles where a long run needs them."""
    ms = START_MS + np.rint(1000 * np.asarray(seconds, dtype=float))
    return packed(ms, "i4" if np.abs(ms).max(initial=0) < 2**31 else "f8")


def plain(text: str) -> str:
    """A text that Plotly shows as it is, whatever it looks like: it reads a little HTML."""
    return html.escape(text, quote=False)


def word(text: str, colour: str, size: int = 12, **where: Any) -> dict[str, Any]:
    """An annotation; Plotly reads its text as HTML."""
    return {"text": text, "showarrow": False, "font": {"color": colour, "size": size}, **where}
