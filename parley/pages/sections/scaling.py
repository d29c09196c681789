"""What agents decided over time, and why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from parley.analysis.timeline import Series
from parley.pages.drawing import Dots, Frame, Line, Row, over_time
from parley.pages.facts import Facts
from parley.pages.section import Section, Table
from parley.pages.sections.load import NO_WINDOWS
from parley.printing import PAUSES, condensed, move
from parley.wording import OF_NO_PODS, clock, is_of_pods

SERVICES_MAX, DOTS_MAX, LINES_MAX = 8, 400, 60


def scaling(facts: Facts) -> Section:
    """Pods asked for and ready, a triangle for each decision that took effect, its reason on the triangle and in the table."""
    rows = _rows(facts)
    if not rows:
        why = (
            "No agent decided anything in this run."
            if facts.scenario.agents
            else "This scenario has no agents: nobody decides."
        )
        return Section("decisions", "Decisions", left_out=why)
    lines = [
        move(steps, facts.scenario.services)
        for steps in condensed(
            [one for one in rows if one["applied"]], facts.manifest["simulated_ns"] // PAUSES, facts.scenario.services
        )
    ]
    left = f"… and {len(lines) - LINES_MAX} more in decisions/" if len(lines) > LINES_MAX else ""
    table = Table(("agent", "when", "change", "why"), lines[:LINES_MAX], words=4, left_out=left,
                  title="What took effect; steps in one direction without a pause are one line")  # fmt: skip
    if not lines:
        last = rows[-1]
        table = Table(
            ("agent", "when", "change", "why"),
            [(last["agent"], clock(last["time_ns"]), "no change", last["reason"])],
            words=4,
        )
    if not facts.has_windows:
        return Section("decisions", "Decisions", parts=[table], left_out=NO_WINDOWS)
    scaled = _scaled(facts, rows)
    if not scaled:
        return Section("decisions", "Decisions", "No decision changed a number of pods.", [table])
    shown = scaled[:SERVICES_MAX]
    figure = over_time("Pods ready and asked for, with the decisions, over time", [_row(one, rows) for one in shown],
                       Frame(facts.timeline, 90 + 135 * len(shown)))  # fmt: skip
    more = f" {len(scaled) - len(shown)} more services were scaled." if len(scaled) > len(shown) else ""
    says = ("Filled are pods that are ready, dotted those asked for. A triangle is a decision; its reason is on it, and in the "
            f"table.{more}")  # fmt: skip
    return Section("decisions", "Decisions", says, [figure, table])


def _rows(facts: Facts) -> list[dict[str, Any]]:
    columns = {name: values.tolist() for name, values in facts.timeline.decisions.items()}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _scaled(facts: Facts, rows: Sequence[dict[str, Any]]) -> list[Series]:
    """The services of which some number of pods was decided, those that changed most first."""
    changes: dict[str, int] = {}
    for one in rows:
        if one["applied"] and is_of_pods(one, facts.scenario.services):
            changes[one["service"]] = changes.get(one["service"], 0) + abs(one["after"] - one["before"])
    return sorted((one for one in facts.timeline.services if changes.get(one.name)), key=lambda one: -changes[one.name])


def _row(one: Series, rows: Sequence[dict[str, Any]]) -> Row:
    mine = [row for row in rows if row["service"] == one.name and row["applied"] and row["mind"] not in OF_NO_PODS]
    ups, downs = ([row for row in mine if (row["after"] > row["before"]) == up] for up in (True, False))
    lines = [
        Line(
            one.end_s,
            one.columns["ready"].astype(float),
            "ready",
            "@blue",
            width=1.6,
            is_step=True,
            fill="@pale",
            hover="%{y}",
        ),
        Line(
            one.end_s,
            one.columns["desired"].astype(float),
            "asked for",
            "@ink",
            "dot",
            1.3,
            is_step=True,
            label="",
            hover="%{y}",
        ),
    ]
    dots = [_dots(ups, "up", "@green", "triangle-up"), _dots(downs, "down", "@orange", "triangle-down")]
    return Row(f"{one.name}, pods", lines, [made for made in dots if made.texts])


def _dots(rows: Sequence[dict[str, Any]], name: str, colour: str, symbol: str) -> Dots:
    chosen = rows if len(rows) <= DOTS_MAX else sorted(rows, key=lambda row: -abs(row["after"] - row["before"]))[:DOTS_MAX]
    texts = [
        f"{clock(row['time_ns'])}: {row['before']} → {row['after']} ({row['mind']}): {row['reason']}" for row in chosen
    ]
    return Dots(np.array([row["time_ns"] for row in chosen]) / 1e9, np.array([row["after"] for row in chosen], dtype=float), texts, name,
                colour, symbol, 10)  # fmt: skip
