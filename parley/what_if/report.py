"""A what-if on the terminal: what was done, what came of it by class and by service, when, and who took it back."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from rich.console import Console
from rich.text import Text

from parley.printing import shown, table
from parley.what_if.attributing import Change, ClassChange, Matters, ServiceChange
from parley.what_if.supposing import WhatIf
from parley.wording import NOTHING, clock, money, number

WIDE = 110  # characters: room for every column
MOMENTS = 6  # of the table of what was saved
SERVICES_SHOWN = 12
MORE, LESS = 1, -1  # which way is better


def print_whatif(console: Console, made: WhatIf) -> None:
    """Everything of it, at 100 columns or more."""
    manifest = made.run.manifest
    what = ", ".join(map(str, made.do)) or "nothing is done"
    console.print()
    console.print(Text.assemble(("what if ", "bold"), (what, "bold cyan"), f" at {clock(made.at_ns)}",
                                f" · {manifest['scenario']} · seed {manifest['seed']}", " · agents held" if made.hold else ""))  # fmt: skip
    console.print(Text.assemble("the same to the bit until then, digest ", (made.digest, "bold")))
    if made.is_same:
        console.print(Text("and from then on: nothing comes of it", "green"))
        return
    _print_classes(console, made)
    if any(one.offered.difference for one in made.difference.classes.values()):
        console.print(Text("other numbers of requests came: what was saved counts answers, not shares", "dim"))
    _print_services(console, made)
    _print_saved(console, made)
    _print_agents(console, made)


def print_whatif_places(console: Console, made: WhatIf) -> None:
    """Where it is all kept."""
    console.print()
    for name, value in (("trace digest", made.run.manifest["trace_digest"]), ("run folder", shown(made.run.path)),
                        ("picture", shown(made.save_picture()))):  # fmt: skip
        console.print(Text.assemble((f"{name:<13}", "bold"), str(value)), soft_wrap=True)


def _print_classes(console: Console, made: WhatIf) -> None:
    console.print()
    cells: dict[str, Callable[[ClassChange], Text | str]] = {
        "offered": lambda one: _change(one.offered, 0), "good": lambda one: _change(one.good, MORE),
        "failed": lambda one: _change(one.failed, LESS), "p50, ms": lambda one: _change(one.p50_ms, LESS),
        "p99, ms": lambda one: _change(one.p99_ms, LESS), "matters": lambda one: _matters(one.matters),
    }  # fmt: skip
    _print_table(console, f"from {clock(made.at_ns)} on", cells, made.difference.classes, ("p50, ms", "offered"))


def _print_services(console: Console, made: WhatIf) -> None:
    console.print()
    every = made.difference.services
    loud = sorted(every, key=lambda name: (every[name].matters is not None, abs(every[name].waiting.difference)), reverse=True)
    cells: dict[str, Callable[[ServiceChange], Text | str]] = {
        "waiting": lambda one: _change(one.waiting, LESS), "ready pods": lambda one: _change(one.pods, 0),
        "visits": lambda one: _change(one.visits, 0), "pod hours": lambda one: _change(one.pod_hours, 0, 3),
        "matters": lambda one: _matters(one.matters),
    }  # fmt: skip
    shown_ones = {name: one for name, one in every.items() if name in loud[:SERVICES_SHOWN]}
    _print_table(console, "service", cells, shown_ones, ("visits", "pod hours"))
    if len(every) > SERVICES_SHOWN:
        console.print(Text(f"… and {len(every) - SERVICES_SHOWN} that changed less", "dim"))
    cost, currency = made.difference.cost, made.of.summary["cost"]["currency"]
    if cost.was or cost.now:
        console.print(Text.assemble(("\ncost ", "bold"), f"{money(cost.was, currency)} → {money(cost.now, currency)} over the whole run"))


def _print_table(console: Console, title: str, cells: dict[str, Callable[[Any], Text | str]], every: Mapping[str, Any],
                 dispensable: Sequence[str]) -> None:  # fmt: skip
    """A row each; on a narrow terminal without what can be done without."""
    columns = [name for name in cells if console.width >= WIDE or name not in dispensable]
    rows = table(title, *columns)
    rows.columns[0].no_wrap = True
    for name, one in every.items():
        rows.add_row(name, *(cells[column](one) for column in columns))
    console.print(rows)


def _print_saved(console: Console, made: WhatIf) -> None:
    """What was saved up to some instants."""
    found = made.difference
    chosen = np.unique(np.linspace(0, len(found.ends_ns) - 1, MOMENTS).astype(int))
    console.print()
    rows = table("up to", *(clock(int(found.ends_ns[i])) for i in chosen))
    for what, every in (("good saved", found.saved), ("fewer failed", found.averted)):
        for name, some in every.items():
            if np.any(some):
                rows.add_row(f"{what}, {name}", *(_signed(int(some[i])) for i in chosen))
    if rows.row_count:
        console.print(rows)
    matters = found.matters
    told = ("it never matters: no difference is larger than what the run does from one window to the next" if matters is None else
            f"it starts to matter at {clock(matters.start_ns)} and is over at {clock(matters.end_ns)}")  # fmt: skip
    console.print(Text(f"\n{told}", "bold"), soft_wrap=True)


def _print_agents(console: Console, made: WhatIf) -> None:
    for one in made.undone:
        told = (" is caught up with: agents ask for as many without it from " if one.is_caught_up else " is taken back at ")
        by = f", {one.decision}" if one.decision else ""
        hint = "" if made.hold or one.is_caught_up else "; --hold keeps agents away"
        console.print(Text.assemble((one.action, "bold yellow"), told, clock(one.time_ns), by, hint), soft_wrap=True)


def _change(one: Change, better: int, digits: int = 4) -> Text:
    """`120 → 80`, green where that is better; one figure where it stays."""
    told: Callable[[float], str] = lambda value: number(value, digits)  # noqa: E731  # a name for a short thing
    if math.isclose(one.was, one.now, rel_tol=1e-12) or (one.was != one.was and one.now != one.now):
        return Text(told(one.now), "dim")
    colour = "" if not better or one.difference != one.difference else "green" if one.difference * better > 0 else "red"
    return Text(f"{told(one.was)} → {told(one.now)}", colour)


def _matters(one: Matters | None) -> str:
    return NOTHING if one is None else f"{clock(one.start_ns)} … {clock(one.end_ns)}"


def _signed(value: int) -> Text:
    return Text(f"{value:+,}" if value else "0", "green" if value > 0 else "red" if value < 0 else "dim")
