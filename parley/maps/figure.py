"""The picture of a map: a panel for each alternative, coloured by the outcome, with its frontier and what theory says of it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from parley.drawing.canvas import Picture
from parley.drawing.panels import INK
from parley.maps.frame import Frame, framed
from parley.maps.mapping import OutcomeMap, Panel
from parley.wording import number

COLOURS = "RdYlBu"  # told apart by every eye: dark red, pale yellow, dark blue
PLAIN_COLOURS = "cividis"  # without a level there is no middle


def picture_of(found: OutcomeMap) -> Picture:
    """All panels, with one scale of colours."""
    frame, outcome = framed(found, len(found.panels)), found.file.outcome
    low, top = _span(found.panels)
    for nth, panel in enumerate(found.panels):
        cells = _draw(frame, nth, panel, low, top)
    frame.bar(cells, outcome.label or outcome.figure, outcome.level)
    says = f"{len(found.x) * len(found.y)} cells × {found.file.seeds} seeds a panel"
    frame.head(says if outcome.level is None else f"{says} · black: where it crosses {number(outcome.level, 3)}, ± 95 %")
    return Picture(frame.figure)


def _draw(frame: Frame, nth: int, panel: Panel, low: float, top: float) -> Any:
    found, at = frame.found, frame.axes[nth]
    colours = PLAIN_COLOURS if found.file.outcome.level is None else COLOURS
    cells = at.pcolormesh(found.across.edges(), np.arange(len(found.y) + 1) - 0.5, panel.outcomes.mean(axis=2), cmap=colours,
                          vmin=low, vmax=top)  # fmt: skip
    known = [(row, one) for row, one in enumerate(panel.frontier.rows) if one is not None]
    if known:
        middle = [one.mean for _, one in known]
        widths = [0.0 if math.isnan(one.half_width) else one.half_width for _, one in known]
        place = found.across.place
        ends = [[place(x) - place(x - wide) for x, wide in zip(middle, widths, strict=True)],
                [place(x + wide) - place(x) for x, wide in zip(middle, widths, strict=True)]]  # fmt: skip
        at.errorbar([place(x) for x in middle], [row for row, _ in known], xerr=ends, color=INK, linewidth=2, elinewidth=1.2, capsize=3)
    if panel.theory is not None:
        frame.say_theory(nth, panel.name, panel.theory)
    frame.side(nth, panel.name)
    return cells


def _span(panels: list[Panel]) -> tuple[float, float]:
    """The least and the greatest outcome; 0 and 1 of shares."""
    every = np.concatenate([panel.outcomes.reshape(-1) for panel in panels])
    low, top = float(np.nanmin(every)), float(np.nanmax(every))
    return (0.0, 1.0) if low >= 0 and top <= 1 else (low, top)
