"""Promises kept or not: the service level objectives of each class, and the scenario's own assertions."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scenarios.schema.scenario import SHARES, Expect, Scenario
from scenarios.schema.units import format_duration
from sim.laws.grading import FULL
from sim.layout import Layout
from sim.plane import Observation, Records
from sim.telemetry import quantile_ns

COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}  # fmt: skip


def goals(scenario: Scenario, measured: Records, histogram: NDArray[np.int64]) -> dict[str, Any]:
    """For each class with objectives: the bound, the figure, and whether it is met (None without a figure)."""
    found: dict[str, Any] = {}
    for i, (name, workload) in enumerate(scenario.workload.items()):
        slo, entry = workload.slo, dict[str, dict[str, Any]]()
        if slo.latency is not None:
            reached = quantile_ns(histogram[i], slo.latency.p / 100)
            entry["latency"] = {
                "p": slo.latency.p, "under_ms": slo.latency.under / 1e6, "measured_ms": reached / 1e6,
                "met": None if math.isnan(reached) else reached < slo.latency.under,
            }  # fmt: skip
        if slo.availability is not None:
            offered, succeeded = int(measured["offered"][i]), int(measured["succeeded"][i])
            entry["availability"] = {
                "target": slo.availability, "measured": succeeded / offered if offered else math.nan,
                "met": succeeded >= slo.availability * offered if offered else None,
            }  # fmt: skip
        if entry:
            found[name] = entry | {"met": _together([goal["met"] for goal in entry.values()])}
    return found


def verdicts(layout: Layout, seen: Observation, until_ns: int) -> list[dict[str, Any]]:
    """Each assertion of `expect`, in order: its text, the figure so far, and whether it is met.

    There is no verdict (None) before its time is over; one without an end lasts as long as the run, until `until_ns`.
    """
    scenario = layout.scenario
    found = []
    for index, expect in enumerate(scenario.expect):
        rows = layout.expected_intervals(index)
        tally, histogram = seen.intervals[rows], seen.interval_histogram[rows].sum(axis=0)
        end = until_ns if expect.until is None else expect.until
        reached = end <= seen.now_ns and _start(scenario, expect) < seen.now_ns
        for what, sign, bound in expect.bounds():
            figure = _figure(what, tally, histogram)
            met = COMPARISONS[sign](figure, bound) if reached else None  # nan meets nothing: a test that saw nothing fails
            found.append({
                "expect": f"{what} {getattr(expect, what)}{_where(expect)}", "what": what, "met": met,
                "measured": figure if what in SHARES else figure / 1e6, "unit": "share" if what in SHARES else "ms",
            })  # fmt: skip
    return found


def all_met(summary: dict[str, Any]) -> bool:
    """Whether no assertion failed."""
    return all(one["met"] is not False for one in summary["expect"])


def _figure(what: str, tally: Records, histogram: NDArray[np.int64]) -> float:
    offered, succeeded = int(tally["offered"].sum()), int(tally["succeeded"].sum())
    if what == "quality":
        return mean_quality(tally)
    if what in SHARES:
        counted = int(tally["good"].sum()) if what == "good" else succeeded
        return counted / offered if offered else math.nan
    if what == "mean":
        return int(tally["latency_ns"].sum()) / succeeded if succeeded else math.nan
    return quantile_ns(histogram, float(f"0.{what[1:]}"))  # p95 is 0.95, p999 is 0.999


def mean_quality(tally: Records) -> float:
    """E3: mean quality of successful answers, 0 … 1; nan where nothing succeeded."""
    succeeded = int(tally["succeeded"].sum())
    return int(tally["quality_ppm"].sum()) / succeeded / FULL if succeeded else math.nan


def _start(scenario: Scenario, expect: Expect) -> int:
    return scenario.warmup if expect.start is None else expect.start


def _where(expect: Expect) -> str:
    parts = [f"of {expect.workload}"] if expect.workload else []
    parts += [f"from {format_duration(expect.start)}"] if expect.start is not None else []
    parts += [f"until {format_duration(expect.until)}"] if expect.until is not None else []
    return " " + " ".join(parts) if parts else ""


def _together(met: list[bool | None]) -> bool | None:
    return False if False in met else None if None in met else True
