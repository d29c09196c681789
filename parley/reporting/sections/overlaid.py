"""Alternatives over time, on top of each other: load, latency, good and pods."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence

import numpy as np

from parley.analysis.timeline import Array, Timeline
from parley.pages.drawing import Frame, Line, Row, over_time
from parley.pages.section import Section
from parley.pages.sections.load import NO_WINDOWS, good_share, loudest, per_second, share_row
from parley.pages.theme import DASHES, SERIES
from parley.reporting.sides import Side, Sides, stacked

SIDES_MAX, CLASSES_MAX = 7, 3
Series = Callable[[Timeline], tuple[Array, Array]]


def overlaid(sides: Sides) -> Section:
    """A line a side: the mean over its seeds, with the least and the greatest as a band."""
    if not any(len(timeline.services[0].start_s) for side in sides.sides for timeline in side.timelines):
        return Section("time", "Over time", left_out=NO_WINDOWS)
    shown = sides.sides[:SIDES_MAX]
    classes = [one.name for one in loudest(sides.timeline)][:CLASSES_MAX]
    common = [name for name in classes if all(name in {one.name for one in side.timelines[0].classes} for side in shown)]
    rows = [Row("offered requests a second", _lines(shown, _offered))]
    rows += [
        Row(f"p99 of {name}, ms" if len(common) > 1 else "p99 latency, ms", _lines(shown, _p99(name)), is_log=True)
        for name in common
    ]
    rows += [share_row("share of answers that were good", _lines(shown, _good_of)),
             Row("pods that are ready, all services", _lines(shown, _pods, is_step=True))]  # fmt: skip
    says = ("A line is the mean over the seeds of a side, its band goes from the least of them to the greatest. Faults are those of the "
            "longest run.")  # fmt: skip
    left = f"{len(sides.sides) - len(shown)} more sides are in the tables only." if len(sides.sides) > len(shown) else ""
    figure = over_time(f"{', '.join(side.name for side in shown)} over time: load, latency, good answers and pods", rows,
                       Frame(sides.timeline, 90 + 165 * len(rows)))  # fmt: skip
    return Section("time", "Over time", says, [figure], left)


def _lines(sides: Sequence[Side], series: Series, is_step: bool = False) -> list[Line]:
    lines: list[Line] = []
    for side, colour, dash in zip(sides, SERIES, DASHES, strict=False):
        time, values = stacked([series(timeline) for timeline in side.timelines])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # a window in which no seed has a value is a gap
            mean, least, most = np.nanmean(values, axis=0), np.nanmin(values, axis=0), np.nanmax(values, axis=0)
        if len(values) > 1:
            floor = Line(time, least, side.name, colour, width=0, label="")
            lines.append(Line(time, most, side.name, colour, width=0, label="", over=floor))
        lines.append(Line(time, mean, side.name, colour, dash, 1.7, is_step=is_step, hover="%{y:.4~g}"))
    return lines


def _offered(timeline: Timeline) -> tuple[Array, Array]:
    return timeline.classes[0].middle_s, np.asarray(
        np.sum([per_second(one, "offered") for one in timeline.classes], axis=0)
    )


def _p99(name: str) -> Series:
    def series(timeline: Timeline) -> tuple[Array, Array]:
        one = next(one for one in timeline.classes if one.name == name)
        return one.middle_s, one.columns["latency_p99_ms"]

    return series


def _good_of(timeline: Timeline) -> tuple[Array, Array]:
    """Of all classes together."""
    one = timeline.classes[0]
    column = {
        name: np.sum([each.columns[name] for each in timeline.classes], axis=0) for name in ("good", "succeeded", "failed")
    }
    return one.middle_s, good_share(type(one)("", one.start_s, one.end_s, column))


def _pods(timeline: Timeline) -> tuple[Array, Array]:
    return timeline.services[0].end_s, np.sum([one.columns["ready"].astype(float) for one in timeline.services], axis=0)
