"""What latencies are made of, on the terminal: a sentence for each quantile, shares by service and kind, the first cause."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from parley.explanations.explaining import MIDDLE, SLOWEST, Breakdown, Explanation
from parley.printing import shown, table
from parley.wording import clock, count, milliseconds, number

SERVICES_SHOWN = 12
SPREAD_SHOWN = 8
LOUD = 0.25  # a share that is written bold


def print_explanation(console: Console, made: Explanation) -> None:
    """Everything of it, at 80 columns or more."""
    manifest = made.run.manifest
    console.print()
    console.print(Text.assemble((manifest["scenario"], "bold cyan"), f" · seed {manifest['seed']} · critical paths of requests with spans"))
    for name, some in made.classes.items():
        console.print()
        for one in some.values():
            head, _, rest = str(one).partition(":")
            console.print(Text.assemble((f"{name}: ", "bold"), (head, "bold cyan"), f":{rest}"), soft_wrap=True)
        if SLOWEST in some:
            _print_shares(console, made, some[SLOWEST], some.get(MIDDLE))
    for note in made.notes:
        console.print(Text(f"\n{note}", "yellow"))
    if made.against is not None:
        _print_cause(console, made)


def _print_shares(console: Console, made: Explanation, slow: Breakdown, middle: Breakdown | None) -> None:
    console.print()
    columns = [*slow.kinds, "path at p99", *(["at p50"] if middle else [])]
    rows = table(f"of {slow.name}, %", *columns)
    services = slow.services
    for service in services[:SERVICES_SHOWN]:
        cells = [_cell(slow.share(service, kind)) for kind in slow.kinds]
        rows.add_row(service, *cells, _cell(slow.share(service)), *([_cell(middle.share(service))] if middle else []))
    if len(services) > SERVICES_SHOWN:
        rows.add_row(Text(f"… and {len(services) - SERVICES_SHOWN} with less", "dim"))
    rows.add_row(Text("all", "bold"), *(_cell(slow.share(kind=kind)) for kind in slow.kinds), _cell(1.0), *([_cell(1.0)] if middle else []))
    console.print(rows)
    console.print(Text(f"of {count(slow.walked)} requests, the slowest 1 % of those with spans; "
                       f"they took {milliseconds(slow.mean_ms)} on average", "dim"))  # fmt: skip
    for service in slow.services:
        if slow.share(service, "waiting") > 0 and (what := made.waits_for.get(service)):
            console.print(Text(f"waiting at {service} is for {' or '.join(what)}, and may be for a core", "dim"))


def _print_cause(console: Console, made: Explanation) -> None:
    assert made.against is not None
    console.print()
    console.print(Text(f"beside its twin, {shown(made.against.path)}", "dim"), soft_wrap=True)
    if made.cause is None:
        console.print(Text("no service is worse than the twin's own ups and downs", "green"))
        return
    console.print(Text.assemble(("first to leave its twin's band: ", "bold"), (str(made.cause.first), "bold red")), soft_wrap=True)
    for event in made.cause.before:
        console.print(Text.assemble(("  just before: ", "dim"), str(event)), soft_wrap=True)
    if not made.cause.before:
        console.print(Text("  nothing that is known happened just before", "dim"))
    if len(made.cause.spread) > 1:
        rows = table("then it spread", "", "twin", "run", "by", words=2)
        for one in made.cause.spread[:SPREAD_SHOWN]:
            rows.add_row(one.service, one.signal, number(one.was), number(one.now), clock(one.time_ns))
        console.print()
        console.print(rows)


def _cell(share: float) -> Text:
    return Text("-", "dim") if not share else Text(f"{100 * share:.1f}", "bold" if share >= LOUD else "")
