"""The picture of a survival: a small map for each entrant and training, coloured by how often the mesh comes back; all areas beside it."""

from __future__ import annotations

import math
import textwrap
from dataclasses import dataclass
from typing import Any

import numpy as np

from parley.drawing.canvas import Picture, blank
from parley.drawing.panels import BLUE, FAINT, GREEN, INK, QUIET
from parley.evaluations.files import LEARNED
from parley.maps.figure import COLOURS
from parley.statistics.crossed import Floats
from parley.survival.files import NEGOTIATED, REFERENCE, RULE
from parley.survival.survival import Survival
from parley.survival.wording import Told, area

WIDE, HEAD, FOOT, ROW_HIGH = 16.0, 1.15, 0.85, 2.4  # inches
LEFT, MIDDLE, LIST, RIGHT = 0.058, 0.69, 0.832, 0.982  # of the width: where maps begin and end, and the list of areas
TITLE_HIGH = 0.72  # inches above a map
ROLE = 0.076  # of the width, of a word in the key
ASPECT = 2.0  # columns over rows
LETTERS, LETTERS_LISTED = 116, 22  # of titles beside each other; of a name in the list, in a line
QUESTION_MAX = 190
LOOKS = {RULE: INK, NEGOTIATED: GREEN, REFERENCE: QUIET, LEARNED: BLUE}


@dataclass(frozen=True)
class SmallMap:
    """One of them."""

    name: str
    role: str
    area: Told
    survived: Floats  # (y, x) share of runs


