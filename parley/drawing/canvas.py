"""Empty pictures to draw on, and what becomes of them; the one door to matplotlib."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from parley.analysis.timeline import Timeline
from parley.drawing.panels import GOLD, fault_lanes
from parley.storage.run_folder import RunFolder

DPI, WIDE = 100, 16.0  # 1600 pixels
CHARACTERS = 180  # of a fault's name that fit beside each other


class Picture:
    """A figure that shows itself in a notebook."""

    def __init__(self, figure: Any) -> None:
        self.figure = figure  # matplotlib's

    def png(self) -> bytes:
        """The picture as PNG."""
        buffer = io.BytesIO()
        self.figure.savefig(buffer, format="png", dpi=DPI)
        return buffer.getvalue()

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write it as PNG, whole or not at all. Raises FolderError."""
        wanted = Path(path)
        RunFolder(wanted.parent).write_bytes(wanted.name, self.png())
        return wanted

    def __repr__(self) -> str:
        wide, high = self.figure.get_size_inches()
        return f"<Picture of {round(DPI * wide)} x {round(DPI * high)} pixels>"

    def _repr_png_(self) -> bytes:
        return self.png()


def blank(wide: float, high: float) -> Any:
    """An empty figure of matplotlib's, in inches."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(wide, high), dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def ramp(*colours: str) -> Any:
    """A scale of colours from the first to the last."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("ramp", colours)


def round_ticks(most: int) -> Any:
    """A few ticks at round numbers."""
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(most, steps=[1, 2, 5, 10])


def stacked(heights: Sequence[float], high: float, head: float, left: float = 0.062, between: float = 0.14) -> tuple[Any, list[Any]]:
    """A figure with panels below each other and room for a heading, in inches; `left` of the width, `between` of a mean panel's height."""
    figure = blank(WIDE, high)
    room = {"left": left, "right": 0.885, "top": 1 - head / high, "bottom": 0.55 / high, "hspace": between}
    panels = figure.subplots(len(heights), 1, gridspec_kw={"height_ratios": heights, **room}, squeeze=False)
    return figure, [row[0] for row in panels]


def name_faults(axes: Any, timeline: Timeline) -> None:
    """Names of faults above a panel, on the first of a few lines where they meet no other."""
    for name, start, is_late, line in fault_lanes(timeline, CHARACTERS):
        axes.annotate(name.replace("_", " "), (start, 1), (-3 if is_late else 3, 4 + 13 * line), color=GOLD, fontsize=11,
                      xycoords=("data", "axes fraction"), textcoords="offset points", ha="right" if is_late else "left")  # fmt: skip
