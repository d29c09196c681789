"""The picture of a sensitivity: a row an input, with its share of the output's variance and how far it moves it, with intervals."""

from __future__ import annotations

import textwrap
from typing import Any

from parley.drawing.canvas import Picture, blank
from parley.drawing.panels import BLUE, FAINT, INK, ORANGE, QUIET, SKY
from parley.uncertainty.effects import Effect, Findings, figure_name
from parley.uncertainty.uncertainty import Sensitivity
from parley.wording import number

WIDE, HEAD, FOOT, ROW = 16.0, 1.75, 0.85, 0.62  # inches
SHOWN_MAX = 20
LEFT = 0.27
QUESTION_MAX = 150
SIGNS = {"rises": "↑", "falls": "↓", "both ways": "↕", "": ""}
BAR = 0.36


def picture_of(made: Sensitivity) -> Picture:
    """Bars, the strongest input on top."""
    found = made.findings
    effects = found.effects[:SHOWN_MAX]
    there = ((_draw_shares, found.inputs is not None), (_draw_moves, any(one.moves for one in effects)))
    panels = [draw for draw, is_there in there if is_there]
    rows = max(3, len(effects))
    high = HEAD + FOOT + ROW * rows
    figure = blank(WIDE, high)
    room = {"left": LEFT, "right": 0.975, "top": 1 - HEAD / high, "bottom": FOOT / high, "wspace": 0.06}
    for nth, (axes, draw) in enumerate(zip(figure.subplots(1, len(panels), gridspec_kw=room, squeeze=False)[0], panels, strict=True)):
        draw(axes, found, effects)
        _finish(axes, rows, nth == 0, effects)
    _frame(figure, made, found, high)
    return Picture(figure)


def _draw_shares(axes: Any, _found: Findings, effects: tuple[Effect, ...]) -> None:
    """Sobol's indices: total over first order."""
    for row, one in enumerate(effects):
        if one.index is None:
            axes.annotate("screened out", (0, row), (6, 0), textcoords="offset points", color=QUIET, fontsize=11, va="center",
                          style="italic")  # fmt: skip
            continue
        index = one.index
        for place, share, width, colour in ((row - BAR / 2, index.total, index.total_half_width, BLUE),
                                            (row + BAR / 2, index.first, index.first_half_width, SKY)):  # fmt: skip
            _bar(axes, place, max(0.0, 100 * share), 100 * width, colour)
    axes.barh([0], [0], color=BLUE, label="total, with all it does together with others")
    axes.barh([0], [0], color=SKY, label="first order, by itself")
    axes.set_xlim(0, max([100.0, *(100 * (one.index.total + one.index.total_half_width) * 1.03 for one in effects if one.index)]))
    axes.set_xlabel("share of the variance, %", color=INK, fontsize=12, labelpad=6)
    axes.legend(loc="lower left", bbox_to_anchor=(-0.012, 0.985), ncols=2, frameon=False, fontsize=11, labelcolor=INK)


def _draw_moves(axes: Any, found: Findings, effects: tuple[Effect, ...]) -> None:
    """Morris' mean elementary effects."""
    for row, one in enumerate(effects):
        if one.moves is not None:
            _bar(axes, row, one.moves.mu_star, one.moves.half_width, ORANGE)
    name, unit = figure_name(found.of)
    axes.set_xlim(0, 1.05 * max(1e-12, *(one.moves.mu_star + one.moves.half_width for one in effects if one.moves)) if effects else 1)
    says = f"{name} moves by, from one end to the other{',' + unit if unit.strip() == 'ms' else ''}"
    axes.set_xlabel(says, color=INK, fontsize=12, labelpad=6)
    axes.xaxis.set_major_formatter(lambda value, _: number(value))


def _bar(axes: Any, row: float, value: float, half_width: float, colour: str) -> None:
    """A bar with its 95 % interval, which does not go below 0."""
    axes.barh([row], [value], height=BAR * 0.92, color=colour)
    axes.errorbar([value], [row], xerr=[[min(value, half_width)], [half_width]], color=INK, elinewidth=1.3, capsize=3.5, linewidth=0)


def _finish(axes: Any, rows: int, is_first: bool, effects: tuple[Effect, ...]) -> None:
    axes.set_ylim(rows - 0.4, -0.6)
    axes.set_yticks([])
    axes.grid(axis="x", color=FAINT, linewidth=0.7)
    axes.set_axisbelow(True)
    axes.tick_params(colors=QUIET, labelsize=11, length=3)
    axes.spines[["top", "right", "bottom"]].set_visible(False)
    axes.spines["left"].set_color(QUIET)
    for row, one in enumerate(effects if is_first else ()):
        name = textwrap.shorten(one.name, 34, placeholder="…") if len(one.name) > 34 else one.name
        words = ({"text": f"{name} {SIGNS[one.direction]}".strip(), "dy": 7, "size": 13, "colour": INK},
                 {"text": f"{one.low} … {one.guess} … {one.high}", "dy": -9, "size": 10.5, "colour": QUIET})  # fmt: skip
        for word in words:
            axes.annotate(word["text"], (0, row), (-10, word["dy"]), xycoords=("axes fraction", "data"), textcoords="offset points",
                          ha="right", va="center", fontsize=word["size"], color=word["colour"])  # fmt: skip


def _frame(figure: Any, made: Sensitivity, found: Findings, high: float) -> None:
    """Heading, sentence, and what the bars are of."""
    manifest, left = made.manifest, 0.025
    figure.text(left, 1 - 0.2 / high, manifest["scenario"], fontsize=22, fontweight="bold", color=INK, va="top")
    question = textwrap.shorten(manifest["question"], QUESTION_MAX, placeholder=" …")
    figure.text(left, 1 - 0.66 / high, question, fontsize=13, color=QUIET, va="top", style="italic")
    figure.text(left, 1 - 1.05 / high, found.sentence, fontsize=16, color=INK, va="top")
    rest = len(found.effects) - SHOWN_MAX
    more = f" · {rest} weaker inputs are not shown" if rest > 0 else ""
    figure.text(left, 0.14 / high, f"low … guess … high · ↑ it rises with the input, ↓ falls, ↕ both · whiskers: 95 %{more}",
                fontsize=10, color=QUIET, va="bottom")  # fmt: skip
