"""What `parley check` and several seeds come to, on the terminal."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

from rich.console import Console
from rich.text import Text

from parley.mechanisms.conformance import listing
from parley.printing import shown, table
from parley.runs.replicating import Replications
from parley.wording import clock, count, number, percent, rate
from scenarios.checking import Report
from scenarios.schema.scenario import Scenario
from scenarios.schema.units import format_warmup


def print_check(console: Console, world: Scenario, report: Report) -> None:
    """Load against capacity, the worst path of retries, and the warnings."""
    console.print(Text.assemble((world.name, "bold cyan"), f" · {clock(world.duration)}, of which warm-up {format_warmup(world.warmup)}"))
    if world.question:
        console.print(Text(world.question, "italic"))
    console.print()
    made = table("service", "visits", "at peak", "capacity", "utilization", "at peak", "")
    for load in report.services:
        capacity = "-" if math.isinf(load.capacity_per_s) else rate(load.capacity_per_s)
        verdict = Text("saturates", "bold red") if load.saturates else Text("holds", "green")
        made.add_row(load.service, rate(load.mean_visits_per_s), rate(load.peak_visits_per_s), capacity,
                     percent(load.utilization), percent(load.peak_utilization), verdict)  # fmt: skip
    console.print(made)
    console.print()
    worst = report.amplification
    if worst.factor > 1:
        console.print(f"retries make up to {number(worst.factor)} attempts of one request: {' → '.join(worst.path)}")
    for warning in report.warnings:
        console.print(Text.assemble(("warning: ", "bold yellow"), warning))
    if not report.warnings:
        console.print(Text("nothing to warn of", "green"))


def print_replications(console: Console, made: Replications) -> None:
    """Means over the seeds with their 95 % intervals."""
    manifest, summary = made.manifest, made.summary
    seeds = manifest["seeds"]
    console.print(Text.assemble((manifest["scenario"], "bold cyan"), f" · seeds {seeds[0]} to {seeds[-1]} · {manifest['engine']} engine"))
    if manifest["question"]:
        console.print(Text(manifest["question"], "italic"))
    console.print()
    rows = table("mean of a run", "", "95 %", "seeds")
    for name, path, text in _rows(summary):
        known = summary["estimates"].get(path)
        if known is not None:
            rows.add_row(name, text(_at(summary, path)), f"± {text(known['half_width'])}", count(known["effective_n"]))
    console.print(rows)
    if (reached := summary.get("precision")) is not None:
        console.print(_precision(reached))
    console.print(f"\nrun folder   {shown(made.path)}", soft_wrap=True)


def print_mechanisms(console: Console) -> None:
    """What `parley conformance` can be asked: each mechanism with the fields of a case and of its answer."""
    for name, says, asked, answers in listing():
        console.print(Text.assemble((name, "bold cyan"), f": {says}"), soft_wrap=True)
        for field, meaning in asked:
            console.print(Text.assemble("  in   ", (field, "bold"), f": {meaning}"), soft_wrap=True)
        for field, meaning in answers:
            console.print(Text.assemble("  out  ", (field, "bold"), f": {meaning}"), soft_wrap=True)
    console.print("\nparley conformance MECHANISM < cases.jsonl: a case a line; what has a default in [] may be left out", soft_wrap=True)


def _precision(told: dict[str, Any]) -> Text:
    """`latency_ms.mean within 2 %: reached with 15 seeds`."""
    wanted = f"{told['of']} within {100 * told['asked']:g} %: "
    if told["is_reached"]:
        return Text(f"{wanted}reached with {told['seeds']} seeds (± {100 * told['reached']:.2g} %)", "green")
    needed = "" if told["needed"] is None else f"; about {count(told['needed'])} would do"
    width = "no interval" if told["reached"] is None else f"± {100 * told['reached']:.2g} %"
    return Text(f"{wanted}not reached with {told['seeds']} seeds ({width}){needed}", "yellow")


def _rows(summary: dict[str, Any]) -> Iterator[tuple[str, str, Callable[[float | None], str]]]:
    """(name, path, how to write it) of the figures worth a line."""
    yield "requests offered", "requests.offered", number
    yield "requests failed", "requests.failed", number
    yield "good", "good", percent
    if "quality" in summary:
        yield "quality", "quality", percent
    for key in ("mean", "p50", "p95", "p99"):
        yield f"latency {key}, ms", f"latency_ms.{key}", number
    for name in summary["classes"] if len(summary["classes"]) > 1 else ():
        yield f"{name}: good", f"classes.{name}.good", percent
        yield f"{name}: p99, ms", f"classes.{name}.latency_ms.p99", number
    for name in summary["services"]:
        yield f"{name}: utilization", f"services.{name}.utilization", percent
        yield f"{name}: replicas", f"services.{name}.mean_replicas", number
        yield f"{name}: waiting", f"services.{name}.queue_mean", number
    yield "pod hours", "cost.pod_hours", number
    if summary["cost"]["total"]:
        yield f"cost, {summary['cost']['currency']}", "cost.total", number


def _at(summary: dict[str, Any], path: str) -> float | None:
    """The figure at a dotted path; names may hold no dots."""
    value: Any = summary
    for key in path.split("."):
        value = value[key]
    return None if value is None else float(value)
