"""What all heat maps of a map share: the plane, how far it reaches, and the line of a theory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from parley.maps.mapping import OutcomeMap
from parley.pages.plotting import plain, word
from parley.pages.section import Figure, Figures, Part
from parley.reporting.planes import Plane, Scale, gaps_as_none, heat_map, told

ALONE_HIGH, CARD_HIGH = 470, 320  # pixels
WORDS_LINE, TICKS = 15, {True: 12, False: 6}  # pixels of a line of words above cells; labels of a panel that is alone, or is not


def plane_of(found: OutcomeMap, is_alone: bool) -> Plane:
    """The two sides of a map."""
    across, up = found.across, found.up
    labels = () if across.is_to_scale and not across.has_units else across.labels
    return Plane(across.name, across.places, up.name, list(up.labels), labels, across.ticks(TICKS[is_alone]))


def map_panel(found: OutcomeMap, scale: Scale, name: str, cells: dict[str, Any], figure: str, words: Sequence[str],
              is_alone: bool) -> Figure:  # fmt: skip
    """Coloured cells under a title and lines of words; `figure` is what a cell says of its value."""
    plane = plane_of(found, is_alone)
    trace = cells | scale.cells() | {"hovertemplate": told(plane, figure)}
    made = heat_map(f"{name}: {found.file.outcome.figure} over {plane.x_name} and {plane.y_name}", plane, trace,
                    ALONE_HIGH if is_alone else CARD_HIGH, name, 12 + WORDS_LINE * len(words))  # fmt: skip
    layout = dict(made.layout)
    reach = [float(edge) for edge in found.across.edges()[[0, -1]]]
    layout["xaxis"] = layout["xaxis"] | {"range": reach, "minallowed": min(reach), "maxallowed": max(reach)}
    layout["annotations"] = [word("<br>".join(map(plain, words)), "@quiet", 11, xref="paper", x=0, xanchor="left", yref="paper", y=1,
                                  yanchor="bottom", yshift=4, align="left")]  # fmt: skip
    return Figure(made.name, list(made.traces), layout, made.title)


def placed(found: OutcomeMap, values: Sequence[float]) -> list[float | None]:
    """Numbers as they stand along x; None for nan."""
    return gaps_as_none([found.across.place(one) for one in values])


def rows_of(found: OutcomeMap) -> list[str]:
    """Rows as figures name them."""
    return [plain(text) for text in found.up.labels]


def theory_lines(found: OutcomeMap, theory: Sequence[float] | None) -> list[dict[str, Any]]:
    """Dotted; none where there is no theory."""
    if theory is None:
        return []
    line = {"type": "scatter", "mode": "lines", "x": placed(found, theory), "y": rows_of(found), "hoverinfo": "skip"}
    return [line | {"line": {"color": "@paper", "width": 5}}, line | {"line": {"color": "@ink", "width": 2.2, "dash": "dot"}}]


def side_by_side(drawn: Sequence[Figure]) -> list[Part]:
    """Alone as wide as the page, else as cards."""
    return [drawn[0]] if len(drawn) == 1 else [Figures(list(drawn), is_wide=len(drawn) in (2, 4))]
