"""Service level objectives over time: how fast the error budget burns, and what is left of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from parley.analysis.timeline import Array, Series
from parley.pages.drawing import Dots, Frame, Level, Line, Row, over_time
from parley.pages.facts import Facts
from parley.pages.section import Section, Table
from parley.pages.sections.load import NO_WINDOWS
from parley.pages.theme import DASHES, SERIES
from parley.wording import clock, count, number, percent

GOALS_MAX = 6


@dataclass(frozen=True)
class Spent:
    """An objective's error budget over time: of `counted` requests a share may be bad."""

    name: str
    promise: str
    allowed: float  # share
    time_s: Array
    bad: Array  # a window
    counted: Array

    @property
    def budget(self) -> float:
        """Requests that may be bad in the whole of what was measured."""
        return float(self.allowed * self.counted.sum())

    @property
    def left(self) -> Array:
        """The share of the whole run's budget that was left after each window; below zero it is overspent."""
        return np.asarray(1 - np.cumsum(self.bad) / self.budget) if self.budget else np.full(len(self.bad), np.nan)

    @property
    def burn_rate(self) -> Array:
        """How many times as fast as allowed the budget went, a value a window."""
        share = np.divide(self.bad, self.counted, out=np.full(len(self.bad), np.nan), where=self.counted > 0)
        return np.asarray(share / self.allowed)


def budget(facts: Facts) -> Section:
    """For each objective: burn rate, budget left, and the alerts that fired."""
    if not any(one.slo.latency is not None or one.slo.availability is not None for one in facts.scenario.workload.values()):
        return Section("objectives", "Objectives and error budget", left_out="No class has objectives (`slo`).")
    if not facts.has_windows:
        return Section("objectives", "Objectives and error budget", left_out=NO_WINDOWS)
    every = [spent for one in facts.timeline.classes for spent in _spent(one, facts)]
    every = [one for one in every if one.counted.sum() > 0]
    if not every:
        return Section(
            "objectives",
            "Objectives and error budget",
            left_out="No request that an objective speaks of came to an end after the warm-up.",
        )
    shown = sorted(every, key=lambda one: one.left[-1])[:GOALS_MAX]
    left = f" The {len(shown)} with least left are shown." if len(every) > len(shown) else ""
    says = ("The budget of an objective is what it lets go wrong in all that is measured: too slow answers of a latency, failures of an "
            f"availability. A burn rate of 1 spends just that; from windows after the warm-up.{left}")  # fmt: skip
    table = Table(("objective", "promise", "may be bad", "were bad", "left at the end"),
                  [_told(one) for one in every], words=2)  # fmt: skip
    figure = over_time(
        "Error budget left and burn rate of each objective, over time",
        [_left(shown), _burn(shown, facts)],
        Frame(facts.timeline, 400),
    )
    return Section("objectives", "Objectives and error budget", says, [figure, table])


def _told(one: Spent) -> tuple[str, ...]:
    return one.name, one.promise, number(one.budget, 3), count(int(one.bad.sum())), percent(float(one.left[-1]))


def _spent(one: Series, facts: Facts) -> list[Spent]:
    slo, found = facts.scenario.workload[one.name].slo, []
    rows = one.start_s >= facts.scenario.warmup / 1e9
    column = {name: one.columns[name][rows].astype(float) for name in ("succeeded", "failed", "good")}
    if slo.latency is not None:
        late = column["succeeded"] - column["good"]
        promise = f"p{slo.latency.p:g} under {slo.latency.under / 1e6:g} ms"
        found.append(Spent(one.name, promise, 1 - slo.latency.p / 100, one.end_s[rows], late, column["succeeded"]))
    if slo.availability is not None and slo.availability < 1:
        ended = column["succeeded"] + column["failed"]
        found.append(
            Spent(
                one.name,
                f"{100 * slo.availability:g} % succeed",
                1 - slo.availability,
                one.end_s[rows],
                column["failed"],
                ended,
            )
        )
    return found


def _word(one: Spent, many: bool) -> str:
    short = one.promise.replace(" succeed", " ok")
    return f"{one.name}: {short}" if many else short


def _left(shown: list[Spent]) -> Row:
    many = len({one.name for one in shown}) > 1
    lines = [
        Line(one.time_s, one.left, _word(one, many), colour, dash, hover="%{y:.1%}")
        for one, colour, dash in zip(shown, SERIES, DASHES, strict=False)
    ]
    least = min(float(one.left.min()) for one in shown)
    return Row(
        "budget left", lines, levels=[Level(0.0, "", "@red")], low=min(0.0, 1.1 * least), high=1.08, ticks=".0%", weight=1.2
    )


def _burn(shown: list[Spent], facts: Facts) -> Row:
    lines = [
        Line(one.time_s, one.burn_rate, one.promise, colour, dash, 1.3, label="")
        for one, colour, dash in zip(shown, SERIES, DASHES, strict=False)
    ]
    top = max(1.5, *(1.12 * float(np.nanmax(one.burn_rate)) for one in shown))
    rows = facts.timeline.decisions
    mine = np.flatnonzero(rows["mind"] == "burn_rate")
    texts = [
        f"{clock(rows['time_ns'][i])}: alert of {rows['service'][i]} {'fires' if rows['after'][i] else 'is over'}: {rows['reason'][i]}"
        for i in mine
    ]
    alerts = Dots(rows["time_ns"][mine] / 1e9, np.full(len(mine), 0.94 * top), texts, "alerts", "@red", "star", 11)
    return Row(
        "burn rate" + (" (stars: alerts)" if texts else ""),
        lines,
        [alerts] if texts else [],
        [Level(1.0, "as allowed", "@quiet")],
        high=top,
    )