def picture_of_survival(found: Survival) -> Picture:
    """Maps on the left in the order of the file, areas on the right from the widest basin to the narrowest."""
    maps = maps_of(found)
    columns = math.ceil(math.sqrt(ASPECT * len(maps)))
    rows = math.ceil(len(maps) / columns)
    high = HEAD + FOOT + ROW_HIGH * rows
    figure = blank(WIDE, high)
    room = {"left": LEFT, "right": MIDDLE, "top": 1 - (HEAD + TITLE_HIGH) / high, "bottom": FOOT / high, "wspace": 0.12,
            "hspace": TITLE_HIGH / (ROW_HIGH - TITLE_HIGH)}  # fmt: skip
    panels = list(figure.subplots(rows, columns, gridspec_kw=room, squeeze=False).ravel())
    for nth, one in enumerate(maps):
        is_last = nth + columns >= len(maps)
        colours = _map(panels[nth], found, one, LETTERS // columns, has_rows=nth % columns == 0, has_columns=is_last)
    for panel in panels[len(maps) :]:
        panel.set_visible(False)
    _list(figure.add_axes((LIST, FOOT / high, RIGHT - LIST, 1 - (HEAD + FOOT + 0.3) / high)), found)
    _words(figure, found, high)
    _scale(figure, colours, high)
    return Picture(figure)


def maps_of(found: Survival) -> list[SmallMap]:
    """Of every entrant, of all policies together, and of each training where there are several."""
    made, told = found.file, found.findings["entrants"]
    roles = {name: one.role for name, one in made.entrants.items()} | {LEARNED: LEARNED}
    maps = [SmallMap(name, roles[name], one["area"], np.array(one["survived"], dtype=float).mean(axis=0)) for name, one in told.items()]
    policies = found.manifest["policies"]
    if len(policies) > 1:
        maps += [SmallMap(f"{LEARNED}, {one['name']}", LEARNED, (value, None, None), np.array(survived, dtype=float))
                 for one, value, survived in zip(policies, told[LEARNED]["trainings"], told[LEARNED]["survived"], strict=True)]  # fmt: skip
    return maps


def _map(at: Any, found: Survival, one: SmallMap, letters: int, *, has_rows: bool, has_columns: bool) -> Any:
    across, up = found.across, found.up
    cells = at.pcolormesh(across.edges(), np.arange(len(up.values) + 1) - 0.5, one.survived, cmap=COLOURS, vmin=0, vmax=1)
    lines = textwrap.wrap(one.name, letters)
    at.annotate("\n".join(lines), (0, 1), (0, 23), xycoords="axes fraction", textcoords="offset points", fontsize=9.5, fontweight="bold",
                color=LOOKS[one.role], va="bottom", linespacing=1.05)  # fmt: skip
    share, _, interval = area(one.area).partition(" [")
    at.annotate(share, (0, 1), (0, 4), xycoords="axes fraction", textcoords="offset points", fontsize=13.5, color=LOOKS[one.role])
    if interval:
        at.annotate(f"[{interval}", (1, 1), (0, 4), xycoords="axes fraction", textcoords="offset points", fontsize=8.5, color=QUIET,
                    ha="right")  # fmt: skip
    at.set_yticks(range(len(up.labels)), up.labels)
    if (ticks := across.ticks(3)) is not None:
        at.set_xticks(*ticks)
    at.tick_params(colors=QUIET, length=2, labelsize=8.5, labelleft=has_rows, labelbottom=has_columns)
    for spine in at.spines.values():
        spine.set_visible(False)
    return cells


def _list(at: Any, found: Survival) -> None:
    """A dot and its interval each; of policies a tick for every training, too."""
    made, told = found.file, found.findings["entrants"]
    ordered = sorted(told, key=lambda name: told[name]["area"][0] or 0.0, reverse=True)
    for nth, name in enumerate(ordered):
        value, low, high = (math.nan if end is None else 100 * end for end in told[name]["area"])
        colour = LOOKS[LEARNED if name == LEARNED else made.entrants[name].role]
        if nth % 2 == 0:
            at.axhspan(nth - 0.5, nth + 0.5, color=FAINT, alpha=0.32, linewidth=0, zorder=0)
        at.plot([low, high], [nth, nth], color=colour, linewidth=2.2, solid_capstyle="butt")
        at.plot([value], [nth], "o", color=colour, markersize=8, clip_on=False)
        if name == LEARNED:
            each = [math.nan if one is None else 100 * one for one in told[name]["trainings"]]
            at.plot(each, [nth + 0.28] * len(each), "|", color=colour, markersize=7)
    at.set_yticks(range(len(ordered)), ["\n".join(textwrap.wrap(name, LETTERS_LISTED)) for name in ordered], fontsize=10.5, color=INK)
    at.set_ylim(len(ordered) - 0.5, -0.5)
    at.set_xlim(0, 100)
    at.xaxis.set_major_formatter(lambda value, _: f"{value:.0f} %")
    at.tick_params(axis="y", length=0)
    at.tick_params(axis="x", colors=QUIET, length=3, labelsize=10)
    for side in ("top", "left", "right"):
        at.spines[side].set_visible(False)
    at.set_title("area of the basin, 95 %", loc="left", fontsize=12, color=QUIET)


def _words(figure: Any, found: Survival, high: float) -> None:
    figure.text(0.012, 1 - 0.2 / high, str(found.manifest["name"]), fontsize=22, fontweight="bold", color=INK, va="top")
    question = textwrap.shorten(found.file.question, QUESTION_MAX, placeholder=" …")
    figure.text(0.012, 1 - 0.7 / high, question, fontsize=13, color=QUIET, va="top", style="italic")
    for nth, (role, colour) in enumerate(reversed(LOOKS.items())):
        figure.text(RIGHT - ROLE * nth, 1 - 0.3 / high, role, fontsize=11.5, fontweight="bold", color=colour, ha="right", va="top")
    figure.text((LEFT + MIDDLE) / 2, 0.3 / high, found.across.name, fontsize=12, color=INK, ha="center", va="bottom")
    middle = (1 - (HEAD + TITLE_HIGH) / high + FOOT / high) / 2
    figure.text(0.01, middle, found.up.name, fontsize=12, color=INK, rotation=90, va="center")


def _scale(figure: Any, colours: Any, high: float) -> None:
    """What colours mean, below the list."""
    place = figure.add_axes((LIST, 0.36 / high, RIGHT - LIST, 0.13 / high))
    bar = figure.colorbar(colours, cax=place, orientation="horizontal", ticks=[0, 1], format=lambda value, _: f"{100 * value:.0f} %")
    bar.outline.set_visible(False)
    place.tick_params(colors=QUIET, length=0, labelsize=9.5)
    figure.text(LIST - 0.006, 0.36 / high, "runs that came back", fontsize=10.5, color=QUIET, ha="right", va="bottom")

