"""What all pictures of a map share: the places of its panels, their sides, a heading, and a scale of colours."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from parley.drawing.canvas import blank
from parley.drawing.panels import INK, QUIET
from parley.maps.axes import Ruler
from parley.maps.mapping import OutcomeMap

COLUMNS_MAX = 4
WIDE, PANEL_HIGH, ALONE_HIGH, HEAD, FOOT = 16.0, 3.7, 5.6, 1.35, 0.75  # inches
QUESTION_MAX = 190
TITLE_ROOM = 41.0  # points of type, beside each other: what a title of 40 letters needs
LETTERS = 80  # of labels below all panels beside each other
BEHIND = {"boxstyle": "round,pad=0.25", "facecolor": "white", "alpha": 0.85, "linewidth": 0}  # words on a coloured ground


@dataclass(frozen=True)
class Frame:
    """A picture with axes for every panel of a map."""

    found: OutcomeMap
    figure: Any  # matplotlib's
    axes: Sequence[Any]
    columns: int
    room: dict[str, float]  # what panels take of the figure
    high: float  # inches

    def side(self, nth: int, title: str) -> None:
        """Title, ticks and labels of a panel."""
        at, across = self.axes[nth], self.found.across
        at.set_title(title, loc="left", fontsize=min(12.5, TITLE_ROOM / self.columns), fontweight="bold", color=INK)
        at.set_yticks(range(len(self.found.up.labels)), self.found.up.labels)
        if (ticks := across.ticks(_most(across, self.columns))) is not None:
            at.set_xticks(*ticks)
        at.set_xlim(*across.edges()[[0, -1]])
        at.set_ylim(-0.5, len(self.found.up.labels) - 0.5)
        at.tick_params(colors=QUIET, length=3, labelleft=nth % self.columns == 0, labelbottom=nth + self.columns >= len(self.axes))
        for spine in at.spines.values():
            spine.set_visible(False)

    def say_theory(self, nth: int, name: str, theory: Sequence[float], in_corner: bool = False) -> None:
        """Its line, and what it says at the upper end, on the side where there is more room, or in the corner there."""
        at, across = self.axes[nth], self.found.across
        line = [(across.place(x), row) for row, x in enumerate(theory) if not math.isnan(x)]
        if not line:
            return
        at.plot(*zip(*line, strict=True), color="white", linewidth=4.5, solid_capstyle="butt")
        at.plot(*zip(*line, strict=True), color=INK, linewidth=2, linestyle=(0, (2, 1.2)))
        x, row = line[-1]
        is_left = x > (across.places[0] + across.places[-1]) / 2
        says = self.found.file.theory[name].says
        if in_corner:
            at.annotate(f"dotted: {textwrap.fill(says, 40)}", (0.01 if is_left else 0.99, 0.975), xycoords="axes fraction", fontsize=10.5,
                        color=INK, ha="left" if is_left else "right", va="top", bbox=BEHIND, zorder=5)  # fmt: skip
        else:
            at.annotate(textwrap.fill(says, 30), (x, row), (-16 if is_left else 8, -2), fontsize=10.5, color=INK,
                        textcoords="offset points", ha="right" if is_left else "left", va="top", bbox=BEHIND)  # fmt: skip

    def head(self, foot: str) -> None:
        """Name, question, the names of both sides, and how the picture is read."""
        figure, room, high = self.figure, self.room, self.high
        figure.text(room["left"], 1 - 0.2 / high, str(self.found.manifest["scenario"]), fontsize=22, fontweight="bold", color=INK, va="top")
        question = textwrap.shorten(self.found.file.question, QUESTION_MAX, placeholder=" …")
        figure.text(room["left"], 1 - 0.68 / high, question, fontsize=13, color=QUIET, va="top", style="italic")
        is_narrow = len(foot) > LETTERS
        x, ha = (room["left"], "left") if is_narrow else ((room["left"] + room["right"]) / 2, "center")
        figure.text(x, 0.16 / high, self.found.across.name, fontsize=12.5, color=INK, ha=ha, va="bottom")
        figure.text(0.012, (room["top"] + room["bottom"]) / 2, self.found.up.name, fontsize=12.5, color=INK, rotation=90, va="center")
        figure.text(0.985, 0.16 / high, foot, fontsize=10, color=QUIET, ha="right", va="bottom")

    def bar(self, cells: Any, label: str, level: float | None, **more: Any) -> Any:
        """The scale of colours beside all panels, with a line at the level."""
        room = self.room
        place = self.figure.add_axes((room["right"] + 0.015, room["bottom"], 0.013, room["top"] - room["bottom"]))
        bar = self.figure.colorbar(cells, cax=place, **more)
        bar.set_label(label, fontsize=12.5, color=INK)
        bar.outline.set_visible(False)
        if level is not None:
            bar.ax.axhline(level, color=INK, linewidth=2)
        return bar


def framed(found: OutcomeMap, count: int) -> Frame:
    """Room for so many panels, in rows as full as can be; one alone is higher."""
    rows = math.ceil(count / COLUMNS_MAX)
    columns = math.ceil(count / rows)
    high = HEAD + FOOT + (ALONE_HIGH if count == 1 else PANEL_HIGH * rows)
    figure = blank(WIDE, high)
    room = {"left": 0.065, "right": 0.905, "top": 1 - HEAD / high, "bottom": FOOT / high, "hspace": 0.2, "wspace": 0.07}
    axes = list(figure.subplots(rows, columns, gridspec_kw=room, squeeze=False).flat)
    for at in axes[count:]:
        at.set_visible(False)
    return Frame(found, figure, axes[:count], columns, room, high)


def _most(across: Ruler, columns: int) -> int:
    """Labels that fit below a panel."""
    return max(2, 2 * LETTERS // columns // (2 + max(len(label) for label in across.labels)))
