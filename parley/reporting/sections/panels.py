"""A map's panels: each alternative coloured by its outcome, with its frontier and what theory says of it."""

from __future__ import annotations

import math
import textwrap
import warnings
from typing import Any

import numpy as np

from parley.frontiers import Floats
from parley.intervals import estimate
from parley.mapping import OutcomeMap, Panel, axis_of
from parley.reporting.planes import Plane, Scale, diverging, gaps_as_none, heat_map, scale_figure, told
from parley.reporting.plotting import packed, plain, word
from parley.reporting.section import Figure, Figures, Part, Section
from parley.wording import number

ALONE_HIGH, CARD_HIGH = 470, 320  # pixels
THEORY_WIDE, THEORY_MAX, THEORY_LINE = 54, 160, 15  # letters of a line and of all, pixels of a line


def panels(found: OutcomeMap) -> Section:
    """A heat map a panel, and one scale for all."""
    made, outcome = found.file, found.file.outcome
    label, level = outcome.label or outcome.figure, number(outcome.level, 3)
    scale = _scale(found)
    has_theory = any(panel.theory is not None for panel in found.panels)
    says = (f"A cell has the colour of its mean over {made.seeds} seed{'s' * (made.seeds > 1)}: faint near {level}, blue above, red below. "
            f"The line is where it crosses {level}, for most seeds the first time from the left, with its 95 % interval over seeds."
            f"{' Dotted is what theory says.' if has_theory else ''}")  # fmt: skip
    is_alone = len(found.panels) == 1
    lines = max((len(_words(found, panel)) for panel in found.panels), default=0)
    drawn = [_panel(found, panel, scale, ALONE_HIGH if is_alone else CARD_HIGH, lines) for panel in found.panels]
    parts: list[Part] = [scale_figure(scale, label, outcome.level)]
    parts += drawn if is_alone else [Figures(drawn, is_wide=len(drawn) in (2, 4))]
    return Section("figures", "Where it holds, and where it does not", says, parts)


def _panel(found: OutcomeMap, panel: Panel, scale: Scale, height: int, lines: int) -> Figure:
    made, y = found.file, list(axis_of(found.file, "y").values)
    plane = Plane(made.x.label or made.x.path, found.x, made.y.label or made.y.path, y)
    mean, half_width = _estimates(panel.outcomes)
    interval = " ± %{customdata:.2~g}" if np.isfinite(half_width).all() else ""
    cells = {"z": packed(mean), "customdata": packed(half_width), **scale.cells(),
             "hovertemplate": told(plane, f"{plain(made.outcome.label or made.outcome.figure)}: <b>%{{z:.4~g}}</b>{interval}")}  # fmt: skip
    name = panel.name or "measured"
    figure = heat_map(f"{name}: {made.outcome.figure} over {plane.x_name} and {plane.y_name}", plane, cells, height, name,
                      12 + THEORY_LINE * lines)  # fmt: skip
    traces, layout = list(figure.traces), dict(figure.layout)
    reach = _reach(found.x)
    layout["xaxis"] = layout["xaxis"] | {"range": reach, "minallowed": reach[0], "maxallowed": reach[1]}
    rows = [plain(text) for text in y]
    traces += _frontier(panel, rows)
    if panel.theory is not None:
        line = {"type": "scatter", "mode": "lines", "x": gaps_as_none(panel.theory), "y": rows, "hoverinfo": "skip"}
        traces += [line | {"line": {"color": "@paper", "width": 5}}, line | {"line": {"color": "@ink", "width": 2.2, "dash": "dot"}}]
    text = "<br>".join(plain(one) for one in _words(found, panel))
    layout["annotations"] = [word(text, "@quiet", 11, xref="paper", x=0, xanchor="left", yref="paper", y=1, yanchor="bottom", yshift=4,
                                  align="left")]  # fmt: skip
    return Figure(figure.name, traces, layout, figure.title)


def _frontier(panel: Panel, rows: list[str]) -> list[dict[str, Any]]:
    """The line with error bars; a gap where a row never crosses."""
    known = panel.frontier.rows
    if not any(known):
        return []
    middle = gaps_as_none([math.nan if one is None else one.mean for one in known])
    widths = [0.0 if one is None or math.isnan(one.half_width) else one.half_width for one in known]
    says = "crosses at <b>%{x:.4~g}</b>" + (" ± %{error_x.array:.2~g}" if any(widths) else "") + "<br>%{y}<extra></extra>"
    line = {"type": "scatter", "mode": "lines+markers", "x": middle, "y": rows}
    return [
        line | {"mode": "lines", "hoverinfo": "skip", "line": {"color": "@paper", "width": 4.5}},
        line | {"line": {"color": "@ink", "width": 2}, "marker": {"size": 5, "color": "@ink"}, "hovertemplate": says,
                "error_x": {"type": "data", "array": widths, "color": "@ink", "thickness": 1.3, "width": 3}},
    ]  # fmt: skip


def _words(found: OutcomeMap, panel: Panel) -> list[str]:
    """What theory says, or else how often the level is crossed, as lines above the panel."""
    if panel.theory is not None:
        says = textwrap.shorten(f"Theory: {found.file.theory[panel.name].says}", THEORY_MAX, placeholder=" …")
        return textwrap.wrap(says, THEORY_WIDE)
    rows, level = panel.frontier.rows, number(found.file.outcome.level, 3)
    crossed = sum(row is not None for row in rows)
    return [f"Crosses {level} in {crossed} of {len(rows)} rows" if crossed else f"Never crosses {level} here"]


def _estimates(outcomes: Floats) -> tuple[Floats, Floats]:
    """Mean and half-width of each cell, over the seeds that have the figure."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a cell in which no seed has it is a gap
        mean = np.asarray(np.nanmean(outcomes, axis=2))
    widths = [[estimate(list(cell[np.isfinite(cell)])).half_width for cell in row] for row in outcomes]
    return mean, np.array(widths, dtype=float)


def _scale(found: OutcomeMap) -> Scale:
    """From the least to the greatest cell; of shares from 0 to 1."""
    every = np.concatenate([_estimates(panel.outcomes)[0].reshape(-1) for panel in found.panels])
    every = every[np.isfinite(every)]
    low, high = (float(every.min()), float(every.max())) if len(every) else (0.0, 1.0)
    return diverging(*((0.0, 1.0) if low >= 0 and high <= 1 else (low, high)), found.file.outcome.level)


def _reach(x: list[float]) -> list[float]:
    """From the left edge of the first cell to the right edge of the last."""
    if len(x) < 2:
        return [x[0] - 0.5, x[0] + 0.5]
    return [x[0] - (x[1] - x[0]) / 2, x[-1] + (x[-1] - x[-2]) / 2]
