"""What a run came to: verdicts, headline figures, and the tables behind them."""

from __future__ import annotations

from typing import Any

from parley.pages.facts import Facts
from parley.pages.section import Mark, Section, Table, Tile, verdict
from parley.printing import BEYOND, LATENCIES, is_supported, latencies
from parley.wording import NOTHING, clock, count, milliseconds, money, number, percent

COUNTS = ("offered", "succeeded", "failed", "timed_out", "rejected", "in_flight")


def headline(facts: Facts) -> Section:
    """Requests, latencies, objectives and expectations, as the terminal has them."""
    summary = facts.summary
    if summary is None:
        return Section(
            "figures", "What it came to", left_out="The run was stopped before its first checkpoint: there is no summary."
        )
    together = {"all": summary} if len(summary["classes"]) > 1 else {}
    classes = {**summary["classes"], **together}
    parts = [_expect(summary["expect"])] if summary["expect"] else []
    parts += [_objectives(summary["slo"])] if summary["slo"] else []
    parts += [_traffic(classes), _latency(summary)]
    warm = f"after the warm-up of {clock(facts.scenario.warmup)}" if facts.scenario.warmup else "over the whole run"
    says = f"Requests are counted over the whole run. Latencies are of requests that were answered, and with good, {warm}."
    return Section("figures", "What it came to", says + _warmed(summary.get("warmup")), parts)


def _warmed(told: dict[str, Any] | None) -> str:
    """A word on the warm-up, where it was not enough."""
    return f" The warm-up of {told['given_s']:g} s: {told['verdict']}." if told is not None and "too short" in told["verdict"] else ""


def verdicts(facts: Facts) -> list[Mark]:
    """In a word each: expectations and objectives."""
    summary = facts.summary
    if summary is None:
        return []
    found = []
    if summary["expect"]:
        met = [one["met"] for one in summary["expect"]]
        word = f"{sum(one is True for one in met)} of {len(met)} expectations met"
        found.append(Mark(word, False if False in met else None if None in met else True))
    for name, goals in summary["slo"].items():
        word = {True: "objectives met", False: "objectives missed", None: "objectives not measured"}[goals["met"]]
        found.append(Mark(f"{name}: {word}", goals["met"]))
    return found


def tiles(facts: Facts) -> list[Tile]:
    """The figures that answer first."""
    summary = facts.summary
    if summary is None:
        return []
    latency, cost, measured = summary["latency_ms"], summary["cost"], summary["measured"]
    *_, (_, whole, estimates) = latencies(summary)  # all classes together come last
    found = [
        Tile("requests", count(summary["requests"]["offered"]), f"{number(_mean_rate(summary))} a second"),
        Tile("good", percent(summary["good"]), "of offered, in time"),
        Tile("failed", count(measured["failed"]), f"{percent(_share(measured))} of measured"),
        Tile("p50", milliseconds(latency["p50"]), "of answers"),
        *(Tile(LATENCIES[key], milliseconds(latency[key]), f"{count(_beyond(measured, key))} were slower")
          for key in ("p99", "p999") if is_supported(whole, key, estimates)),
        Tile("pod hours", number(cost["pod_hours"], 3), f"{number(cost['node_hours'], 3)} node hours" if cost["node_hours"] else ""),
    ]  # fmt: skip
    return found + ([Tile("cost", money(cost["total"], cost["currency"]), "nodes and egress")] if cost["total"] else [])


def _mean_rate(summary: dict[str, Any]) -> float | None:
    return summary["requests"]["offered"] / summary["simulated_s"] if summary["simulated_s"] else None


def _share(measured: dict[str, int]) -> float | None:
    return measured["failed"] / measured["offered"] if measured["offered"] else None


def _beyond(measured: dict[str, int], key: str) -> int:
    return round(measured["succeeded"] * BEYOND[key])


def _expect(expect: list[dict[str, Any]]) -> Table:
    rows = [
        (
            one["expect"],
            percent(one["measured"]) if one["unit"] == "share" else milliseconds(one["measured"]),
            verdict(one["met"]),
        )
        for one in expect
    ]
    return Table(("expected", "measured", "verdict"), rows)


def _objectives(slo: dict[str, Any]) -> Table:
    rows = []
    for name, goals in slo.items():
        if "latency" in goals:
            goal = goals["latency"]
            promise = f"p{goal['p']:g} under {goal['under_ms']:g} ms"
            rows.append((name, promise, milliseconds(goal["measured_ms"]), _kept(goal["met"])))
        if "availability" in goals:
            goal = goals["availability"]
            rows.append((name, f"{100 * goal['target']:g} % succeed", percent(goal["measured"]), _kept(goal["met"])))
    return Table(("objective", "promise", "measured", "verdict"), rows, words=2)


def _kept(met: bool | None) -> Mark:
    return Mark("not measured") if met is None else verdict(met)


def _traffic(classes: dict[str, Any]) -> Table:
    rows = [(name, *(count(one["requests"][key]) for key in COUNTS), percent(one["good"])) for name, one in classes.items()]
    return Table(("requests", *(key.replace("_", " ") for key in COUNTS), "good"), rows)


def _latency(summary: dict[str, Any]) -> Table:
    """With the half-widths of 95 % intervals below, where a single run can tell them."""
    rows: list[tuple[str, ...]] = []
    for name, one, estimates in latencies(summary):
        told = {key: is_supported(one, key, estimates) for key in LATENCIES}
        rows.append((name, *(number(one["latency_ms"][key]) if told[key] else NOTHING for key in LATENCIES)))
        if estimates:
            rows.append(("± 95 %", *(number(estimates[key]["half_width"], 3) if told[key] else "" for key in LATENCIES)))
    return Table(("latency, ms", *LATENCIES.values()), rows)
