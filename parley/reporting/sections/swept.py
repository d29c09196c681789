"""What was varied against what came of it: lines for one axis, heat maps for two, a line picture an axis for more."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from parley.pages.drawing import Line, Row
from parley.pages.plotting import packed
from parley.pages.section import Figure, Figures, Section
from parley.pages.sections.heat import log_ticks
from parley.pages.sections.load import share_row
from parley.pages.theme import DASHES, SERIES
from parley.reporting.against import against, with_band
from parley.reporting.planes import Plane, Scale, bar, heat_map, told
from parley.reporting.swept_points import Swept
from parley.statistics.intervals import Estimate
from parley.sweeps.tables import NAMES, as_written, says_something
from parley.wording import number

CHOSEN = ("good", "latency_ms.p99", "cost.total")  # of more than one axis
ALL = ("good", "latency_ms", "requests.failed", "cost.pod_hours", "cost.total")  # of one
LATENCIES = ("latency_ms.p99", "latency_ms.p95", "latency_ms.p50", "latency_ms.mean")
HALF = 0.5  # of all requests: where an axis begins that need not begin at none
LOG_FROM = 10.0  # times the least, from which on a figure is drawn by its logarithm
LONG_NAMES = NAMES | {"good": "share of requests that were good", "latency_ms.p99": "p99 latency, ms",
                      "requests.failed": "requests that failed"}  # fmt: skip
ROW_HIGH, CARD_HIGH = 150, 340  # pixels


def swept(one: Swept) -> Section:
    """Figures, by how many things were varied."""
    if not any(point.estimates for point in one.points):
        return Section("figures", "What comes of it", left_out="No cell is complete yet, so that there is nothing to draw.")
    band = "" if len(one.sweep.manifest["seeds"]) < 2 else " with the 95 % interval of its mean as a band"
    if len(one.varied) == 1:
        says = f"Each figure over its seeds{band}."
        return Section("figures", "What comes of it", says, [_lines(one, one.varied[0], ALL)])
    if len(one.varied) == 2:
        drawn = [_map(one, path) for path in CHOSEN if says_something(path, one.points)]
        says = "Means over seeds; the stronger the colour, the more. A gap: there is no such figure."
        return Section("figures", "What comes of it", says, [Figures(drawn, is_wide=len(drawn) != 3)])
    cards = [_lines(one, nth, CHOSEN, is_card=True) for nth in one.varied]
    first = ", ".join(f"{name} = {as_written(values[0])}" for name, values in zip(one.names, one.values, strict=True))
    says = f"A picture for each thing that was varied, the others at their first value ({first}). Each figure over its seeds{band}."
    return Section("figures", "What comes of it", says, [Figures(cards, is_wide=len(cards) != 3)])


def _lines(one: Swept, nth: int, paths: tuple[str, ...], is_card: bool = False) -> Figure:
    """Rows of figures against one axis."""
    x, places = one.values[nth], one.along(nth)
    rows = [_row(x, {path: one.of(places, path) for path in _lines_of(path)}, path) for path in paths if _is_there(one, path)]
    name = f"{', '.join(row.title for row in rows)} against {one.names[nth]}"
    return against(name, one.names[nth], x, rows, 80 + ROW_HIGH * len(rows), one.names[nth] if is_card else "")


def _row(x: tuple[Any, ...], known: dict[str, list[Estimate | None]], path: str) -> Row:
    means = [each.mean for of in known.values() for each in of if each is not None]
    is_latency = path.startswith("latency_ms")
    is_log = is_latency and bool(means) and min(means) > 0 and max(means) > LOG_FROM * min(means)
    most = 1.0 if path == "good" else np.inf
    lines: list[Line] = []
    for (figure, of), colour, dash in zip(known.items(), SERIES, DASHES, strict=False):
        name = NAMES[figure].removesuffix(", ms")
        lines += with_band(x, of, partial(Line, name=name, colour=colour, dash=dash, label=None if len(known) > 1 else ""), is_log, most)
    title = "latency, ms" if path == "latency_ms" else LONG_NAMES[path]
    if path != "good":
        return Row(title, lines, is_log=is_log)
    row = share_row(title, [*lines, *(line.over for line in lines if line.over is not None)])
    is_half = row.low == 0 and min(float(np.nanmin(line.y, initial=1.0)) for line in lines) > HALF
    return replace(row, lines=lines, low=HALF if is_half else row.low)


def _map(one: Swept, path: str) -> Figure:
    """A figure over two axes: the first that is varied from left to right, the second upwards."""
    across, up = one.varied
    plane = Plane(one.names[across], _texts(one, across), one.names[up], _texts(one, up))
    grid = [[_mean(one, path, {across: x, up: y}) for x in one.values[across]] for y in one.values[up]]
    means = np.array([[np.nan if each is None else each.mean for each in row] for row in grid])
    widths = np.array([[np.nan if each is None else each.half_width for each in row] for row in grid])
    there = means[np.isfinite(means)]
    is_log = path != "good" and bool((there > 0).all()) and there.max() > LOG_FROM * there.min()
    with np.errstate(invalid="ignore"):
        shown = np.log10(means) if is_log else means
    low, high = float(np.nanmin(shown)), float(np.nanmax(shown))
    ticks = log_ticks(low, high) if is_log else []
    interval = " ± %{customdata[1]:.2~g}" if np.isfinite(widths[np.isfinite(means)]).all() else ""
    beside = bar(ticks, [number(10**tick) for tick in ticks], ".0%" if path == "good" else "")
    cells = {"z": packed(shown), "customdata": packed(np.stack([means, widths], axis=-1)),
             "hovertemplate": told(plane, f"{NAMES[path]}: <b>%{{customdata[0]:.4~g}}</b>{interval}"),
             **Scale(low, high if high > low else low + 1).cells(), **beside}  # fmt: skip
    title = LONG_NAMES[path]
    return heat_map(f"{title} over {plane.x_name} and {plane.y_name}", plane, cells, CARD_HIGH, title, right=64)


def _mean(one: Swept, path: str, at: dict[int, Any]) -> Estimate | None:
    place = tuple(at.get(nth, values[0]) for nth, values in enumerate(one.values))
    return one.estimates.get(place, {}).get(path)


def _texts(one: Swept, nth: int) -> list[str]:
    return [as_written(value) for value in one.values[nth]]


def _lines_of(path: str) -> tuple[str, ...]:
    return LATENCIES if path == "latency_ms" else (path,)


def _is_there(one: Swept, path: str) -> bool:
    return any(says_something(each, one.points) for each in _lines_of(path))
