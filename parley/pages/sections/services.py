"""Every service on a card: how busy, what waits, its pods by phase, and how long a visit takes."""

from __future__ import annotations

import numpy as np

from parley.analysis.timeline import Series
from parley.pages.drawing import Frame, Level, Line, Row, over_time
from parley.pages.facts import Facts
from parley.pages.section import Figures, Section, Table
from parley.pages.sections.load import NO_WINDOWS
from parley.wording import count, number, percent

CARDS, ROWS = 12, 60
PHASES = (("ready", "@sky"), ("starting", "@orange"), ("pending", "@red"), ("draining", "@purple"))


def services(facts: Facts) -> Section:
    """The services that were most in demand, as small multiples; all of them in a table."""
    table = _table(facts)
    if not facts.has_windows:
        return Section("services", "Services", parts=table, left_out=NO_WINDOWS)
    shown = facts.timeline.busiest(CARDS)
    top = max([1.0, *(float(np.nanmax(one.columns["utilization"], initial=0.0)) for one in shown)])
    cards = [over_time(_says(one), _rows(one, top), Frame(facts.timeline, 430, is_small=True), one.name) for one in shown]
    left = (
        f" The {len(shown)} with the longest queues or most pods are drawn."
        if len(facts.timeline.services) > len(shown)
        else ""
    )
    says = ("Utilization is of the CPU that the pods request, on one scale for all; without a request, of their workers. Bands in gold "
            f"are faults.{left}")  # fmt: skip
    return Section("services", "Services", says, [Figures(cards), *table])


def _rows(one: Series, top: float) -> list[Row]:
    phases = [
        Line(
            one.end_s, one.columns[phase].astype(float), phase, colour, width=0.5, is_step=True, stack="pods", hover="%{y}"
        )
        for phase, colour in PHASES
        if phase == "ready" or float(np.nanmax(one.columns[phase], initial=0.0)) > 0
    ]
    inside = [
        Line(one.middle_s, one.columns[f"inside_{name}_ms"], name, colour, dash, 1.4)
        for name, colour, dash in (("p50", "@sky", "dot"), ("p99", "@ink", "solid"))
    ]
    used = Line(one.middle_s, one.columns["utilization"], "utilization", "@blue", width=1.5, label="", fill="@pale", hover="%{y:.1%}")
    waits = Line(one.middle_s, one.columns["waiting"], "waiting", "@orange", width=1.5, label="")
    return [
        Row("utilization", [used], levels=[Level(1.0, "", "@line")], high=1.1 * top, ticks=".0%"),
        Row("waiting", [waits], high=_least(one, "waiting", 1.0)),
        Row("pods", phases),
        Row("inside, ms", inside, is_log=True),
    ]  # fmt: skip


def _least(one: Series, column: str, least: float) -> float:
    """The upper end of an axis that never shows nothing as something."""
    return max(least, 1.12 * float(np.nanmax(one.columns[column], initial=0.0)))


def _says(one: Series) -> str:
    most = float(np.nanmax(one.columns["utilization"], initial=0.0))
    waits = float(np.nanmax(one.columns["waiting"], initial=0.0))
    return f"{one.name} over time: utilization up to {percent(most)}, up to {number(waits, 3)} waiting; pods by phase; time inside"


def _table(facts: Facts) -> list[Table]:
    if facts.summary is None:
        return []
    every = facts.summary["services"]
    busiest = sorted(every, key=lambda name: every[name]["utilization"] or 0.0, reverse=True)[:ROWS]
    rows = [
        (name, count(one["visits"]), percent(one["utilization"]), number(one["mean_replicas"]), number(one["queue_mean"]),
         number(one["inside_mean"]))
        for name, one in every.items() if name in set(busiest)
    ]  # fmt: skip
    left = f"… and {len(every) - len(busiest)} less busy" if len(every) > len(busiest) else ""
    return [Table(("service", "visits", "utilization", "replicas", "waiting", "inside"), rows, left_out=left,
                  title="Means after the warm-up; waiting and inside are numbers of visits", is_folded=len(every) > CARDS)]  # fmt: skip
