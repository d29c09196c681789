"""Load against latency: what came, what could be borne, how long answers took, and how many were good."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from parley.analysis.timeline import Array, Series, Timeline
from parley.pages.drawing import Frame, Level, Line, Row, over_time
from parley.pages.facts import Facts
from parley.pages.section import Section
from parley.pages.theme import DASHES, SERIES
from parley.wording import clock

CLASSES_MAX = 4
NO_WINDOWS = "No window had been written when the run ended."


def load_and_latency(facts: Facts) -> Section:
    """Three rows on one axis of time."""
    if not facts.has_windows:
        return Section("load", "Load and latency", left_out=NO_WINDOWS)
    timeline = facts.timeline
    shown = loudest(timeline)
    rows = [_load(timeline), *(latency_row(one, timeline, alone=len(timeline.classes) == 1) for one in shown), _good(shown)]
    width = clock(1e9 * float(np.median(timeline.classes[0].end_s - timeline.classes[0].start_s)))
    left = f" The {CLASSES_MAX} classes with most requests are shown." if len(timeline.classes) > len(shown) else ""
    says = (f"A point is a window of {width}. Capacity is what the ready pods can bear, at the mix of classes the file expects then; "
            f"where load is above, something fills up. Failures count as not good, and have no latency.{left}")  # fmt: skip
    figure = over_time("Offered and good requests a second against capacity, latency quantiles, and the share that was good, over time",
                       rows, Frame(timeline, 230 + 150 * (1 + len(shown))))  # fmt: skip
    return Section("load", "Load and latency", says, [figure])


def loudest(timeline: Timeline) -> list[Series]:
    """The classes with most requests, in the order of the file."""
    chosen = sorted(timeline.classes, key=lambda one: -float(np.sum(one.columns["offered"])))[:CLASSES_MAX]
    return [one for one in timeline.classes if one in chosen]


def per_second(one: Series, column: str) -> Array:
    """A counter as a rate, a value a window."""
    return np.asarray(one.columns[column].astype(float) / np.maximum(one.end_s - one.start_s, 1e-9))


def good_share(one: Series) -> Array:
    """Of what came to an end in each window, answers that were good; nan where nothing did."""
    ended = one.columns["succeeded"].astype(float) + one.columns["failed"]
    return np.asarray(np.divide(one.columns["good"].astype(float), ended, out=np.full(len(ended), np.nan), where=ended > 0))


def latency_row(one: Series, timeline: Timeline, *, alone: bool) -> Row:
    """Quantiles of a class, with its objective."""
    goal = timeline.scenario.workload[one.name].slo.latency
    levels = [Level(goal.under / 1e6, f"SLO p{goal.p:g}")] if goal is not None else []
    lines = [
        Line(one.middle_s, one.columns[f"latency_{name}_ms"], name, colour, dash, width)
        for name, colour, dash, width in (
            ("p50", "@sky", "dot", 1.5),
            ("p90", "@blue", "dash", 1.5),
            ("p99", "@ink", "solid", 1.7),
        )
    ]
    return Row("latency, ms" if alone else f"latency of {one.name}, ms", lines, levels=levels, is_log=True, weight=1.3)


def _load(timeline: Timeline) -> Row:
    middle = timeline.classes[0].middle_s
    offered = np.sum([per_second(one, "offered") for one in timeline.classes], axis=0)
    good = np.sum([per_second(one, "good") for one in timeline.classes], axis=0)
    lines = [
        Line(middle, offered, "offered", "@blue", width=1.5, fill="@pale"),
        Line(middle, good, "good", "@green", "dot", 1.8),
    ]
    when, capacity, limiting = timeline.capacity()
    top = 1.15 * float(offered.max(initial=1e-9))
    finite = capacity[np.isfinite(capacity)]
    if len(finite):
        top = max(top, min(1.15 * float(finite.max()), 2.2 * top))
        label = f"capacity ({limiting[-1]})" if capacity[-1] <= top else ""
        lines.append(
            Line(
                when,
                np.where(np.isfinite(capacity), capacity, np.nan),
                "capacity",
                "@ink",
                "dash",
                1.4,
                is_step=True,
                label=label,
            )
        )
    return Row("requests a second", lines, weight=1.5, high=top)


def _good(classes: list[Series]) -> Row:
    lines = [
        Line(one.middle_s, good_share(one), one.name if len(classes) > 1 else "good", colour, dash, 1.6, hover="%{y:.2%}")
        for one, colour, dash in zip(classes, ("@green", *SERIES), DASHES, strict=False)
    ]
    return share_row("share of answers that were good", lines)


def share_row(title: str, lines: Sequence[Line]) -> Row:
    """A row of shares near one: its axis begins where something is to be seen."""
    least = min((float(np.nanmin(line.y)) for line in lines if np.isfinite(line.y).any()), default=0.0)
    low = 0.0 if least < 0.8 else 0.8 if least < 0.96 else max(0.0, 1 - 1.5 * max(1 - least, 0.002))
    return Row(title, lines, low=low, high=1 + 0.04 * (1 - low), ticks=".1%" if low > 0.9 else ".0%")
