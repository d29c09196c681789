"""The picture of a map: a panel for each alternative, coloured by the outcome, with its frontier and what theory says of it."""

from __future__ import annotations

import math
import textwrap
from typing import Any

import numpy as np

from parley.figures import Picture, blank
from parley.frontiers import Floats
from parley.mapping import OutcomeMap, Panel, axis_of
from parley.panels import INK, QUIET
from parley.wording import number

COLUMNS_MAX = 3
WIDE, PANEL_HIGH, HEAD, FOOT = 16.0, 3.7, 1.35, 0.75  # inches
COLOURS = "RdYlBu"  # told apart by every eye: dark red, pale yellow, dark blue
QUESTION_MAX = 190
BEHIND = {"boxstyle": "round,pad=0.25", "facecolor": "white", "alpha": 0.85, "linewidth": 0}  # words on a coloured ground


def picture_of(found: OutcomeMap) -> Picture:
    """All panels, with one scale of colours."""
    panels = found.panels
    columns = min(COLUMNS_MAX, len(panels))
    rows = math.ceil(len(panels) / columns)
    high = HEAD + FOOT + PANEL_HIGH * rows
    figure = blank(WIDE, high)
    room = {"left": 0.065, "right": 0.905, "top": 1 - HEAD / high, "bottom": FOOT / high, "hspace": 0.2, "wspace": 0.07}
    axes = figure.subplots(rows, columns, gridspec_kw=room, squeeze=False)
    low, top = _span(panels)
    for nth, panel in enumerate(panels):
        at = axes[nth // columns][nth % columns]
        mesh = _draw(at, found, panel, low, top)
        at.tick_params(labelleft=nth % columns == 0, labelbottom=nth + columns >= len(panels))
    for at in axes.flat[len(panels) :]:
        at.set_visible(False)
    _frame(figure, found, mesh, room, high)
    return Picture(figure)


def _draw(at: Any, found: OutcomeMap, panel: Panel, low: float, top: float) -> Any:
    rows = np.arange(len(found.y))
    mesh = at.pcolormesh(_edges(found.x), np.arange(len(rows) + 1) - 0.5, panel.outcomes.mean(axis=2), cmap=COLOURS, vmin=low, vmax=top)
    known = [(row, one) for row, one in enumerate(panel.frontier.rows) if one is not None]
    if known:
        middle = [one.mean for _, one in known]
        widths = [0.0 if math.isnan(one.half_width) else one.half_width for _, one in known]
        at.errorbar(middle, [row for row, _ in known], xerr=widths, color=INK, linewidth=2, elinewidth=1.2, capsize=3, label="measured")
    if panel.theory is not None:
        at.plot(panel.theory, rows, color="white", linewidth=4.5, solid_capstyle="butt")
        at.plot(panel.theory, rows, color=INK, linewidth=2, linestyle=(0, (2, 1.2)), label="theory")
        _name_theory(at, found, panel)
    at.set_title(panel.name, loc="left", fontsize=12.5, fontweight="bold", color=INK)
    at.set_yticks(rows, list(axis_of(found.file, "y").values))
    at.tick_params(colors=QUIET, length=3)
    for side in at.spines.values():
        side.set_visible(False)
    return mesh


def _name_theory(at: Any, found: OutcomeMap, panel: Panel) -> None:
    """What theory says, at the upper end of its line, on the side where there is more room."""
    theory = [(x, row) for row, x in enumerate(panel.theory or ()) if not math.isnan(x)]
    if not theory:
        return
    x, row = theory[-1]
    is_left = x > (found.x[0] + found.x[-1]) / 2
    says = textwrap.fill(found.file.theory[panel.name].says, 30)
    at.annotate(says, (x, row), (-16 if is_left else 8, -2), textcoords="offset points", ha="right" if is_left else "left", va="top",
                fontsize=10.5, color=INK, bbox=BEHIND)


def _frame(figure: Any, found: OutcomeMap, mesh: Any, room: dict[str, float], high: float) -> None:
    """Heading, axes' names and the scale of colours."""
    made, outcome = found.file, found.file.outcome
    x, y = (one.label or one.path for one in (made.x, made.y))
    figure.text(room["left"], 1 - 0.2 / high, str(found.manifest["scenario"]), fontsize=22, fontweight="bold", color=INK, va="top")
    question = textwrap.shorten(made.question, QUESTION_MAX, placeholder=" …")
    figure.text(room["left"], 1 - 0.68 / high, question, fontsize=13, color=QUIET, va="top", style="italic")
    figure.text((room["left"] + room["right"]) / 2, 0.16 / high, x, fontsize=12.5, color=INK, ha="center", va="bottom")
    figure.text(0.012, (room["top"] + room["bottom"]) / 2, y, fontsize=12.5, color=INK, rotation=90, va="center")
    bar = figure.colorbar(mesh, cax=figure.add_axes((room["right"] + 0.015, room["bottom"], 0.013, room["top"] - room["bottom"])))
    bar.set_label(outcome.label or outcome.figure, fontsize=12.5, color=INK)
    bar.ax.axhline(outcome.level, color=INK, linewidth=2)
    bar.outline.set_visible(False)
    cells = len(found.x) * len(found.y)
    says = f"{cells} cells × {made.seeds} seeds a panel · black: where it crosses {number(outcome.level, 3)}, ± 95 %"
    figure.text(0.985, 0.16 / high, says, fontsize=10, color=QUIET, ha="right", va="bottom")  # fmt: skip


def _span(panels: list[Panel]) -> tuple[float, float]:
    """The least and the greatest outcome; 0 and 1 of shares."""
    every = np.concatenate([panel.outcomes.reshape(-1) for panel in panels])
    low, top = float(np.nanmin(every)), float(np.nanmax(every))
    return (0.0, 1.0) if low >= 0 and top <= 1 else (low, top)


def _edges(values: list[float]) -> Floats:
    """Borders of cells around values."""
    middle = (np.array(values[1:]) + np.array(values[:-1])) / 2
    if len(middle) == 0:
        return np.array([values[0] - 0.5, values[0] + 0.5])
    return np.concatenate([[2 * values[0] - middle[0]], middle, [2 * values[-1] - middle[-1]]])


