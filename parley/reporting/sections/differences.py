"""A map's differences: one alternative minus another under the same seeds, with the line where the sign changes."""

from __future__ import annotations

from typing import Any

import numpy as np

from parley.maps.difference_figure import contoured, reach
from parley.maps.differences import LESS, MORE, SAME, SIGNS, UNDECIDED, DifferencePlane
from parley.maps.mapping import OutcomeMap
from parley.pages.plotting import packed, plain
from parley.pages.section import Figure, Part, Section, Table
from parley.reporting.map_planes import map_panel, rows_of, side_by_side, theory_lines
from parley.reporting.planes import Scale, diverging, scale_figure
from parley.reporting.sections.panels import theory_words
from parley.wording import NOTHING, number

MARKS = {UNDECIDED: "diamond", SAME: "square"}


def differences(found: OutcomeMap) -> Section:
    """A heat map a difference, one scale for all, and where the sign changes by row."""
    planes, name = found.differences, found.file.outcome.label or found.file.outcome.figure
    limit, is_cut = reach(planes)
    scale = diverging(-limit, limit, 0.0)
    says = (f"The same {found.file.seeds} seeds on both sides, subtracted pair by pair: blue where the first has more, red where the "
            "second has. The line is where the mean is zero, dashed are the ends of its 95 % interval; in cells with a "
            f"{SIGNS[UNDECIDED]} that interval contains zero, so nobody knows yet which has more. Each cell is told on its own: where "
            f"nothing differs, one in twenty lacks its {SIGNS[UNDECIDED]} by chance."
            f"{f' Cells with a {SIGNS[SAME]} are the same under every seed.' if any(one.counted()[SAME] for one in planes) else ''}"
            f"{' Colours end before the largest differences do.' if is_cut else ''}")  # fmt: skip
    drawn = [_figure(found, plane, scale) for plane in planes]
    parts: list[Part] = [scale_figure(scale, f"{name}: difference", 0.0), *side_by_side(drawn)]
    parts += [_table(found, plane) for plane in planes]
    return Section("differences", "Which has more, and where", says, parts)


def _figure(found: OutcomeMap, plane: DifferencePlane, scale: Scale) -> Figure:
    words = [f"{plane.of} minus {plane.minus}"] if plane.name != f"{plane.of} minus {plane.minus}" else []
    words += theory_words(found, plane.name) if plane.theory is not None else []
    cells = {"z": packed(plane.mean), "customdata": packed(np.stack([plane.half_width, plane.pairs], axis=-1))}
    says = (f"{plain(found.file.outcome.label or found.file.outcome.figure)}: <b>%{{z:+.4~g}}</b> ± %{{customdata[0]:.2~g}}, "
            "%{customdata[1]} pairs")  # fmt: skip
    made = map_panel(found, scale, plane.name, cells, says, words, is_alone=len(found.differences) == 1)
    lines = [_line(found, heights, dash) for heights, dash in zip(contoured(plane), ("solid", "dash", "dash"), strict=True)]
    marks = [_marks(found, plane, verdict) for verdict in MARKS if plane.counted()[verdict]]
    return Figure(made.name, [*made.traces, *marks, *lines, *theory_lines(found, plane.theory)], made.layout, made.title)


def _line(found: OutcomeMap, heights: Any, dash: str) -> dict[str, Any]:
    """Where heights are zero."""
    return {"type": "contour", "x": packed(found.across.places, "f8"), "y": rows_of(found), "z": packed(heights), "showscale": False,
            "contours": {"type": "constraint", "operation": "=", "value": 0}, "hoverinfo": "skip",
            "line": {"color": "@ink", "width": 2.4 if dash == "solid" else 1.1, "dash": dash, "smoothing": 0}}  # fmt: skip


def _marks(found: OutcomeMap, plane: DifferencePlane, verdict: str) -> dict[str, Any]:
    """A dot in every cell of a verdict."""
    rows, columns = np.nonzero(plane.verdicts == verdict)
    names = rows_of(found)
    marker = {"symbol": MARKS[verdict], "size": 7, "color": "@paper", "line": {"color": "@ink", "width": 1.2}}
    return {"type": "scatter", "mode": "markers", "x": [found.across.places[one] for one in columns], "y": [names[one] for one in rows],
            "hoverinfo": "skip", "name": verdict, "marker": marker}  # fmt: skip


def _table(found: OutcomeMap, plane: DifferencePlane) -> Table:
    across = found.across
    rows = [(label, "".join(SIGNS[word] for word in verdicts), ", ".join(number(one.at, 3) for one in crossed) or NOTHING,
             ", ".join(one.interval for one in crossed), *(str(int((verdicts == word).sum())) for word in (MORE, LESS, UNDECIDED, SAME)))
            for label, verdicts, crossed in zip(found.up.labels, plane.verdicts, plane.rows, strict=True)]  # fmt: skip
    heads = [f"{SIGNS[word]} {word}" for word in (MORE, LESS, UNDECIDED, SAME)]
    columns = (f"by {found.up.name}", f"{across.labels[0]} … {across.labels[-1]}", "zero at", "95 %", *heads)
    return Table(columns, rows, words=2, title=f"{plane.name}, by {across.name}")
