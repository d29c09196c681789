"""A run on the terminal: what came, how it fared, what it cost, what the agents did and why."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from parley.wording import (
    NOTHING,
    PODS,
    TOKENS,
    clock,
    count,
    decider,
    milliseconds,
    money,
    number,
    percent,
    step,
    unit,
)

DECISIONS_SHOWN, SERVICES_SHOWN = 12, 20
PAUSES = 20  # a pause of a twentieth of the run ends a group of decisions
LATENCIES = {"mean": "mean", "p50": "p50", "p90": "p90", "p95": "p95", "p99": "p99", "p999": "p99.9"}
BEYOND = {"mean": 1.0, "p50": 0.5, "p90": 0.1, "p95": 0.05, "p99": 0.01, "p999": 0.001}  # the share above each
BEYOND_LEAST = 5  # answers slower than a quantile; with fewer it says little
COUNTS = ("offered", "succeeded", "failed", "timed_out", "rejected", "in_flight")
TOKENS_SAY = "tokens: what each fill of a bucket lets in, of a class or by a route"
MET = {True: Text("met", "green"), False: Text("missed", "bold red"), None: Text("not reached", "dim")}


def print_run(console: Console, manifest: dict[str, Any], summary: dict[str, Any], decisions: Sequence[dict[str, Any]]) -> None:
    """Everything a person wants to know of a run, at 80 columns or more."""
    _heading(console, manifest)
    together = {"all": summary} if len(summary["classes"]) > 1 else {}
    _show(console, _traffic(summary["classes"] | together))
    _show(console, _latency(summary))
    _unsupported(console, summary)
    _warmup(console, summary.get("warmup"))
    if summary["slo"]:
        _show(console, _slo(summary["slo"]))
    _show(console, _services(summary["services"]))
    _cost(console, summary["cost"])
    if decisions:
        _agents(console, decisions, summary["services"], manifest["simulated_ns"] // PAUSES)
    if summary["expect"]:
        _show(console, _expect(summary["expect"]))


def print_places(console: Console, manifest: dict[str, Any], summary: dict[str, Any], folder: Path) -> None:
    """Where the run went, and the digest of its trace."""
    console.print()
    _line(console, "trace digest", Text(summary["trace_digest"], "bold"))
    _line(console, "run folder", Text(shown(folder)), wraps=False)
    if manifest["state"] != "complete":
        left = f"{clock(manifest['simulated_ns'])} of {clock(manifest['until_ns'])}"
        _line(console, "state", Text(f"partial: stopped after {left}", "bold yellow"))


def print_picture(console: Console, picture: Path) -> None:
    """Where the picture is."""
    _line(console, "picture", Text(shown(picture)), wraps=False)


def shown(path: Path) -> str:
    """A path as short as it can be written from the working folder."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def table(*columns: str, words: int = 1) -> Table:
    """A quiet table; the first `words` columns are text, the rest figures."""
    made = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, header_style="bold", show_edge=False)
    for index, name in enumerate(columns):
        made.add_column(name, justify="left" if index < words else "right", no_wrap=index >= words, overflow="fold")
    return made


def _heading(console: Console, manifest: dict[str, Any]) -> None:
    title = Text.assemble((manifest["scenario"], "bold cyan"), f" · seed {manifest['seed']} · {manifest['engine']} engine · ",
                          f"{clock(manifest['simulated_ns'])} simulated in {manifest['wall_s']:.1f} s")  # fmt: skip
    console.print()
    console.print(title)
    if manifest["question"]:
        console.print(Text(manifest["question"], "italic"))


def _show(console: Console, made: Table) -> None:
    console.print()
    console.print(made)


def _line(console: Console, name: str, value: Text, wraps: bool = True) -> None:
    console.print(Text.assemble((f"{name:<13}", "bold"), value), soft_wrap=not wraps)


