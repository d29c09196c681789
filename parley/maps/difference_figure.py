"""The picture of a map's differences: coloured around zero, with the line where the sign changes and how far that is known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from parley.drawing.canvas import Picture
from parley.drawing.panels import INK
from parley.maps.differences import SAME, UNDECIDED, DifferencePlane
from parley.maps.frame import Frame, framed
from parley.maps.frontiers import Floats
from parley.maps.mapping import OutcomeMap
from parley.wording import signed

COLOURS = "RdBu"  # told apart by every eye: dark red, white, dark blue
ZERO: dict[str, Any] = {"linewidths": 2.6}
END: dict[str, Any] = {"linewidths": 1.1, "linestyles": "dashed"}
MARKS = {UNDECIDED: "D", SAME: "s"}
BEYOND = 4.0  # how many times what nine cells of ten keep within the largest may be before it is cut off


def picture_of_differences(found: OutcomeMap) -> Picture:
    """All differences, with one scale of colours."""
    planes = found.differences
    frame, (limit, is_cut) = framed(found, len(planes)), reach(planes)
    for nth, plane in enumerate(planes):
        cells = _draw(frame, nth, plane, limit)
    name = found.file.outcome.label or found.file.outcome.figure
    label = f"{name}: {planes[0].of} minus {planes[0].minus}" if len(planes) == 1 else f"{name}: difference"
    frame.bar(cells, label, 0.0, extend="both" if is_cut else "neither", format=lambda value, _: signed(value))
    seeds = f"{len(found.x) * len(found.y)} cells × {found.file.seeds} pairs of runs"
    is_same = any(plane.counted()[SAME] for plane in planes)
    marks = f"◇ undecided{' · □ no seed differs' if is_same else ''}"
    frame.head(f"{seeds} · black: zero, dashed: the ends of its 95 % interval · {marks}")
    return Picture(frame.figure)


def reach(planes: Sequence[DifferencePlane]) -> tuple[float, bool]:
    """Where the colours end on either side of zero, and whether some cells lie beyond."""
    sizes = np.abs(np.concatenate([plane.mean[np.isfinite(plane.mean)] for plane in planes]))
    if not sizes.any():
        return 1.0, False
    most, usual = float(sizes.max()), float(np.quantile(sizes, 0.9))
    return (usual, True) if 0 < BEYOND * usual < most else (most, False)


def _draw(frame: Frame, nth: int, plane: DifferencePlane, limit: float) -> Any:
    found, at = frame.found, frame.axes[nth]
    cells = at.pcolormesh(found.across.edges(), np.arange(len(found.y) + 1) - 0.5, plane.mean, cmap=COLOURS, vmin=-limit, vmax=limit)
    verdicts, places = plane.verdicts, np.array(found.across.places)
    for verdict, marker in MARKS.items():
        rows, columns = np.nonzero(verdicts == verdict)
        at.plot(places[columns], rows, marker, color="none", markersize=6, markeredgecolor=INK, markerfacecolor="white", zorder=4)
    if plane.theory is not None:
        frame.say_theory(nth, plane.name, plane.theory, in_corner=True)
    for heights, style in zip(contoured(plane), (ZERO, END, END), strict=True):
        _contour(at, frame, heights, style)
    frame.side(nth, plane.name)
    return cells


def contoured(plane: DifferencePlane) -> tuple[Floats, Floats, Floats]:
    """What is zero on the three lines: the mean, the lower end, the upper end turned round. No line leads into what is the same."""
    mean = np.where(plane.verdicts == SAME, np.nan, plane.mean)
    return mean, plane.low, -plane.high


def _contour(at: Any, frame: Frame, heights: Floats, style: dict[str, Any]) -> None:
    """The line where heights are zero, straight on from the outermost cells to the border."""
    if not (np.nanmin(heights, initial=0.0) < 0 < np.nanmax(heights, initial=0.0)):
        return
    found = frame.found
    edges, places = found.across.edges(), found.across.places
    rows = [-0.5, *range(len(found.y)), len(found.y) - 0.5]
    at.contour([edges[0], *places, edges[-1]], rows, np.pad(heights, 1, mode="edge"), levels=[0.0], colors=INK, zorder=3, **style)
