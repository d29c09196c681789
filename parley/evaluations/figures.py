"""Pictures of an evaluation: what violations each controller pays how many pods for, and how many episodes reach which score."""

from __future__ import annotations

import math
import textwrap
from typing import Any

from parley.drawing.canvas import Picture, blank, round_ticks
from parley.drawing.panels import BLUE, FAINT, GREEN, INK, ORANGE, PURPLE, QUIET, RED, SKY
from parley.evaluations.evaluations import Evaluation
from parley.evaluations.files import LEARNED

WIDE, HEAD, FOOT, PANEL_HIGH = 16.0, 1.55, 0.45, 2.75  # inches
COLUMNS = 5
TITLE_MAX = 28  # characters of a line
COLOURS = (QUIET, INK, ORANGE, GREEN, PURPLE, SKY, "#A08B00", "#8C564B", FAINT)
MARKERS = ("s", "o", "^", "v", "D", "P", "X", "*", "x")
HOPELESS = 0.95  # share of objectives missed, from which on nobody is drawn


def picture_of_plane(found: Evaluation) -> Picture:
    """A panel a family: pods from left to right, objectives missed from below to above."""
    families = [*found.findings["families"]]
    columns = min(COLUMNS, len(families))
    rows = math.ceil(len(families) / columns)
    high = HEAD + FOOT + PANEL_HIGH * rows
    figure = blank(WIDE, high)
    room = {"left": 0.05, "right": 0.985, "top": 1 - HEAD / high, "bottom": FOOT / high + 0.15 / high, "wspace": 0.28, "hspace": 0.62}
    panels = figure.subplots(rows, columns, gridspec_kw=room, squeeze=False).ravel()
    looks = _looks(found)
    for panel, family in zip(panels, families, strict=False):
        _plane(panel, found.findings["families"][family], family, looks)
    for panel in panels[len(families) :]:
        panel.set_visible(False)
    _words(figure, high, f"{found.manifest['name']}: what misses objectives, and what it costs",
           "pods asked for (from left to right) and class-ticks that missed their objective, % (upwards): better is down and to the left; "
           f"{found.file.seeds} episodes each, the same for all")  # fmt: skip
    _legend(figure, high, looks)
    return Picture(figure)


def picture_of_profile(found: Evaluation) -> Picture:
    """The share of episodes above each score, with its interval."""
    told, high = found.findings["profile"], 7.6
    figure = blank(WIDE, high)
    axes = figure.add_axes((0.06, 0.1, 0.925, 1 - (HEAD + 0.75) / high))
    looks = _looks(found)
    for name, rows in told["shares"].items():
        colour, _ = looks[name]
        values, low, high_ends = zip(*rows, strict=True)
        axes.plot(told["levels"], values, color=colour, linewidth=2.4 if name == LEARNED else 1.6)
        if None not in low:
            axes.fill_between(told["levels"], low, high_ends, color=colour, alpha=0.12, linewidth=0)
    for at, name in ((0, found.file.default), (1, found.file.reference)):
        axes.axvline(at, color=FAINT, linewidth=1.2)
        axes.annotate(name, (at, 1.015), xycoords=("data", "axes fraction"), ha="center", color=QUIET, fontsize=11)
    axes.set_xlabel("score of an episode", color=QUIET, fontsize=12)
    axes.set_ylim(0, 1)
    axes.yaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")
    axes.set_xlim(told["levels"][0], told["levels"][-1])
    _quiet(axes)
    _words(figure, high, f"{found.manifest['name']}: how many episodes reach a score",
           "episodes of all families for tests above each score; bands: 95 %, trainings and episodes drawn anew")  # fmt: skip
    _legend(figure, high, looks)
    return Picture(figure)


def _plane(axes: Any, rows: dict[str, Any], family: str, looks: dict[str, tuple[str, str]]) -> None:
    for name, one in rows.items():
        if not _is_out(one):
            colour, marker = looks[name]
            ring = {"markersize": 13, "markerfacecolor": "none", "markeredgewidth": 2.4} if name == LEARNED else {"markersize": 8}
            axes.plot(one["pods"], 100 * one["violation"], marker, color=colour, clip_on=False, **ring)
    out = [name for name, one in rows.items() if _is_out(one)]
    if out:
        axes.annotate(f"not drawn: {', '.join(out)}", (0.99, 0.97), xycoords="axes fraction", ha="right", va="top", color=QUIET, fontsize=8)
    axes.set_title("\n".join(textwrap.wrap(family, TITLE_MAX)), loc="left", fontsize=12, fontweight="bold", color=INK, pad=7)
    axes.margins(0.14)
    axes.set_ylim(bottom=0)
    axes.xaxis.set_major_locator(round_ticks(4))
    axes.yaxis.set_major_locator(round_ticks(4))
    _quiet(axes)


def _is_out(one: dict[str, Any]) -> bool:
    """Whether it has no place in the picture: an episode of it could not go on, or next to nothing was in time."""
    return one["violation"] is None or one["violation"] >= HOPELESS


def _looks(found: Evaluation) -> dict[str, tuple[str, str]]:
    """(colour, marker) of each controller: the calibrated one is black, policies are blue, the rest as the file has them."""
    free = [name for name in found.names if name not in (found.file.calibrated, LEARNED, found.file.reference)]
    colours = [QUIET, ORANGE, GREEN, PURPLE, SKY, "#A08B00", "#8C564B", "#BBBBBB"]
    looks = {name: (colours[nth % len(colours)], MARKERS[2 + nth % (len(MARKERS) - 2)]) for nth, name in enumerate(free)}
    looks |= {found.file.calibrated: (INK, "o"), found.file.reference: (RED, "s"), LEARNED: (BLUE, "o")}
    return {name: looks[name] for name in found.names}


def _legend(figure: Any, high: float, looks: dict[str, tuple[str, str]]) -> None:
    handles = [figure.axes[0].plot([], [], marker, color=colour, markersize=8, label=name)[0] for name, (colour, marker) in looks.items()]
    figure.legend(handles=handles, loc="upper left", bbox_to_anchor=(0.008, 1 - 0.86 / high), ncols=len(handles), frameon=False,
                  fontsize=10.5, handletextpad=0.1, columnspacing=1.1, labelcolor=INK)  # fmt: skip


def _words(figure: Any, high: float, title: str, says: str) -> None:
    figure.text(0.012, 1 - 0.18 / high, title, fontsize=19, fontweight="bold", color=INK, va="top")
    figure.text(0.012, 1 - 0.6 / high, says, fontsize=11.5, color=QUIET, va="top")


def _quiet(axes: Any) -> None:
    axes.grid(color=FAINT, linewidth=0.6)
    axes.tick_params(colors=QUIET, labelsize=10)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