def _traffic(classes: dict[str, Any]) -> Table:
    made = table("requests", *(name.replace("_", " ") for name in COUNTS), "good")
    for name, one in classes.items():
        made.add_row(name, *(count(one["requests"][key]) for key in COUNTS), percent(one["good"]))
    return made


def _latency(summary: dict[str, Any]) -> Table:
    """With the half-widths of 95 % intervals below, where a single run can tell them."""
    made = table("latency, ms", *LATENCIES.values())
    for name, one, estimates in latencies(summary):
        told = [is_supported(one, key, estimates) for key in LATENCIES]
        made.add_row(name, *(number(one["latency_ms"][key]) if is_told else NOTHING for key, is_told in zip(LATENCIES, told, strict=True)))
        if estimates:
            widths = [number(estimates[key]["half_width"], 3) if is_told else "" for key, is_told in zip(LATENCIES, told, strict=True)]
            made.add_row(Text("± 95 %", "dim"), *(Text(width, "dim") for width in widths))
    return made


def latencies(summary: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Each class, and all where there are several: its name, its part of the summary, its estimates by LATENCIES; {} without."""
    known = summary.get("estimates", {})
    together = {"all": summary} if len(summary["classes"]) > 1 else {}
    for name, one in (summary["classes"] | together).items():
        prefix = "latency_ms." if one is summary else f"classes.{name}.latency_ms."
        yield name, one, {key: known[prefix + key] for key in LATENCIES if prefix + key in known}


def _warmup(console: Console, told: dict[str, Any] | None) -> None:
    """A word on the warm-up, where it was not enough."""
    if told is not None and "too short" in told["verdict"]:
        console.print(Text(f"warm-up of {told['given_s']:g} s: {told['verdict']}", "yellow"))


def is_supported(one: dict[str, Any], key: str, estimates: dict[str, Any]) -> bool:
    """Whether enough answers were slower than a quantile for it to mean something: as many as are independent, where that is known."""
    return bool(key == "mean" or _worth(one, key, estimates) * BEYOND[key] >= BEYOND_LEAST)


def _worth(one: dict[str, Any], key: str, estimates: dict[str, Any]) -> float:
    """How many independent answers a quantile is of."""
    succeeded, worth = float(one["measured"]["succeeded"]), estimates.get(key, {}).get("effective_n")
    return succeeded if worth is None else min(succeeded, worth)


def _unsupported(console: Console, summary: dict[str, Any]) -> None:
    """How long a run would have to measure for the quantiles that are left out."""
    for name, one, estimates in latencies(summary):
        missing = [key for key in LATENCIES if not is_supported(one, key, estimates)]
        if missing and one is not summary and one["measured"]["succeeded"]:
            needed_s = summary["measured_s"] * BEYOND_LEAST / BEYOND[missing[-1]] / _worth(one, missing[-1], estimates)
            console.print(Text(f"{name}: too few answers for {', '.join(LATENCIES[key] for key in missing)}; "
                               f"{clock(needed_s * 1e9)} after the warm-up would do", "dim"))  # fmt: skip


def _slo(slo: dict[str, Any]) -> Table:
    made = table("objective", "promise", "measured", "verdict", words=2)
    for name, goals in slo.items():
        if "latency" in goals:
            goal = goals["latency"]
            made.add_row(name, f"p{goal['p']:g} under {goal['under_ms']:g} ms", milliseconds(goal["measured_ms"]), MET[goal["met"]])
        if "availability" in goals:
            goal = goals["availability"]
            made.add_row(name, f"{100 * goal['target']:g} % succeed", percent(goal["measured"]), MET[goal["met"]])
    return made


def _services(services: dict[str, Any]) -> Table:
    made = table("service", "visits", "utilization", "replicas", "waiting")
    busiest = sorted(services, key=lambda name: services[name]["utilization"] or 0.0, reverse=True)[:SERVICES_SHOWN]
    for name, one in services.items():
        if name in busiest:
            made.add_row(name, count(one["visits"]), percent(one["utilization"]), number(one["mean_replicas"]), number(one["queue_mean"]))
    if len(services) > len(busiest):
        made.add_row(Text(f"… and {len(services) - len(busiest)} less busy", "dim"))
    return made


def _cost(console: Console, cost: dict[str, Any]) -> None:
    parts = [f"{number(cost['pod_hours'], 3)} pod hours"]
    if cost["node_hours"]:
        parts.append(f"{number(cost['node_hours'], 3)} node hours, {money(cost['nodes'], cost['currency'])}")
    if cost["egress_gb"]:
        parts.append(f"{number(cost['egress_gb'], 3)} GB egress, {money(cost['egress'], cost['currency'])}")
    console.print()
    _line(console, "cost", Text(" · ".join(parts)))


def _agents(console: Console, decisions: Sequence[dict[str, Any]], services: Collection[str], pause_ns: int) -> None:
    units = {unit(one, services) for one in decisions}
    made = table("agents", "when", PODS if units == {PODS} else "change", "why", words=4)
    groups = condensed([one for one in decisions if one["applied"]], pause_ns, services)
    lines = [move(steps, services, is_told=units != {PODS}) for steps in groups]
    for line in lines[:DECISIONS_SHOWN]:
        made.add_row(*line)
    if not lines:
        made.add_row(decisions[-1]["agent"], clock(decisions[-1]["time_ns"]), "no change", decisions[-1]["reason"])
    if len(lines) > DECISIONS_SHOWN:
        made.add_row(Text(f"… and {len(lines) - DECISIONS_SHOWN} more", "dim"), "", "", Text("in decisions/", "dim"))
    made.columns[1].no_wrap = made.columns[2].no_wrap = True
    _show(console, made)
    if TOKENS in units:
        console.print(Text(TOKENS_SAY, "dim"))


def condensed(applied: Sequence[dict[str, Any]], pause_ns: int, services: Collection[str]) -> list[list[dict[str, Any]]]:
    """Decisions grouped: what one agent did in one direction, step after step without a pause; in order of time.

    Tokens are set anew every round, up and down with what comes: there a pause alone ends a group.
    """
    found: list[list[dict[str, Any]]] = []
    latest: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for one in applied:
        key = (one["agent"], one["service"], one["mind"])
        group = latest.get(key)
        has_turned = group is not None and _is_up(group[-1]) != _is_up(one) and unit(one, services) != TOKENS
        if group is None or has_turned or one["time_ns"] - group[-1]["time_ns"] > pause_ns:
            latest[key] = group = []
            found.append(group)
        group.append(one)
    return found


def _is_up(one: dict[str, Any]) -> bool:
    return bool(one["after"] > one["before"])


def move(steps: Sequence[dict[str, Any]], services: Collection[str], *, is_told: bool = True) -> tuple[str, str, str, str]:
    """A line for a group: its largest step gives the reason, of tokens the last; `is_told`: whether it says what is counted."""
    first, last = steps[0], steps[-1]
    when = clock(first["time_ns"]) if len(steps) == 1 else f"{clock(first['time_ns'])} … {clock(last['time_ns'])}"
    taken = f" in {len(steps)} steps" if len(steps) > 1 else ""
    counted = unit(first, services)
    why = last if counted == TOKENS else max(steps, key=lambda one: abs(one["after"] - one["before"]))
    change = f"{step(first['mind'], first['before'], last['after'])} {counted if is_told else ''}".rstrip()
    return decider(first), when, change + taken, why["reason"]


def _expect(expect: Sequence[dict[str, Any]]) -> Table:
    made = table("expected", "measured", "verdict")
    for one in expect:
        measured = percent(one["measured"]) if one["unit"] == "share" else milliseconds(one["measured"])
        made.add_row(one["expect"], measured, MET[one["met"]])
    return made
