"""The picture of a contest: mechanisms by rows, events by columns, a dot and its interval for how much better than the baseline."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from typing import Any

from parley.contests.contests import Contest
from parley.contests.standings import BETTER, SAME, UNDECIDED, WORSE, Row
from parley.contests.wording import written
from parley.drawing.canvas import Picture, blank, round_ticks
from parley.drawing.panels import BLUE, FAINT, INK, QUIET, RED
from parley.wording import signed

COLUMNS_MAX = 4
WIDE, HEAD, FOOT, ROW_HIGH, BETWEEN = 16.0, 1.0, 0.5, 0.27, 1.1  # inches
LEFT_MIN, LEFT_MAX, RIGHT = 0.12, 0.3, 0.985
CHARACTER = 0.0057  # of the width, of a label
ROOM = 0.07  # of the reach of a column, beyond its outermost interval
LOOKS: dict[str | None, dict[str, Any]] = {
    BETTER: {"color": BLUE, "marker": "o", "markersize": 7},
    WORSE: {"color": RED, "marker": "D", "markersize": 6.5},
    UNDECIDED: {"color": QUIET, "marker": "o", "markersize": 6.5, "markerfacecolor": "white", "markeredgewidth": 1.4},
    SAME: {"color": QUIET, "marker": "|", "markersize": 10, "markeredgewidth": 2},
    None: {"color": INK, "marker": "|", "markersize": 12, "markeredgewidth": 2.2},
}
LEGEND = {BETTER: "better", WORSE: "worse", UNDECIDED: "undecided: zero is in its interval", SAME: "the same in every seed"}
QUESTION_MAX = 190  # characters
TITLE_MAX = 32  # characters of a line


def picture_of_contest(found: Contest) -> Picture:
    """Events in blocks of four beside each other, which share their rows."""
    names = [*found.standings]
    blocks = [names[first : first + COLUMNS_MAX] for first in range(0, len(names), COLUMNS_MAX)]
    rows = [_rows(found, block) for block in blocks]
    left = min(LEFT_MAX, max(LEFT_MIN, CHARACTER * (2 + max(len(label) for one in rows for label in one))))
    heights = [ROW_HIGH * (len(one) + 0.6) for one in rows]
    high = HEAD + FOOT + sum(heights) + BETWEEN * len(blocks)
    figure, top = blank(WIDE, high), high - HEAD
    for block, labels, tall in zip(blocks, rows, heights, strict=True):
        top -= BETWEEN - 0.45
        _block(figure, found, block, labels, (left, 1 - (high - top) / high, tall / high))
        top -= tall + 0.45
    _words(figure, found, high)
    return Picture(figure)


def _rows(found: Contest, block: Sequence[str]) -> list[str]:
    """Alternatives of some events: those that an event has beside its chair first, then by the contest's order, then the rest."""
    made, there = found.file, [row.name for name in block for row in found.standings[name]]
    beside = [name for event in block for name in made.events[event].others]
    return list(dict.fromkeys([*beside, *(name for name in made.alternatives if name in there), *there]))


def _block(figure: Any, found: Contest, block: Sequence[str], labels: Sequence[str], place: tuple[float, float, float]) -> None:
    left, top, tall = place
    gap = 0.018
    columns = min(COLUMNS_MAX, len(found.standings))
    wide = (RIGHT - left - gap * (columns - 1)) / columns
    for nth, name in enumerate(block):
        at = figure.add_axes((left + nth * (wide + gap), top - tall, wide, tall))
        _column(at, found, name, labels, is_first=nth == 0)


def _column(at: Any, found: Contest, name: str, labels: Sequence[str], *, is_first: bool) -> None:
    made = found.file
    event, told = made.events[name], made.figures[made.main]
    rows = {row.name: row for row in found.standings[name]}
    baseline, reference = made.baseline_of(event), made.reference_of(event)
    for nth in range(0, len(labels), 2):
        at.axhspan(nth - 0.5, nth + 0.5, color=FAINT, alpha=0.32, linewidth=0, zorder=0)
    at.axvline(0, color=INK, linewidth=1.4, zorder=1)
    ends = [0.0]
    for nth, label in enumerate(labels):
        if label in rows:
            middle, wide = better_by(rows[label], made.main, told.better, told.shown == "percent")
            looks = LOOKS[rows[label].standings[made.main].verdict]
            at.errorbar([middle], [nth], xerr=[wide], elinewidth=1.8, capsize=0, zorder=3, **looks)
            ends += [middle - wide, middle + wide]
            if label == reference:
                at.axvline(middle, color=BLUE, linewidth=1.2, linestyle=(0, (4, 3)), zorder=1)
    reach = max(ends) - min(ends) or 1.0
    at.set_xlim(min(ends) - ROOM * reach, max(ends) + ROOM * reach)
    at.set_ylim(len(labels) - 0.5, -0.5)
    at.set_yticks(range(len(labels)), labels if is_first else [""] * len(labels), fontsize=11.5, color=INK)
    at.xaxis.set_major_locator(round_ticks(5))
    at.xaxis.set_major_formatter(lambda value, _: signed(round(value, 6)))
    at.tick_params(axis="y", length=0)
    at.tick_params(axis="x", colors=QUIET, length=3, labelsize=10.5)
    for side in ("top", "left", "right"):
        at.spines[side].set_visible(False)
    at.spines["bottom"].set_color(QUIET)
    at.set_title(textwrap.fill(name, TITLE_MAX), loc="left", fontsize=13, fontweight="bold", color=INK, pad=20)
    mean = written(told, rows[baseline].standings[made.main].known.mean)
    at.annotate(f"{baseline}: {mean}", (0, 1), (0, 6), xycoords="axes fraction", textcoords="offset points", fontsize=10.5,
                color=QUIET)  # fmt: skip


def better_by(row: Row, main: str, better: str | None, is_share: bool) -> tuple[float, float]:
    """(middle, half-width) by which an alternative is better than the baseline, shares in points; 0 of the baseline itself."""
    against = row.standings[main].against
    if against is None:
        return 0.0, 0.0
    times = (100.0 if is_share else 1.0) * (-1.0 if better == "less" else 1.0)
    return times * against.difference, 0.0 if math.isnan(against.half_width) else abs(times) * against.half_width


def _words(figure: Any, found: Contest, high: float) -> None:
    made = found.file
    figure.text(0.012, 1 - 0.2 / high, str(found.manifest["name"]), fontsize=22, fontweight="bold", color=INK, va="top")
    question = textwrap.shorten(made.question, QUESTION_MAX, placeholder=" …")
    figure.text(0.012, 1 - 0.72 / high, question, fontsize=13, color=QUIET, va="top", style="italic")
    told = made.figures[made.main]
    unit = "percentage points" if told.shown == "percent" else told.figure
    says = f"{made.main}: how much better than the baseline (black line), {unit}, ± 95 %, {made.seeds} pairs of the same seed"
    figure.text(0.012, 0.42 / high, f"{says}; to the right is better", fontsize=11.5, color=INK, va="bottom")
    handles = [figure.axes[0].plot([], [], linestyle="none", label=word, **LOOKS[verdict])[0] for verdict, word in LEGEND.items()]
    handles += figure.axes[0].plot([], [], color=BLUE, linewidth=1.2, linestyle=(0, (4, 3)), label=f"the reference: {made.reference}")
    figure.legend(handles=handles, loc="lower left", bbox_to_anchor=(0.004, 0.06 / high), ncol=len(handles), frameon=False, fontsize=11,
                  labelcolor=QUIET, handletextpad=0.3, columnspacing=1.6, borderpad=0.2)  # fmt: skip
