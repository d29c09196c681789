"""What `parley check` found, on the terminal."""

from __future__ import annotations

import math

from rich.console import Console
from rich.text import Text

from parley.printing import table
from parley.wording import clock, number, percent, rate
from scenarios.checking import Report
from scenarios.schema.scenario import Scenario


def print_check(console: Console, world: Scenario, report: Report) -> None:
    """Load against capacity, the worst path of retries, and the warnings."""
    console.print(Text.assemble((world.name, "bold cyan"), f" · {clock(world.duration)}, of which warm-up {clock(world.warmup)}"))
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
