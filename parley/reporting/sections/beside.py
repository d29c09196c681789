"""Alternatives beside each other: headline figures with their intervals, and differences from the first."""

from __future__ import annotations

import math

from parley.pages.section import Cell, Mark, Note, Part, Section, Table
from parley.recording.judging import all_met
from parley.reporting.sides import Side, Sides
from parley.statistics.intervals import Difference, Estimate
from parley.wording import NOTHING, number, percent

PERCENT, PLAIN = 100.0, 1.0
FIGURES: tuple[tuple[str, str, float], ...] = (  # path in the summary, words, factor
    ("good", "good", PERCENT), ("availability", "available", PERCENT), ("latency_ms.mean", "mean latency, ms", PLAIN),
    ("latency_ms.p50", "p50, ms", PLAIN), ("latency_ms.p95", "p95, ms", PLAIN), ("latency_ms.p99", "p99, ms", PLAIN),
    ("latency_ms.p999", "p99.9, ms", PLAIN), ("requests.offered", "requests", PLAIN), ("requests.failed", "failed", PLAIN),
    ("quality", "mean quality", PLAIN), ("cost.pod_hours", "pod hours", PLAIN), ("cost.total", "cost", PLAIN),
)  # fmt: skip


def beside(sides: Sides) -> Section:
    """One table for all sides; a table of differences for each but the first."""
    seeds = [len(side.runs) for side in sides.sides]
    says = "± is the half-width of the 95 % interval of a mean over seeds, by Student's t."
    if min(seeds) < 2:
        says += " Of one seed there is no interval: how much would be different under another seed, nobody can tell."
    columns = ["", *(f"{side.name}, {len(side.runs)} {'seed' if len(side.runs) == 1 else 'seeds'}" for side in sides.sides)]
    rows: list[list[Cell]] = []
    for path, words, factor in FIGURES:
        means = [side.mean(path) for side in sides.sides]
        if any(means):
            rows.append([words, *(_estimate(one, factor) for one in means)])
    if any(run.summary["expect"] for side in sides.sides for run in side.runs.values()):
        rows.append(["all expectations met", *(_kept(side) for side in sides.sides)])
    parts: list[Part] = [Table(columns, rows)]
    first = sides.sides[0]
    for side, differences in zip(sides.sides[1:], sides.differences, strict=True):
        parts.append(_differences(first.name, side.name, differences))
        whys = sorted({f"{one.method}: {one.why}" for path, *_ in FIGURES if (one := differences.get(path))})
        parts.append(Note(f"Clear is a difference whose interval leaves out zero. Pairing is how many times the seeds "
                          f"would be needed without it. {'; '.join(whys).capitalize()}."))  # fmt: skip
    return Section("figures", "Side by side", says, parts)


def _kept(side: Side) -> Mark:
    """In how many runs; one that was stopped has not missed what it did not reach."""
    met = sum(all_met(run.summary) for run in side.runs.values())
    return Mark(f"in {met} of {len(side.runs)}", met == len(side.runs))


def _estimate(one: Estimate | None, factor: float) -> str:
    if one is None:
        return NOTHING
    interval = "" if math.isnan(one.half_width) else f" ± {number(factor * one.half_width, 2)}"
    return f"{percent(one.mean) if factor == PERCENT else number(one.mean)}{interval}"


def _differences(first: str, name: str, differences: dict[str, Difference]) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for path, words, factor in FIGURES:
        if path in differences:
            one = differences[path]
            sign, points = "+" if one.difference > 0 else "", " points" if factor == PERCENT and one.difference else ""
            interval = "one seed" if math.isnan(one.half_width) else f"± {number(factor * one.half_width, 2)}"
            rows.append(
                (words, f"{sign}{number(factor * one.difference)}{points}", interval, _share(one), _pairing(one), _verdict(one))
            )
    return Table(
        ("", "difference", "95 %", "of the first", "pairing", "verdict"),
        rows,
        title=f"How much more {name} has than {first}",
    )


def _share(one: Difference) -> str:
    """Of the first; beyond tenfold as a factor."""
    if not one.first:
        return NOTHING
    share = one.difference / one.first
    return percent(share) if abs(share) < 10 else f"× {number(one.second / one.first, 3)}"


def _pairing(one: Difference) -> str:
    return f"{number(one.reduction, 3)} x" if math.isfinite(one.reduction) and one.method == "paired" else NOTHING


def _verdict(one: Difference) -> str:
    if not one.difference:
        return "the same"
    if math.isnan(one.half_width):
        return "not known"
    return "clear" if one.is_clear else "not clear"
