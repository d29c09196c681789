"""A map's panels: each alternative coloured by its outcome, with its frontier and what theory says of it."""

from __future__ import annotations

import math
import textwrap
import warnings
from typing import Any

import numpy as np

from parley.maps.frontiers import Floats
from parley.maps.mapping import OutcomeMap, Panel
from parley.pages.plotting import packed, plain
from parley.pages.section import Figure, Section
from parley.reporting.map_planes import map_panel, placed, rows_of, side_by_side, theory_lines
from parley.reporting.planes import Scale, diverging, scale_figure
from parley.statistics.intervals import estimate
from parley.wording import number

THEORY_WIDE, THEORY_MAX = 54, 160  # letters of a line and of all


def panels(found: OutcomeMap) -> Section:
    """A heat map a panel, and one scale for all."""
    outcome, seeds = found.file.outcome, found.file.seeds
    scale = _scale(found)
    says = f"A cell has the colour of its mean over {seeds} seed{'s' * (seeds > 1)}"
    if outcome.level is None:
        says += ": the stronger, the more."
    else:
        level = number(outcome.level, 3)
        says += (f": faint near {level}, blue above, red below. "
                 f"The line is where it crosses {level}, for most seeds the first time from the left, with its 95 % interval over seeds."
                 f"{' Dotted is what theory says.' if any(panel.theory is not None for panel in found.panels) else ''}")  # fmt: skip
    words = [_words(found, panel) for panel in found.panels]
    most = max(map(len, words), default=0)
    drawn = [_panel(found, panel, scale, [*lines, *[""] * (most - len(lines))]) for panel, lines in zip(found.panels, words, strict=True)]
    title = "What each comes to" if found.differences else "Where it holds, and where it does not"
    return Section("figures", title, says, [scale_figure(scale, outcome.label or outcome.figure, outcome.level), *side_by_side(drawn)])


def _panel(found: OutcomeMap, panel: Panel, scale: Scale, words: list[str]) -> Figure:
    outcome, is_alone = found.file.outcome, len(found.panels) == 1
    mean, half_width = _estimates(panel.outcomes)
    interval = " ± %{customdata:.2~g}" if np.isfinite(half_width).all() else ""
    made = map_panel(found, scale, panel.name or "measured", {"z": packed(mean), "customdata": packed(half_width)},
                     f"{plain(outcome.label or outcome.figure)}: <b>%{{z:.4~g}}</b>{interval}", words, is_alone)  # fmt: skip
    traces = [*made.traces, *_frontier(found, panel), *theory_lines(found, panel.theory)]
    return Figure(made.name, traces, made.layout, made.title)


def _frontier(found: OutcomeMap, panel: Panel) -> list[dict[str, Any]]:
    """The line with error bars; a gap where a row never crosses."""
    known = panel.frontier.rows
    if not any(known):
        return []
    means = [math.nan if one is None else one.mean for one in known]
    widths = [0.0 if one is None or math.isnan(one.half_width) else one.half_width for one in known]
    place = found.across.place
    more, less = ([0.0 if math.isnan(x) else abs(place(x + sign * wide) - place(x)) for x, wide in zip(means, widths, strict=True)]
                  for sign in (1, -1))  # fmt: skip
    says = [f"{number(x)}{f' ± {number(wide, 2)}' if wide else ''}" for x, wide in zip(means, widths, strict=True)]
    line = {"type": "scatter", "mode": "lines+markers", "x": placed(found, means), "y": rows_of(found)}
    bars = {"type": "data", "array": more, "arrayminus": less, "symmetric": False, "color": "@ink", "thickness": 1.3, "width": 3}
    return [
        line | {"mode": "lines", "hoverinfo": "skip", "line": {"color": "@paper", "width": 4.5}},
        line | {"line": {"color": "@ink", "width": 2}, "marker": {"size": 5, "color": "@ink"}, "error_x": bars, "customdata": says,
                "hovertemplate": "crosses at <b>%{customdata}</b><br>%{y}<extra></extra>"},
    ]  # fmt: skip


def _words(found: OutcomeMap, panel: Panel) -> list[str]:
    """What theory says, or else how often the level is crossed, as lines above the panel."""
    if panel.theory is not None:
        return theory_words(found, panel.name)
    if found.file.outcome.level is None:
        return []
    rows, level = panel.frontier.rows, number(found.file.outcome.level, 3)
    crossed = sum(row is not None for row in rows)
    return [f"Crosses {level} in {crossed} of {len(rows)} rows" if crossed else f"Never crosses {level} here"]


def theory_words(found: OutcomeMap, name: str) -> list[str]:
    """What theory says of a panel or a difference, as lines."""
    return textwrap.wrap(textwrap.shorten(f"Theory: {found.file.theory[name].says}", THEORY_MAX, placeholder=" …"), THEORY_WIDE)


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
    low, high = (0.0, 1.0) if low >= 0 and high <= 1 else (low, high)
    if found.file.outcome.level is None:
        return Scale(low, high if high > low else low + 1)
    return diverging(low, high, found.file.outcome.level)
