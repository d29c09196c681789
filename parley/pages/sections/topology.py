"""Who calls whom: services in columns by how deep they are called, with what they do and how often they fail."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from parley.drawing.layered import NAMED_MAX, places
from parley.pages.facts import Facts
from parley.pages.plotting import CLEAR, packed, plain, plain_layout
from parley.pages.section import Figure, Section, Table
from parley.pages.theme import HEAT
from parley.wording import count, number, percent, rate

HUNDREDS = 400  # services whose circles are small
CURVED_MAX = 400  # calls drawn as curves
ROUTES_SHOWN = 40
BAR = {"title": {"text": "utilization", "side": "right", "font": {"size": 12}}, "tickformat": ".0%", "thickness": 10, "len": 0.6,
       "outlinewidth": 0, "tickfont": {"color": "@quiet", "size": 11}}  # fmt: skip
WIDTHS = (1.0, 2.0, 3.5, 5.5, 8.0)
FAILING = 0.001  # of tries: from here on failures are shown


@dataclass(frozen=True)
class Arrow:
    """All tries from one caller to one callee."""

    caller: str
    callee: str
    attempts: int
    retries: int
    failed: int

    @property
    def failed_share(self) -> float:
        """Of tries."""
        return self.failed / self.attempts if self.attempts else 0.0


def topology(facts: Facts) -> Section:
    """The mesh as it was loaded."""
    if facts.summary is None:
        return Section("topology", "Who calls whom", left_out="There is no summary, and so no counts of calls.")
    arrows = _arrows(facts.summary["routes"], set(facts.scenario.workload))
    says = ("Calls go from left to right. The stronger its colour, the more of its CPU request a service used on average after the "
            "warm-up. Lines are as wide as calls are many. Orange are tries that failed, more than one in a thousand: a ring around the "
            "service where they did, and a thread in the line, the thicker the more.")  # fmt: skip
    if len(facts.scenario.services) > NAMED_MAX:
        says += " There are too many to name them all: a circle says its name where you point at it."
    return Section("topology", "Who calls whom", says, [_figure(facts, arrows), _table(arrows, facts.summary["simulated_s"])])


def _arrows(routes: Mapping[str, dict[str, int]], workloads: set[str]) -> list[Arrow]:
    """Routes added up by caller and callee; a workload is told from a service of its name by a sign."""
    sums: dict[tuple[str, str], list[int]] = {}
    for name, one in routes.items():
        caller, callee = (part.split(".")[0] for part in name.split(" -> "))
        key = (f"@{caller}" if caller in workloads and f"{caller}." not in name else caller, callee)
        sums[key] = [
            a + b for a, b in zip(sums.get(key, [0, 0, 0]), (one["attempts"], one["retries"], one["failed"]), strict=True)
        ]
    return [Arrow(*key, *row) for key, row in sums.items()]


def _figure(facts: Facts, arrows: Sequence[Arrow]) -> Figure:
    assert facts.summary is not None
    services, seconds = facts.summary["services"], max(facts.summary["simulated_s"], 1e-9)
    calls = [(arrow.caller, arrow.callee) for arrow in arrows]
    at = places([*(caller for caller, _ in calls if caller[0] == "@"), *services], calls)
    most = max((arrow.attempts for arrow in arrows), default=1)
    crowded = len(at) > NAMED_MAX
    traces = _lines(arrows, at, most)
    traces.append(_middles(arrows, at, seconds))
    traces.append(_entries([name for name in at if name[0] == "@"], at, arrows, seconds))
    traces.append(_services(services, at, arrows, crowded, seconds))
    across = max(1.0, max((x for x, _ in at.values()), default=1.0))
    tall = max(len([1 for x, _ in at.values() if x == column]) for column in {x for x, _ in at.values()}) if at else 1
    height = 820 if crowded else int(min(900, max(300, 120 + 92 * tall)))
    layout = plain_layout(height, {"l": 10, "r": 10, "t": 10, "b": 10}) | {
        "xaxis": {"visible": False, "range": [-0.35, across + 0.45]}, "yaxis": {"visible": False, "range": [-0.6, 0.52]},
        "hovermode": "closest",
    }  # fmt: skip
    busiest = max(services, key=lambda name: services[name]["utilization"] or 0.0, default="")
    return Figure(f"Calls between {len(services)} services; the busiest is {busiest}", traces, layout)


def _lines(arrows: Sequence[Arrow], at: Mapping[str, tuple[float, float]], most: int) -> list[dict[str, Any]]:
    """A trace for each width there is, in grey what was called, in orange above it what failed."""
    groups: dict[tuple[bool, float], list[Arrow]] = {}
    for arrow in arrows:
        width = WIDTHS[min(len(WIDTHS) - 1, int(len(WIDTHS) * math.sqrt(arrow.attempts / max(most, 1))))]
        groups.setdefault((False, width), []).append(arrow)
        if arrow.failed_share > FAILING:
            groups.setdefault((True, max(1.0, round(width * math.sqrt(arrow.failed_share), 1))), []).append(arrow)
    points = 14 if len(arrows) <= CURVED_MAX else 2
    found = []
    for (fails, width), some in sorted(groups.items(), key=lambda item: item[0]):
        curves = [_curve(at[arrow.caller], at[arrow.callee], points) for arrow in some]
        x, y = (np.concatenate([np.append(curve[i], np.nan) for curve in curves]) for i in (0, 1))
        found.append({
            "type": "scatter", "mode": "lines", "x": packed(x), "y": packed(y), "hoverinfo": "skip",
            "line": {"width": width if points > 2 else max(0.6, width / 5), "color": "@red" if fails else "@edge"},
            "opacity": 1.0 if points > 2 else 0.35,
        })  # fmt: skip
    return found


def _curve(start: tuple[float, float], end: tuple[float, float], points: int) -> tuple[Any, Any]:
    """Level where it leaves and where it arrives."""
    t = np.linspace(0, 1, points)
    ease = t * t * (3 - 2 * t)
    return start[0] + (end[0] - start[0]) * t, start[1] + (end[1] - start[1]) * ease


def _middles(arrows: Sequence[Arrow], at: Mapping[str, tuple[float, float]], seconds: float) -> dict[str, Any]:
    """Where a line tells of itself."""
    middle = np.array([np.mean([at[arrow.caller], at[arrow.callee]], axis=0) for arrow in arrows]).reshape(-1, 2)
    texts = [
        f"<b>{plain(arrow.caller.lstrip('@'))} → {plain(arrow.callee)}</b><br>{rate(arrow.attempts / seconds)} tries"
        f"<br>{count(arrow.retries)} were retries<br>{count(arrow.failed)} failed, {percent(arrow.failed_share)}"
        for arrow in arrows
    ]
    return {"type": "scatter", "mode": "markers", "x": packed(middle[:, 0]), "y": packed(middle[:, 1]), "text": texts,
            "hovertemplate": "%{text}<extra></extra>", "marker": {"size": 14, "color": CLEAR}}  # fmt: skip


def _entries(
    names: Sequence[str], at: Mapping[str, tuple[float, float]], arrows: Sequence[Arrow], seconds: float
) -> dict[str, Any]:
    """The workloads."""
    sent = {name: sum(arrow.attempts for arrow in arrows if arrow.caller == name) for name in names}
    words = [f"<b>{plain(name[1:])}</b><br>{rate(sent[name] / seconds)}" for name in names]
    return {"type": "scatter", "mode": "markers+text",
            "x": packed([at[name][0] for name in names]), "y": packed([at[name][1] for name in names]),
            "text": words, "textposition": "bottom center", "hoverinfo": "skip", "textfont": {"color": "@ink", "size": 12},
            "marker": {"symbol": "diamond", "size": 16, "color": "@ink"}}  # fmt: skip


def _services(services: Mapping[str, Any], at: Mapping[str, tuple[float, float]], arrows: Sequence[Arrow], crowded: bool,
              seconds: float) -> dict[str, Any]:  # fmt: skip
    tries, failed = dict.fromkeys(services, 0), dict.fromkeys(services, 0)
    for arrow in arrows:
        tries[arrow.callee] += arrow.attempts
        failed[arrow.callee] += arrow.failed
    share = {name: failed[name] / tries[name] if tries[name] else 0.0 for name in services}
    words = [
        f"<b>{plain(name)}</b><br>{_percent(one['utilization'])}{_failing(share[name])}" for name, one in services.items()
    ]
    texts = [
        f"<b>{plain(name)}</b><br>{rate(one['visits'] / seconds)} visits<br>utilization {percent(one['utilization'])}"
        f"<br>{number(one['mean_replicas'], 3)} pods on average<br>{number(one['queue_mean'], 3)} waiting on average"
        f"<br>{percent(share[name])} of tries failed"
        for name, one in services.items()
    ]
    size = 30 if not crowded else 12 if len(services) < HUNDREDS else 6
    used = [np.nan if one["utilization"] is None else one["utilization"] for one in services.values()]
    return {
        "type": "scatter", "mode": "markers" if crowded else "markers+text", "text": words, "textposition": "bottom center",
        "x": packed([at[name][0] for name in services]), "y": packed([at[name][1] for name in services]), "hovertext": texts,
        "hovertemplate": "%{hovertext}<extra></extra>", "textfont": {"color": "@ink", "size": 12},
        "marker": {
            "size": size, "color": packed(np.nan_to_num(used)), "colorscale": HEAT, "cmin": 0,
            "cmax": max(1.0, float(np.nanmax([*used, 0.0]))),
            "showscale": True, "colorbar": BAR,
            "line": {"color": ["@red" if share[name] > FAILING else "@line" for name in services],
                     "width": [2 + 6 * math.sqrt(share[name]) if share[name] > FAILING else 1 for name in services]},
        },
    }  # fmt: skip


def _percent(share: float | None) -> str:
    return "idle" if share is None else f"{100 * share:.0f} % busy"


def _failing(share: float) -> str:
    return f"<br>✗ {percent(share)} failed" if share > FAILING else ""


def _table(arrows: Sequence[Arrow], seconds: float) -> Table:
    most = sorted(arrows, key=lambda arrow: (-arrow.failed, -arrow.attempts))[:ROUTES_SHOWN]
    rows = [
        (f"{arrow.caller.lstrip('@')} → {arrow.callee}", rate(arrow.attempts / max(seconds, 1e-9)), count(arrow.attempts),
         count(arrow.retries), count(arrow.failed), percent(arrow.failed_share))
        for arrow in most
    ]  # fmt: skip
    left = f"… and {len(arrows) - len(most)} with fewer failures" if len(arrows) > len(most) else ""
    return Table(
        ("calls", "a second", "tries", "retries", "failed", "share"),
        rows,
        title="The same as a table",
        left_out=left,
        is_folded=True,
    )
